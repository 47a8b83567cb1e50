//! A stand-in for the browser's `EventSource`: a test opens it, sends on it, and breaks it.

use js_sys::{Array, Function};
use wasm_bindgen::{JsCast as _, JsValue};

use super::dispatch;
use crate::js::{call, field, set};

/// Makes the class and the list of all that were opened.
const CLASS: &str = "
    const opened = [];
    class FakeEventSource extends EventTarget {
        constructor(url) { super(); this.url = String(url); this.readyState = 0; opened.push(this); }
        close() { this.readyState = 2; }
    }
    return [FakeEventSource, opened];
";

/// Takes the place of `EventSource` until it is dropped. Events are sent on the source that was opened last.
pub(crate) struct FakeEvents {
    opened: Array,
    real: JsValue,
}

impl FakeEvents {
    pub(crate) fn start() -> Self {
        let made: Array = Function::new_no_args(CLASS)
            .call0(&JsValue::UNDEFINED)
            .expect("a class can be made")
            .unchecked_into();
        let window: JsValue = web_sys::window().expect("a page has a window").into();
        let real = field(&window, "EventSource");
        set(&window, "EventSource", &made.get(0));
        Self { opened: made.get(1).unchecked_into(), real }
    }

    /// Returns the addresses that were opened, in their order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.opened.iter().filter_map(|source| field(&source, "url").as_string()).collect()
    }

    /// Lets the source be open.
    pub(crate) fn open(&self) {
        self.turn(1, "open");
    }

    /// Loses the connection, which a browser makes again by itself.
    pub(crate) fn lose(&self) {
        self.turn(0, "error");
    }

    /// Answers with something else than events, so that the source is closed.
    pub(crate) fn refuse(&self) {
        self.turn(2, "error");
    }

    /// Sends an event.
    pub(crate) fn send(&self, name: &str, id: u64, data: &str) {
        let fields = [("data", &JsValue::from(data)), ("lastEventId", &JsValue::from(id.to_string()))];
        dispatch(self.last().unchecked_ref(), "MessageEvent", name, &fields);
    }

    /// Reports whether the source was closed.
    pub(crate) fn is_closed(&self) -> bool {
        field(&self.last(), "readyState").as_f64() == Some(2.0)
    }

    fn turn(&self, ready_state: u32, event: &str) {
        set(&self.last(), "readyState", &ready_state.into());
        dispatch(self.last().unchecked_ref(), "Event", event, &[]);
    }

    fn last(&self) -> JsValue {
        call(&self.opened, "at", &(-1).into()).expect("an array has an end")
    }
}

impl Drop for FakeEvents {
    fn drop(&mut self) {
        set(&web_sys::window().expect("a page has a window"), "EventSource", &self.real);
    }
}
