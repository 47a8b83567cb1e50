//! The work surface: original and preview over time, with loudness, gain reduction, clipped samples and interruptions.

use leptos::{ev, html::Canvas, prelude::*};
use web_sys::HtmlCanvasElement;

use super::{
    axis::{TimeAxis, ZOOM},
    drawing::{Overlay, Signals, draw_overlay, draw_signals},
    state::PromptState,
    transport::clock,
};

/// Shows both waveforms on one time axis, to scrub, zoom and select in.
#[component]
pub(super) fn Waveform() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let axis = TimeAxis::new(state);
    let (canvas, over) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    follow(state, axis, canvas, over);
    let with_canvas = move |act: &dyn Fn(&HtmlCanvasElement)| {
        if let Some(canvas) = canvas.get_untracked() {
            act(&canvas);
        }
    };
    let described = move || {
        let Some(clip) = state.shown() else { return "Waveform: nothing is open".to_owned() };
        let clipped = clip.source(|opened| opened.measured.clipping.samples).unwrap_or_default();
        let clipped = if clipped == 0 { String::new() } else { format!(", {clipped} samples clipped") };
        format!("Original and preview of {}, {}{clipped}", clip.name(), clock(axis.duration.get()))
    };
    let selected =
        move || state.selection.get().map(|(from, to)| format!("Selected {} to {}", clock(from), clock(to)));
    view! {
        <section class="waveforms" aria-label="Waveform">
            <div class="layers">
                <canvas node_ref=canvas tabindex="0" role="slider" aria-label=described
                    aria-valuemin="0" aria-valuemax=move || format!("{:.2}", axis.duration.get())
                    aria-valuenow=move || format!("{:.2}", state.place.get()) aria-valuetext=move || clock(state.place.get())
                    on:pointerdown=move |event| with_canvas(&|canvas| axis.press(canvas, &event))
                    on:pointermove=move |event| with_canvas(&|canvas| axis.drag(canvas, &event))
                    on:pointerup=move |event| with_canvas(&|canvas| axis.release(canvas, &event))
                    on:wheel=move |event| with_canvas(&|canvas| axis.wheel(canvas, &event))
                    on:keydown=move |event| axis.key(&event)></canvas>
                <canvas node_ref=over aria-hidden="true"></canvas>
                <Show when=move || state.chosen.get().is_none()>
                    <p class="hint">"Choose an audio file at the left or drop several there, take one of the stand-in's prompts, record, or begin with a test signal. Files stay in this page until you send."</p>
                </Show>
            </div>
            <div class="buttons">
                <button type="button" on:click=move |_| axis.zoom(ZOOM, state.place.get_untracked())>"Zoom in"</button>
                <button type="button" on:click=move |_| axis.zoom(1.0 / ZOOM, state.place.get_untracked())>"Zoom out"</button>
                <button type="button" disabled=move || axis.zoomed.with(Option::is_none)
                    on:click=move |_| axis.zoomed.set(None)>"Fit"</button>
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

/// Draws the signals when they change, and with every frame of the screen only what lies over them.
fn follow(state: PromptState, axis: TimeAxis, canvas: NodeRef<Canvas>, over: NodeRef<Canvas>) {
    let is_resized = RwSignal::new(0_u32);
    let resized = window_event_listener(ev::resize, move |_| is_resized.update(|count| *count += 1));
    on_cleanup(move || resized.remove());
    Effect::new(move |_| {
        is_resized.track();
        let Some(canvas) = canvas.get() else { return };
        let clip = state.shown();
        let opened = clip.and_then(|clip| clip.opened.get());
        let preview = clip.and_then(|clip| clip.preview.get());
        let limit = state.form.draft.with(|draft| prompt::typed::factor(&draft.peak_limit));
        let (opened, preview) = (opened.as_deref(), preview.as_deref());
        draw_signals(&canvas, &Signals { opened, preview, span: axis.span.get(), limit });
    });
    Effect::new(move |_| {
        is_resized.track();
        let Some(canvas) = over.get() else { return };
        let (place, selection) = (state.place.get(), state.selection.get());
        let marks = &state.marks.get();
        draw_overlay(&canvas, &Overlay { span: axis.span.get(), place, selection, marks });
    });
}
