//! The work surface: original and preview over time, with loudness, gain reduction, clipped samples and interruptions.

use leptos::{html::Canvas, prelude::*};
use web_sys::{HtmlCanvasElement, KeyboardEvent, PointerEvent, WheelEvent};

use super::{
    drawing::{Overlay, Signals, draw_overlay, draw_signals},
    state::{PromptState, Span},
    transport::clock,
};

/// The shortest part that is shown, in seconds.
const MIN_SPAN: f64 = 0.02;
/// A factor of zooming by a button or a key.
const ZOOM: f64 = 2.0;
/// The step of an arrow key, as a share of what is seen.
const STEP: f64 = 0.02;

/// Shows both waveforms on one time axis, to scrub, zoom and select in.
#[component]
pub(super) fn Waveform() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let (canvas, over) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    let seen = RwSignal::new(None::<Span>);
    let duration = Memo::new(move |_| state.shown().map_or(0.0, |clip| clip.duration()));
    Effect::new(move |_| {
        state.chosen.track();
        seen.set(None);
    });
    let span = Memo::new(move |_| seen.get().unwrap_or((0.0, duration.get().max(MIN_SPAN))));
    let is_resized = RwSignal::new(0_u32);
    let resized = window_event_listener(leptos::ev::resize, move |_| is_resized.update(|count| *count += 1));
    on_cleanup(move || resized.remove());
    Effect::new(move |_| {
        is_resized.track();
        let Some(canvas) = canvas.get() else { return };
        let clip = state.shown();
        let opened = clip.and_then(|clip| clip.opened.get());
        let preview = clip.and_then(|clip| clip.preview.get());
        let limit = state.form.draft.with(|draft| prompt::typed::factor(&draft.peak_limit));
        let (opened, preview) = (opened.as_deref(), preview.as_deref());
        draw_signals(&canvas, &Signals { opened, preview, span: span.get(), limit });
    });
    Effect::new(move |_| {
        is_resized.track();
        let Some(canvas) = over.get() else { return };
        let (place, selection) = (state.place.get(), state.selection.get());
        draw_overlay(&canvas, &Overlay { span: span.get(), place, selection, marks: &state.marks.get() });
    });
    let zoom = move |factor: f64, around: f64| {
        let ((from, to), whole) = (span.get_untracked(), duration.get_untracked());
        let wide = ((to - from) / factor).clamp(MIN_SPAN, whole.max(MIN_SPAN));
        let left = (around - (around - from) * wide / (to - from)).clamp(0.0, (whole - wide).max(0.0));
        seen.set((wide < whole).then_some((left, left + wide)));
    };
    let drag = StoredValue::new(None::<f64>);
    let time_at = move |canvas: &HtmlCanvasElement, x: i32| {
        let (from, to) = span.get_untracked();
        let share = f64::from(x) / f64::from(canvas.client_width().max(1));
        (from + share.clamp(0.0, 1.0) * (to - from)).min(duration.get_untracked())
    };
    let pressed = move |event: PointerEvent| {
        let Some(canvas) = canvas.get_untracked() else { return };
        // Where the browser cannot capture it, the drag ends at the edge.
        let _ = canvas.set_pointer_capture(event.pointer_id());
        drag.set_value(Some(time_at(&canvas, event.offset_x())));
    };
    let moved = move |event: PointerEvent| {
        let (Some(canvas), Some(from)) = (canvas.get_untracked(), drag.get_value()) else { return };
        let to = time_at(&canvas, event.offset_x());
        let (seen_from, seen_to) = span.get_untracked();
        // A hand that shakes selects nothing.
        if (to - from).abs() > (seen_to - seen_from) * 0.005 {
            state.selection.set(Some((from.min(to), from.max(to))));
        }
    };
    let released = move |event: PointerEvent| {
        let (Some(canvas), Some(from)) = (canvas.get_untracked(), drag.get_value()) else { return };
        drag.set_value(None);
        let to = time_at(&canvas, event.offset_x());
        let (seen_from, seen_to) = span.get_untracked();
        if (to - from).abs() <= (seen_to - seen_from) * 0.005 {
            state.selection.set(None);
            state.seek(to);
        } else {
            state.seek(from.min(to));
        }
    };
    let wheeled = move |event: WheelEvent| {
        let Some(canvas) = canvas.get_untracked() else { return };
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            let factor = if event.delta_y() < 0.0 { 1.25 } else { 0.8 };
            zoom(factor, time_at(&canvas, event.offset_x()));
        }
    };
    let keyed = move |event: KeyboardEvent| {
        let ((from, to), whole) = (span.get_untracked(), duration.get_untracked());
        let place = state.place.get_untracked();
        match &*event.key() {
            "ArrowLeft" => state.seek(place - (to - from) * STEP),
            "ArrowRight" => state.seek((place + (to - from) * STEP).min(whole)),
            "Home" => state.seek(0.0),
            "End" => state.seek(whole),
            "+" => zoom(ZOOM, place),
            "-" => zoom(1.0 / ZOOM, place),
            "[" => state.selection.update(|now| {
                let end = now.map_or(whole, |(_, end)| end);
                *now = (place < end).then_some((place, end));
            }),
            "]" => state.selection.update(|now| {
                let start = now.map_or(0.0, |(start, _)| start);
                *now = (place > start).then_some((start, place));
            }),
            "Escape" => state.selection.set(None),
            _ => return,
        }
        event.prevent_default();
    };
    let described = move || {
        let Some(clip) = state.shown() else { return "Waveform: nothing is open".to_owned() };
        let clipped = clip.source(|opened| opened.measured.clipping.samples).unwrap_or_default();
        let clipped = if clipped == 0 { String::new() } else { format!(", {clipped} samples clipped") };
        format!("Original and preview of {}, {}{clipped}", clip.name(), clock(duration.get()))
    };
    let selected =
        move || state.selection.get().map(|(from, to)| format!("Selected {} to {}", clock(from), clock(to)));
    view! {
        <section class="waveforms" aria-label="Waveform">
            <div class="layers">
            <canvas node_ref=canvas tabindex="0" role="slider" aria-label=described
                aria-valuemin="0" aria-valuemax=move || format!("{:.2}", duration.get())
                aria-valuenow=move || format!("{:.2}", state.place.get()) aria-valuetext=move || clock(state.place.get())
                on:pointerdown=pressed on:pointermove=moved on:pointerup=released on:wheel=wheeled on:keydown=keyed></canvas>
            <canvas node_ref=over aria-hidden="true"></canvas>
            </div>
            <div class="buttons">
                <button type="button" on:click=move |_| zoom(ZOOM, state.place.get_untracked())>"Zoom in"</button>
                <button type="button" on:click=move |_| zoom(1.0 / ZOOM, state.place.get_untracked())>"Zoom out"</button>
                <button type="button" disabled=move || seen.with(Option::is_none) on:click=move |_| seen.set(None)>"Fit"</button>
                <button type="button" disabled=move || state.selection.with(Option::is_none)
                    on:click=move |_| state.selection.set(None)>"Clear selection"</button>
                <span class="fine" role="status">{selected}</span>
            </div>
            <ol class="marks" aria-label="Interruptions">
                {move || state.marks.get().into_iter().map(|mark| view! { <li>{mark.text}</li> }).collect_view()}
            </ol>
            <p class="field-error" role="status">{move || state.shown().and_then(|clip| clip.trouble.get())}</p>
        </section>
    }
}
