//! The line between two places, which resizes one of them.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use super::{
    State,
    arrangement::{Place, Range},
};

/// By how much an arrow key resizes a place, in CSS pixels.
const STEP_PX: f64 = 16.0;

/// Resizes a place by pointer and by arrow keys; Enter and a double click fold it.
#[component]
pub(super) fn Separator(frame: State, place: Place, label: Signal<String>) -> impl IntoView {
    let Range { min, max, .. } = place.range();
    let size = move || frame.arrangement.with(|all| all.size_px(place));
    let resize = move |size_px: f64| frame.arrangement.update(|all| all.resize(place, size_px));
    // Where a drag began, and how large the place was.
    let dragged = StoredValue::new(None::<(f64, f64)>);
    let position = move |pointer: &PointerEvent| match place {
        Place::Rail | Place::Surface => f64::from(pointer.client_x()),
        Place::Inspector => -f64::from(pointer.client_x()),
        Place::Tray => -f64::from(pointer.client_y()),
    };
    let down = move |pointer: PointerEvent| {
        if pointer.button() != 0 {
            return;
        }
        pointer.prevent_default();
        dragged.set_value(Some((position(&pointer), untrack(size))));
        if let Some(line) = pointer.current_target().and_then(|line| line.dyn_into::<Element>().ok()) {
            // Without the capture a drag ends where the pointer leaves the line.
            let _ = line.set_pointer_capture(pointer.pointer_id());
        }
    };
    let moved = move |pointer: PointerEvent| {
        if let Some((from, size_px)) = dragged.get_value() {
            resize(size_px + position(&pointer) - from);
        }
    };
    let keys = move |key: KeyboardEvent| {
        let (larger, smaller) = match place {
            Place::Rail | Place::Surface => ("ArrowRight", "ArrowLeft"),
            Place::Inspector => ("ArrowLeft", "ArrowRight"),
            Place::Tray => ("ArrowUp", "ArrowDown"),
        };
        match key.key().as_str() {
            pressed if pressed == larger => resize(untrack(size) + STEP_PX),
            pressed if pressed == smaller => resize(untrack(size) - STEP_PX),
            "Home" => resize(min),
            "End" => resize(max),
            "Enter" => frame.toggle(place),
            _ => return,
        }
        key.prevent_default();
    };
    let (orientation, extent) = match place {
        Place::Tray => ("horizontal", "Height"),
        Place::Rail | Place::Surface | Place::Inspector => ("vertical", "Width"),
    };
    view! {
        <div role="separator" tabindex="0" class=format!("separator along-{}", place.name())
            aria-orientation=orientation
            aria-label=move || format!("{extent} of {}", label.get())
            aria-controls=frame.id(place)
            aria-valuemin=min.to_string() aria-valuemax=max.to_string()
            aria-valuenow=move || size().to_string()
            aria-valuetext=move || if frame.folded(place) { "folded".to_owned() } else { format!("{} pixels", size()) }
            on:keydown=keys
            on:dblclick=move |_| frame.toggle(place)
            on:pointerdown=down on:pointermove=moved
            on:pointerup=move |_| dragged.set_value(None)
            on:pointercancel=move |_| dragged.set_value(None)></div>
    }
}
