//! The spectrum of what is heard.

use leptos::{html::Canvas, prelude::*};

use super::{
    canvas::{Sheet, sheet},
    on_each_frame,
};

/// Number of frames between two looks at the canvas's size and colour, which make the browser lay out the page: half a second.
const FRAMES_PER_FIT: u32 = 30;
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
/// Hz, or None while there is nothing to hear.
#[component]
pub(crate) fn Spectrum(
    bins: usize,
    mut read: impl FnMut(&mut [f32]) -> Option<f64> + 'static,
) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let mut levels = vec![0.0f32; bins];
    let (mut fitted, mut frame) = (None, 0u32);
    on_each_frame(move || {
        if frame.is_multiple_of(FRAMES_PER_FIT) {
            fitted = canvas.get_untracked().and_then(|canvas| sheet(&canvas));
        }
        frame = frame.wrapping_add(1);
        if let Some(sheet) = &fitted {
            let highest = read(&mut levels);
            sheet.clear();
            paint(sheet, highest.map_or(&[], |_| &levels), highest.unwrap_or(TO_HZ));
        }
    });
    view! {
        <canvas class="spectrum" node_ref=canvas role="img"
            aria-label="Spectrum of what is heard, 100 Hz to 5 kHz, 0 to −100 dBFS"></canvas>
    }
}

fn paint(sheet: &Sheet, levels: &[f32], nyquist: f64) {
    let Sheet { context, width, height, ink } = sheet;
    let (width, height) = (*width, *height);
    let x = |hz: f64| (hz / FROM_HZ).ln() / (TO_HZ / FROM_HZ).ln() * width;
    let y = |db: f64| (TOP_DB - db.clamp(BOTTOM_DB, TOP_DB)) / (TOP_DB - BOTTOM_DB) * height;
    context.set_global_alpha(0.35);
    context.set_stroke_style_str(ink);
    context.set_fill_style_str(ink);
    context.set_font("10px system-ui, sans-serif");
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
        let _ = context.fill_text(&format!("{db:.0}"), 2.0, y(db) - 2.0);
    }
    context.set_global_alpha(1.0);
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
