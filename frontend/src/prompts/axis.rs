//! The time axis of the waveforms: the part that is seen, and the gestures that move on it.

use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, KeyboardEvent, PointerEvent, WheelEvent};

use super::state::{PromptState, Span};

/// The shortest part that is shown, in seconds.
const MIN_SPAN: f64 = 0.02;
/// The factor of zooming by a button or a key.
pub(super) const ZOOM: f64 = 2.0;
/// The factor of zooming by a notch of the wheel.
const WHEEL_ZOOM: f64 = 1.25;
/// The step of an arrow key, as a share of what is seen.
const STEP: f64 = 0.02;
/// The way that a pointer must be drawn to select, as a share of what is seen: a hand that shakes selects nothing.
const MIN_DRAG: f64 = 0.005;

/// The time axis. Copies are the same axis.
#[derive(Clone, Copy)]
pub(super) struct TimeAxis {
    state: PromptState,
    pub(super) duration: Memo<f64>,
    /// The part that is seen; all of it where there is none.
    pub(super) zoomed: RwSignal<Option<Span>>,
    pub(super) span: Memo<Span>,
    /// The place at which a pointer was pressed, while it is.
    pressed_at: StoredValue<Option<f64>>,
}

impl TimeAxis {
    pub(super) fn new(state: PromptState) -> Self {
        let duration = Memo::new(move |_| state.shown().map_or(0.0, |clip| clip.duration()));
        let zoomed = RwSignal::new(None::<Span>);
        Effect::new(move |_| {
            state.chosen.track();
            zoomed.set(None);
        });
        let span = Memo::new(move |_| zoomed.get().unwrap_or((0.0, duration.get().max(MIN_SPAN))));
        Self { state, duration, zoomed, span, pressed_at: StoredValue::new(None) }
    }

    /// Shows more or less of the axis, around a place that stays where it is.
    pub(super) fn zoom(self, factor: f64, around: f64) {
        let ((from, to), whole) = (self.span.get_untracked(), self.duration.get_untracked());
        let wide = ((to - from) / factor).clamp(MIN_SPAN, whole.max(MIN_SPAN));
        let left = (around - (around - from) * wide / (to - from)).clamp(0.0, (whole - wide).max(0.0));
        self.zoomed.set((wide < whole).then_some((left, left + wide)));
    }

    pub(super) fn press(self, canvas: &HtmlCanvasElement, event: &PointerEvent) {
        // Where the browser cannot capture the pointer, a drag ends at the edge.
        let _ = canvas.set_pointer_capture(event.pointer_id());
        self.pressed_at.set_value(Some(self.time_at(canvas, event.offset_x())));
    }

    /// Selects what lies between the pointer and the place where it was pressed.
    pub(super) fn drag(self, canvas: &HtmlCanvasElement, event: &PointerEvent) {
        let Some(from) = self.pressed_at.get_value() else { return };
        let to = self.time_at(canvas, event.offset_x());
        if self.is_drag(from, to) {
            self.state.selection.set(Some((from.min(to), from.max(to))));
        }
    }

    /// Goes to the place where the pointer was let go, or to the start of what it selected.
    pub(super) fn release(self, canvas: &HtmlCanvasElement, event: &PointerEvent) {
        let Some(from) = self.pressed_at.get_value() else { return };
        self.pressed_at.set_value(None);
        let to = self.time_at(canvas, event.offset_x());
        if self.is_drag(from, to) {
            self.state.seek(from.min(to));
        } else {
            self.state.selection.set(None);
            self.state.seek(to);
        }
    }

    /// Zooms where Control or Command is held; the page scrolls otherwise.
    pub(super) fn wheel(self, canvas: &HtmlCanvasElement, event: &WheelEvent) {
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            let factor = if event.delta_y() < 0.0 { WHEEL_ZOOM } else { 1.0 / WHEEL_ZOOM };
            self.zoom(factor, self.time_at(canvas, event.offset_x()));
        }
    }

    /// Moves, zooms and selects by keys.
    pub(super) fn key(self, event: &KeyboardEvent) {
        let ((from, to), whole) = (self.span.get_untracked(), self.duration.get_untracked());
        let state = self.state;
        let place = state.place.get_untracked();
        match &*event.key() {
            "ArrowLeft" => state.seek(place - (to - from) * STEP),
            "ArrowRight" => state.seek((place + (to - from) * STEP).min(whole)),
            "Home" => state.seek(0.0),
            "End" => state.seek(whole),
            "+" => self.zoom(ZOOM, place),
            "-" => self.zoom(1.0 / ZOOM, place),
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
    }

    fn time_at(self, canvas: &HtmlCanvasElement, x: i32) -> f64 {
        let (from, to) = self.span.get_untracked();
        let share = f64::from(x) / f64::from(canvas.client_width().max(1));
        (from + share.clamp(0.0, 1.0) * (to - from)).min(self.duration.get_untracked())
    }

    fn is_drag(self, from: f64, to: f64) -> bool {
        let (seen_from, seen_to) = self.span.get_untracked();
        (to - from).abs() > (seen_to - seen_from) * MIN_DRAG
    }
}
