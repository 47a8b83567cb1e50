//! The levels of the voice, and the oscilloscope.

use leptos::{html::Canvas, prelude::*};
use signal::{chain::Meters, report::AudioReport};
use web_sys::HtmlCanvasElement;

use super::{
    meters::{Meter, MeterKind, MeterScale},
    state::VoiceState,
};
use crate::ui::{canvas::sheet, figure};

/// Number of samples of one sweep: 21 ms at 48 kHz, out of the analyser's 2,048.
const SWEEP_SAMPLES: usize = 1_024;
/// Highest level of silence, in dBFS: 16 bits have none below.
const SILENT_DBFS: f32 = -96.0;
/// Highest sample of what counts as silence, of 1: half a step of 16 bits.
const SILENT_PEAK: f32 = 0.5 / 32_768.0;

/// Shows what goes in and out of the voice's processing, and what it does.
#[component]
pub(crate) fn Levels() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let level = move |pick: fn(&AudioReport) -> f64| {
        Signal::derive(move || state.report.with(|report| report.as_ref().map(pick)))
    };
    let meter = move |pick: fn(&Meters) -> f32| {
        Signal::derive(move || {
            state.report.with(|report| report.as_ref().map(|report| f64::from(pick(&report.receiver.meters))))
        })
    };
    // A gate is shut at silence, which says nothing of the voice.
    let gate = Signal::derive(move || {
        let meters = state.report.with(|report| report.as_ref().map(|report| report.receiver.meters))?;
        (meters.input_peak_dbfs > SILENT_DBFS).then(|| f64::from(meters.gate_gain_db))
    });
    view! {
        <section class="panel" aria-label="Levels">
            <div class="levels">
                <Meter name="Input" kind=MeterKind::Level value=meter(|meters| meters.input_peak_dbfs) />
                <Meter name="Output" kind=MeterKind::Level value=meter(|meters| meters.output_peak_dbfs) />
                <Meter name="To CXone" kind=MeterKind::Level value=level(|report| 20.0 * report.sent_peak.max(1e-6).log10()) />
                <MeterScale kind=MeterKind::Level />
                <Meter name="Gate" kind=MeterKind::Reduction value=gate />
                <Meter name="Compression" kind=MeterKind::Reduction value=meter(|meters| -meters.compressor_reduction_db) />
                <Meter name="Limiting" kind=MeterKind::Reduction value=meter(|meters| -meters.limiter_reduction_db) />
                <MeterScale kind=MeterKind::Reduction />
            </div>
            <Scope />
        </section>
    }
}

/// Shows a canvas that follows the output. It is drawn with the audio thread's reports, and once more when it falls silent.
#[component]
fn Scope() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let canvas = NodeRef::<Canvas>::new();
    let analyser = state.analyser();
    let mut samples = vec![0.0f32; SWEEP_SAMPLES * 2];
    let is_still = window()
        .match_media("(prefers-reduced-motion: reduce)")
        .is_ok_and(|query| query.is_some_and(|query| query.matches()));
    let drawn = StoredValue::new(None::<bool>);
    let level = RwSignal::new(None::<f64>);
    let draw = move || {
        analyser.get_float_time_domain_data(&mut samples);
        let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let is_heard = peak > SILENT_PEAK;
        if drawn.get_value() != Some(false) || is_heard {
            drawn.set_value(Some(is_heard));
            level.set(Some(level_dbfs(peak)));
            if let Some(canvas) = canvas.get_untracked() {
                paint(&canvas, if is_still || !is_heard { &[] } else { sweep(&samples) });
            }
        }
    };
    let draw = StoredValue::new_local(draw);
    Effect::new(move |_| {
        state.report.track();
        draw.update_value(|draw| draw());
    });
    view! {
        <canvas class="scope" node_ref=canvas role="img" aria-label="Waveform of what is heard"></canvas>
        <p class="fine">
            {move || match level.get() {
                None => String::new(),
                Some(level) if level <= -90.0 => "Output: silence".to_owned(),
                Some(level) => format!("Output: {} dBFS", figure(level, 0)),
            }}
        </p>
    }
}

/// Returns a sweep that begins where the signal rises through zero, so that a steady tone stands still.
fn sweep(samples: &[f32]) -> &[f32] {
    let start =
        samples[..SWEEP_SAMPLES].windows(2).position(|pair| pair[0] <= 0.0 && pair[1] > 0.0).unwrap_or(0);
    &samples[start..start + SWEEP_SAMPLES]
}

fn level_dbfs(peak: f32) -> f64 {
    f64::from(20.0 * peak.max(1e-6).log10())
}

fn paint(canvas: &HtmlCanvasElement, samples: &[f32]) {
    let Some(sheet) = sheet(canvas) else { return };
    let context = &sheet.context;
    context.set_stroke_style_str(&sheet.ink);
    context.set_line_width(1.2);
    context.begin_path();
    context.move_to(0.0, sheet.height / 2.0);
    // One to a pixel; telephone sound has nothing in between.
    let step = (samples.len() / sheet.width as usize).max(1);
    for (index, sample) in samples.iter().enumerate().step_by(step) {
        let x = index as f64 / samples.len() as f64 * sheet.width;
        context.line_to(x, sheet.height / 2.0 - f64::from(*sample) * sheet.height * 0.48);
    }
    if samples.is_empty() {
        context.line_to(sheet.width, sheet.height / 2.0);
    }
    context.stroke();
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        testing::until,
        voice::testing::{Sound, silence},
    };

    #[wasm_bindgen_test]
    async fn silence_is_drawn_once_and_said() {
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <Levels /> });
        page.one("img", "Waveform of what is heard").await;
        sound.report(&silence());
        until("the words", || page.text().contains("Output: silence")).await;
        let meter = page.attribute("meter", "Compression", "aria-valuetext").await;
        assert_eq!(meter.as_deref(), Some("0.0 dB"));
    }

    #[wasm_bindgen_test]
    async fn the_meters_show_what_the_chain_did() {
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <Levels /> });
        assert_eq!(page.attribute("meter", "Output", "aria-valuetext").await.as_deref(), Some("–"));
        let mut report = silence();
        report.receiver.meters.input_peak_dbfs = -120.0;
        report.receiver.meters.output_peak_dbfs = -7.5;
        report.receiver.meters.compressor_reduction_db = 3.0;
        report.receiver.meters.gate_gain_db = -120.0;
        sound.report(&report);
        for (name, words) in [("Output", "−7.5 dB"), ("Compression", "−3.0 dB"), ("Gate", "–")] {
            let meter = page.one("meter", name).await;
            until(words, || meter.get_attribute("aria-valuetext").as_deref() == Some(words)).await;
        }
    }

    #[wasm_bindgen_test]
    fn a_sweep_begins_where_the_signal_rises() {
        let samples: Vec<f32> = (0..SWEEP_SAMPLES * 2).map(|at| (at as f32 * 0.1 + 2.0).sin()).collect();
        let sweep = sweep(&samples);
        assert_eq!(sweep.len(), SWEEP_SAMPLES);
        assert!(sweep[0] <= 0.0 && sweep[1] > 0.0);
        assert!((level_dbfs(0.5) + 6.02).abs() < 0.01);
        assert!(level_dbfs(0.0) <= -119.0);
    }
}
