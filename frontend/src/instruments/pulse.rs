//! The pace at which instruments are drawn: that of the audio thread's reports, so that all that moves does so in one of the
//! browser's frames.

use std::{rc::Rc, time::Duration};

use base::time::Instant;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use signal::report::AudioReport;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{AudioWorkletNode, MessageEvent};

use crate::{
    audio::ThreadMessage,
    clock,
    js::{field, listen},
};

/// Time between two beats of a pulse without reports.
const INTERVAL_MS: u32 = 100;
/// Time since the last report after which the next is not waited for.
const REPORTS_ARE_LATE: Duration = Duration::from_millis(180);

/// Calls `beat` with each of the audio thread's reports, for as long as the component is there. While `is_wanted`, it is called
/// ten times a second where no reports come: there is no sound, or the sound card rests. `handle` is the frame's.
pub(super) fn pulse(handle: JsValue, is_wanted: Signal<bool>, beat: impl Fn(Option<&AudioReport>) + 'static) {
    let beat = Rc::new(beat);
    let last = StoredValue::new(Instant::default());
    let hears = StoredValue::new(false);
    let owner = Owner::current();
    // The audio thread may come after the instrument.
    let hear = move || {
        let port = field(&handle, "node").dyn_into().and_then(|node: AudioWorkletNode| node.port());
        if let (false, Ok(port), Some(owner)) = (hears.get_value(), port, &owner) {
            hears.set_value(true);
            let beat = Rc::clone(&beat);
            let report = move |message: JsValue| {
                let data = message.unchecked_into::<MessageEvent>().data();
                if let Some(ThreadMessage::Report(report)) = ThreadMessage::read(&data) {
                    last.set_value(clock::now());
                    beat(Some(&report));
                }
            };
            owner.with(|| listen(&port, "message", report));
        }
        let is_late = last.try_get_value().is_some_and(|last| clock::now() - last > REPORTS_ARE_LATE);
        if is_late {
            beat(None);
        }
    };
    hear();
    let ticking = StoredValue::new_local(None::<Interval>);
    Effect::new(move |_| {
        let hear = hear.clone();
        ticking.set_value(is_wanted.get().then(|| Interval::new(INTERVAL_MS, hear)));
    });
}
