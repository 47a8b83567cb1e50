//! Drawing once a frame.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;
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

/// Returns a signal that changes with each of the browser's frames, for as long as the component is there.
pub(crate) fn each_frame() -> Signal<()> {
    let (frame, count) = signal(0u32);
    on_each_frame(move || count.update(|frame| *frame = frame.wrapping_add(1)));
    Signal::derive(move || frame.track())
}

fn request(draw: &Closure<dyn FnMut()>) -> Option<i32> {
    web_sys::window()?.request_animation_frame(draw.as_ref().unchecked_ref()).ok()
}

/// Time after which a page that is not drawn, because nobody sees it, goes on all the same.
const HIDDEN_PAGE_MS: u32 = 1_000;

/// Something that is done before the browser's next frame, unless it is dropped before.
pub(crate) struct NextFrame {
    handle: Option<i32>,
    _frame: Closure<dyn FnMut()>,
    _timer: Timeout,
}

impl NextFrame {
    /// Calls `run` before the next frame; after a second where there is none.
    pub(crate) fn new(run: impl FnOnce() + 'static) -> Self {
        let run = Rc::new(Cell::new(Some(run)));
        let once = move || {
            if let Some(run) = run.take() {
                run();
            }
        };
        let frame = Closure::<dyn FnMut()>::new(once.clone());
        let timer = Timeout::new(HIDDEN_PAGE_MS, once);
        Self { handle: request(&frame), _frame: frame, _timer: timer }
    }
}

impl Drop for NextFrame {
    fn drop(&mut self) {
        if let (Some(handle), Some(window)) = (self.handle, web_sys::window()) {
            // Cancelling a frame that has run already does nothing.
            let _ = window.cancel_animation_frame(handle);
        }
    }
}
