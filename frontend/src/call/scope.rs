//! The oscilloscope: what is being heard.

use leptos::{html::Canvas, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::CallContext;
use crate::ui::on_each_frame;

/// Samples of one sweep: 21 ms at 48 kHz, out of the analyser's 2,048.
const SWEEP: usize = 1_024;

/// A canvas that follows the audio context's output while there is something to hear.
#[component]
pub(super) fn Scope() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let canvas = NodeRef::<Canvas>::new();
    let level = RwSignal::new(None::<f32>);
    let mut samples = vec![0.0f32; SWEEP * 2];
    let still = web_sys::window()
        .and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten())
        .is_some_and(|query| query.matches());
    let (mut count, mut ink) = (0u32, String::new());
    on_each_frame(move || {
        let heard = context.scope(&mut samples);
        if let Some(canvas) = canvas.get_untracked() {
            // Asking for a style makes the browser lay out the page; half a second is soon enough for a new scheme.
            if count.is_multiple_of(30) {
                ink = colour(&canvas).unwrap_or_default();
            }
            let sweep: &[f32] = if heard && !still { sweep(&samples) } else { &[] };
            paint(&canvas, &ink, sweep);
        }
        count = count.wrapping_add(1);
        if count.is_multiple_of(6) {
            level.set(heard.then(|| level_dbfs(&samples)));
        }
    });
    view! {
        <section class="panel scope" aria-label="Output">
            <canvas node_ref=canvas width="640" height="120" role="img" aria-label="Waveform of what is heard"></canvas>
            <p class="fine">
                {move || match level.get() {
                    None => "Silent until the first key or call: browsers start sound on a gesture.".to_owned(),
                    Some(level) if level <= -90.0 => "Output: silence".to_owned(),
                    Some(level) => format!("Output: {level:.0} dBFS"),
                }}
            </p>
        </section>
    }
}

/// A sweep that begins where the signal rises through zero, so that a steady tone stands still.
fn sweep(samples: &[f32]) -> &[f32] {
    let start = samples[..SWEEP].windows(2).position(|pair| pair[0] <= 0.0 && pair[1] > 0.0).unwrap_or(0);
    &samples[start..start + SWEEP]
}

fn level_dbfs(samples: &[f32]) -> f32 {
    let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    20.0 * peak.max(1e-6).log10()
}

fn colour(canvas: &HtmlCanvasElement) -> Option<String> {
    let style = web_sys::window()?.get_computed_style(canvas).ok()??;
    style.get_property_value("color").ok()
}

fn paint(canvas: &HtmlCanvasElement, ink: &str, samples: &[f32]) {
    let context: Option<CanvasRenderingContext2d> =
        canvas.get_context("2d").ok().flatten().and_then(|context| context.dyn_into().ok());
    let Some(context) = context else { return };
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    context.clear_rect(0.0, 0.0, width, height);
    context.set_stroke_style_str(ink);
    context.set_line_width(1.5);
    context.begin_path();
    context.move_to(0.0, height / 2.0);
    for (index, sample) in samples.iter().enumerate() {
        let x = index as f64 / samples.len() as f64 * width;
        context.line_to(x, height / 2.0 - f64::from(*sample) * height * 0.48);
    }
    if samples.is_empty() {
        context.line_to(width, height / 2.0);
    }
    context.stroke();
}
