//! The sound card's waking and resting: [`Rest`](super::Rest) decides, this does it.

use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::AudioContextState;

use super::{AudioEngine, BUSY, Running};
use crate::{clock, js::field};

/// Somebody's act before a key may be pressed.
const SIGNS_OF_LIFE: [&str; 4] = ["pointermove", "pointerdown", "keydown", "focus"];

impl AudioEngine {
    /// Wakes the sound card before a key is pressed, because it takes some tens of milliseconds.
    pub(super) fn wake_with_signs_of_life(&self) {
        let engine = self.clone();
        let wake = Closure::<dyn FnMut()>::new(move || engine.wake());
        if let Some(window) = web_sys::window() {
            for sign in SIGNS_OF_LIFE {
                // A window takes any listener.
                let _ = window.add_event_listener_with_callback(sign, wake.as_ref().unchecked_ref());
            }
        }
        // The engine lasts as long as the page.
        wake.forget();
        self.wake();
    }

    /// Notes that somebody is there: the sound card does not rest for a while.
    pub(super) fn wake(&self) {
        let rested = self.rest.borrow_mut().note_use(clock::now());
        if rested && let Some(Running { context, .. }) = self.inner.borrow().running() {
            // It ran before, so that it may again.
            let _ = context.resume();
        }
        if self.rest_timer.borrow().is_none() {
            self.rest_later();
        }
    }

    fn rest_later(&self) {
        let wait = self.rest.borrow().wait(clock::now());
        let timer = wait.map(|wait| {
            let engine = self.clone();
            Timeout::new(wait.as_millis() as u32 + 1, move || engine.rest())
        });
        self.rest_timer.replace(timer);
    }

    /// Suspends the audio context if nobody has used it for a while. One that does not run is left to the next sign of life.
    fn rest(&self) {
        self.rest_timer.take();
        let context = self.inner.borrow().running().map(|running| running.context.clone());
        if let Some(context) = context.filter(|context| context.state() == AudioContextState::Running) {
            if self.rest.borrow_mut().rest(clock::now(), field(&self.handle, BUSY).is_truthy()) {
                // A refusal leaves it running, which costs no more than before.
                let _ = context.suspend();
            }
            self.rest_later();
        }
    }
}
