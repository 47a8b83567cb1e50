//! The transfer curve: what the volume matrix makes of each level, and the level that is heard now on it.

use std::fmt::Write as _;

use leptos::prelude::*;
use prompt::{
    render::Levels,
    volume::{KNEE_DB, THRESHOLD_DBFS, VolumeMatrix},
};

use super::state::PromptState;
use crate::ui::figure;

/// The lowest level of both axes, in dBFS.
const FLOOR_DB: f64 = -60.0;
/// Side of the drawing, in its own units: one each for 0.5 dB.
const SIDE: f64 = 120.0;
/// Levels with a line.
const MARKS: [f64; 3] = [-15.0, -30.0, -45.0];

/// Shows the curve, its meaning in words, and the live level moving on it.
#[component]
pub(super) fn TransferCurve() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let settings = Memo::new(move |_| state.settings());
    let volume = move || {
        let settings = settings.get();
        let open = VolumeMatrix::default();
        VolumeMatrix {
            base_gain: if settings.bypass.gain { open.base_gain } else { settings.volume.base_gain },
            peak_limit: if settings.bypass.limiter { open.peak_limit } else { settings.volume.peak_limit },
            compression_ratio: if settings.bypass.compressor {
                open.compression_ratio
            } else {
                settings.volume.compression_ratio
            },
        }
    };
    let curve = move || {
        let volume = volume();
        let mut path = String::new();
        let mut input = FLOOR_DB;
        while input <= 0.0 {
            let verb = if path.is_empty() { 'M' } else { 'L' };
            write!(path, "{verb}{:.1} {:.1}", x(input), y(output_db(&volume, input)))
                .expect("a string takes any text");
            input += 0.5;
        }
        path
    };
    let live = move || {
        let place = state.place.get();
        let levels = state.shown().filter(|_| state.is_playing.get())?.result(|preview| {
            let start = preview.trim.kept.start as f64 / 8_000.0;
            let frame = ((place - start).max(0.0) * 50.0) as usize;
            preview.levels.get(frame).copied()
        })??;
        level_point(&levels)
    };
    let described = move || {
        let VolumeMatrix { base_gain, peak_limit, compression_ratio } = volume();
        let db = |factor: f32| 20.0 * factor.max(1e-6).log10();
        let compression = if compression_ratio >= 1.0 {
            "no compression".to_owned()
        } else {
            format!("{:.1} : 1 above {THRESHOLD_DBFS} dBFS", 1.0 / compression_ratio)
        };
        format!("Gain {:+.1} dB, {compression}, true peak at most {:.1} dBTP", db(base_gain), db(peak_limit))
    };
    view! {
        <section class="transfer" aria-label="Transfer curve">
            <svg viewBox="-16 -4 142 140" role="img" aria-label=described>
                {MARKS.map(|db| view! {
                    <line class="grid" x1=x(db) y1="0" x2=x(db) y2=SIDE />
                    <line class="grid" x1="0" y1=y(db) x2=SIDE y2=y(db) />
                    <text x=x(db) y=SIDE + 9.0 text-anchor="middle">{figure(db, 0)}</text>
                    <text x="-3" y=y(db) + 3.0 text-anchor="end">{figure(db, 0)}</text>
                }).collect_view()}
                <rect class="grid" x="0" y="0" width=SIDE height=SIDE />
                <line class="unity" x1="0" y1=SIDE x2=SIDE y2="0" />
                <path class="curve" d=curve />
                {move || live().map(|(input, output)| view! { <circle class="live" cx=x(input) cy=y(output) r="3" /> })}
            </svg>
            <p class="fine">{described}". Input across, output up, in dBFS; the knee is "{KNEE_DB}" dB wide."</p>
        </section>
    }
}

fn x(db: f64) -> f64 {
    (db.clamp(FLOOR_DB, 0.0) - FLOOR_DB) * SIDE / -FLOOR_DB
}

fn y(db: f64) -> f64 {
    SIDE - x(db)
}

/// Returns the level that a steady input has behind gain, compressor and limiter, all in dBFS.
fn output_db(volume: &VolumeMatrix, input_db: f64) -> f64 {
    let db = |factor: f32| 20.0 * f64::from(factor).max(1e-6).log10();
    let level = input_db + db(volume.base_gain);
    let (threshold, knee) = (f64::from(THRESHOLD_DBFS), f64::from(KNEE_DB));
    let (over, slope) = (level - threshold, 1.0 - f64::from(volume.compression_ratio));
    let reduction = if over <= -knee / 2.0 {
        0.0
    } else if over < knee / 2.0 {
        slope * (over + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        slope * over
    };
    (level - reduction).min(db(volume.peak_limit))
}

/// Returns a frame's input and output in dBFS; none for silence.
fn level_point(levels: &Levels) -> Option<(f64, f64)> {
    let db = |peak: f32| 20.0 * f64::from(peak).log10();
    (levels.input_peak > 0.0 && levels.output_peak > 0.0)
        .then(|| (db(levels.input_peak), db(levels.output_peak)))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_curve_is_gain_then_slope_then_ceiling() {
        let near = |volume: (f32, f32, f32), input: f64, expect: f64| {
            let (base_gain, peak_limit, compression_ratio) = volume;
            let output = output_db(&VolumeMatrix { base_gain, peak_limit, compression_ratio }, input);
            assert!((output - expect).abs() < 0.02, "{input}: {output} instead of {expect}");
        };
        near((1.0, 1.0, 1.0), -33.0, -33.0);
        near((0.5, 1.0, 1.0), -33.0, -39.02);
        near((1.0, 1.0, 0.5), 0.0, -10.0);
        near((1.0, 1.0, 0.5), -40.0, -40.0);
        near((1.0, 0.5, 1.0), 0.0, -6.02);
    }
}
