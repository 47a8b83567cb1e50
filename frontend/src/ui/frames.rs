//! Drawing once a frame.

use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, closure::Closure};

/// Calls `draw` before each of the browser's frames, for as long as the component is there.
pub(crate) fn on_each_frame(mut draw: impl FnMut() + 'static) {
    let frame = StoredValue::new_local(None::<i32>);
    let again = StoredValue::new_local(None::<Closure<dyn FnMut()>>);
    let closure = Closure::<dyn FnMut()>::new(move || {
        draw();
        frame.set_value(again.with_value(|again| again.as_ref().and_then(request)));
    });
    frame.set_value(request(&closure));
    again.set_value(Some(closure));
    on_cleanup(move || {
        if let (Some(handle), Some(window)) = (frame.get_value(), web_sys::window()) {
            // Cancelling a frame that has run already does nothing.
            let _ = window.cancel_animation_frame(handle);
        }
    });
}

fn request(draw: &Closure<dyn FnMut()>) -> Option<i32> {
    web_sys::window()?.request_animation_frame(draw.as_ref().unchecked_ref()).ok()
}
