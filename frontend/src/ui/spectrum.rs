//! The spectrum of what is heard.

use leptos::{html::Canvas, prelude::*};

use super::{
    canvas::{Sheet, colour, sheet},
    figure,
};

/// Number of beats after which an unchanged spectrum is drawn again.
const BEATS_PER_FIT: u32 = 60;
/// The picture's range: the telephone's band with a margin, in Hz.
const FROM_HZ: f64 = 100.0;
const TO_HZ: f64 = 5_000.0;
/// The picture's range in dBFS.
const TOP_DB: f64 = 0.0;
const BOTTOM_DB: f64 = -100.0;
/// Frequencies with a line and a number.
const MARKS: [(f64, &str); 5] =
    [(200.0, "200"), (500.0, "500"), (1_000.0, "1 k"), (2_000.0, "2 k"), (4_000.0, "4 kHz")];

/// Shows the spectrum of what is heard, as `read` writes it into `bins` values in dBFS; it returns the highest frequency, in
/// Hz, or None while there is nothing to hear. It is read with every `beat`, and drawn where it has changed.
#[component]
pub(crate) fn Spectrum(
    bins: usize,
    beat: Signal<()>,
    read: impl FnMut(&mut [f32]) -> Option<f64> + 'static,
) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let read = StoredValue::new_local((read, vec![0.0f32; bins], 0u32));
    Effect::new(move |before: Option<Vec<f32>>| {
        beat.get();
        let Some(canvas) = canvas.get() else { return Vec::new() };
        let mut drawn = before.unwrap_or_default();
        read.update_value(|(read, levels, beats)| {
            let highest = read(levels);
            let shown: &[f32] = highest.map_or(&[], |_| levels);
            // The place or the scheme may have changed, too.
            let is_due = beats.is_multiple_of(BEATS_PER_FIT);
            *beats = beats.wrapping_add(1);
            if is_due || drawn != shown {
                if let Some(sheet) = sheet(&canvas) {
                    paint(&sheet, &colour(&canvas, "border-top-color"), shown, highest.unwrap_or(TO_HZ));
                }
                drawn = shown.to_vec();
            }
        });
        drawn
    });
    view! {
        <canvas class="spectrum" node_ref=canvas role="img"
            aria-label="Spectrum of what is heard, 100 Hz to 5 kHz, 0 to −100 dBFS"></canvas>
    }
}

fn paint(sheet: &Sheet, labels: &str, levels: &[f32], nyquist: f64) {
    let Sheet { context, width, height, ink } = sheet;
    let (width, height) = (*width, *height);
    let x = |hz: f64| (hz / FROM_HZ).ln() / (TO_HZ / FROM_HZ).ln() * width;
    let y = |db: f64| (TOP_DB - db.clamp(BOTTOM_DB, TOP_DB)) / (TOP_DB - BOTTOM_DB) * height;
    context.set_stroke_style_str(labels);
    context.set_fill_style_str(labels);
    context.set_font("10px 'Dialbench Sans', system-ui, sans-serif");
    context.set_line_width(0.5);
    for (hz, name) in MARKS {
        context.begin_path();
        context.move_to(x(hz), 0.0);
        context.line_to(x(hz), height);
        context.stroke();
        // Text that does not fit is no reason to stop.
        let _ = context.fill_text(name, x(hz) + 3.0, height - 3.0);
    }
    for db in [-25.0, -50.0, -75.0] {
        context.begin_path();
        context.move_to(0.0, y(db));
        context.line_to(width, y(db));
        context.stroke();
        let _ = context.fill_text(&figure(db, 0), 2.0, y(db) - 2.0);
    }
    context.set_stroke_style_str(ink);
    context.set_line_width(1.2);
    context.begin_path();
    let mut begun = false;
    for (bin, level) in levels.iter().enumerate() {
        let hz = bin as f64 * nyquist / levels.len() as f64;
        if (FROM_HZ..=TO_HZ).contains(&hz) {
            let at = (x(hz), y(f64::from(*level)));
            if begun {
                context.line_to(at.0, at.1);
            } else {
                context.move_to(at.0, at.1);
            }
            begun = true;
        }
    }
    context.stroke();
}
