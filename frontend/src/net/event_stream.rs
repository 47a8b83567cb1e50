//! Server-sent events: the browser's `EventSource`, opened again where the browser itself gives up.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use gloo_timers::callback::Timeout;
use jobs::{LinkState, LinkStatus, Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

use crate::clock;

/// Said of a stream that the browser does not open again: the server answered, but not with events.
const REFUSED: &str = "the server does not send events now";
/// Said of a stream that the browser opens again by itself.
const LOST: &str = "the connection was lost";

/// A stream of events that is kept up until it is dropped. After a loss the browser asks for what came after the last event
/// (`Last-Event-ID`); where it does not come back by itself, the stream is opened again after the last event's number.
pub(crate) struct EventStream {
    inner: Rc<Inner>,
}

/// Takes an event's name and data.
type Handler = Box<dyn Fn(&'static str, &str)>;

struct Inner {
    path: String,
    names: &'static [&'static str],
    on: Handler,
    status: RwSignal<LinkStatus>,
    machine: RefCell<Reconnect>,
    source: RefCell<Option<Source>>,
    timer: RefCell<Option<Timeout>>,
    /// The last event's number.
    last: Cell<u64>,
    this: Weak<Self>,
}

impl EventStream {
    /// Opens `path`, which has a query, with the parameter `after`, and calls `on` with the events of these names, and their data read as JSON. `after` is 0
    /// at first, for everything from the start. `status` tells how the connection stands.
    pub(crate) fn open<T: DeserializeOwned + 'static>(
        path: &str,
        names: &'static [&'static str],
        status: RwSignal<LinkStatus>,
        on: impl Fn(&'static str, serde_json::Result<T>) + 'static,
    ) -> Self {
        let machine = Reconnect::new(ReconnectConfig::default(), js_sys::Math::random().to_bits());
        let inner = Rc::new_cyclic(|this| Inner {
            path: path.to_owned(),
            names,
            on: Box::new(move |name, data| on(name, serde_json::from_str(data))),
            status,
            machine: RefCell::new(machine),
            source: RefCell::new(None),
            timer: RefCell::new(None),
            last: Cell::new(0),
            this: this.clone(),
        });
        inner.handle(ReconnectInput::Start);
        Self { inner }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        // The page that it told may be gone.
        let _ = self.inner.status.try_set(LinkStatus::CLOSED);
    }
}

impl Inner {
    fn handle(&self, input: ReconnectInput) {
        self.machine.borrow_mut().handle_input(clock::now(), input);
        self.pump();
    }

    fn pump(&self) {
        loop {
            let output = self.machine.borrow_mut().poll_output();
            match output {
                None => break,
                Some(ReconnectOutput::Dial) => self.connect(),
                Some(ReconnectOutput::HangUp) => drop(self.source.borrow_mut().take()),
                Some(ReconnectOutput::Status(status)) => self.tell(status),
            }
        }
        let due = self.machine.borrow().poll_timeout();
        let timer = due.map(|due| {
            let wait = (due - clock::now()).as_millis() as u32 + 1;
            let this = self.this.clone();
            Timeout::new(wait, move || {
                if let Some(this) = this.upgrade() {
                    this.machine.borrow_mut().handle_timeout(clock::now());
                    this.pump();
                }
            })
        });
        self.timer.replace(timer);
    }

    fn connect(&self) {
        let source = Source::open(self);
        let started = source.is_some();
        self.source.replace(source);
        if !started {
            self.handle(ReconnectInput::Lost(Loss::Network));
        }
    }

    fn tell(&self, status: LinkStatus) {
        // A server that answers without events has said a status that the browser keeps to itself.
        let detail = status.detail.map(|_| REFUSED.to_owned());
        let _ = self.status.try_set(LinkStatus { detail, close_code: None, ..status });
    }

    fn opened(&self) {
        self.handle(ReconnectInput::Opened);
        // After a loss that the browser mended, the machine has nothing to tell.
        if self.status.try_with_untracked(|status| status.state != LinkState::Open) == Some(true) {
            self.tell(LinkStatus { state: LinkState::Open, ..LinkStatus::CLOSED });
        }
    }

    fn failed(&self) {
        let closed = self
            .source
            .borrow()
            .as_ref()
            .is_none_or(|source| source.source.ready_state() == EventSource::CLOSED);
        if closed {
            // What calls this must not be dropped while it runs, so it is dropped in the next turn.
            let source = self.source.borrow_mut().take();
            Timeout::new(0, move || drop(source)).forget();
            // It is not asked again at once, as a network's failure would be.
            self.handle(ReconnectInput::Lost(Loss::Refused(400, None)));
        } else {
            let lost = LinkStatus {
                state: LinkState::Reconnecting,
                detail: Some(LOST.into()),
                ..LinkStatus::CLOSED
            };
            let _ = self.status.try_set(lost);
        }
    }

    fn received(&self, name: &'static str, message: &MessageEvent) {
        if let Ok(last) = message.last_event_id().parse() {
            self.last.set(last);
        }
        (self.on)(name, &message.data().as_string().unwrap_or_default());
    }
}

type Listener = Closure<dyn FnMut(Event)>;

/// One `EventSource`, closed when it is dropped.
struct Source {
    source: EventSource,
    listeners: Vec<(&'static str, Listener)>,
}

impl Source {
    /// Opens it. Returns `None` where that cannot even be tried.
    fn open(inner: &Inner) -> Option<Self> {
        let source = EventSource::new(&format!("{}&after={}", inner.path, inner.last.get())).ok()?;
        let listener = |name: &'static str, on: fn(&Inner, &'static str, Event)| {
            let this = inner.this.clone();
            let listener = Listener::new(move |event| {
                if let Some(this) = this.upgrade() {
                    on(&this, name, event);
                }
            });
            (name, listener)
        };
        let mut listeners =
            vec![listener("open", |this, _, _| this.opened()), listener("error", |this, _, _| this.failed())];
        listeners.extend(
            inner
                .names
                .iter()
                .map(|name| listener(name, |this, name, event| this.received(name, event.unchecked_ref()))),
        );
        for (name, listener) in &listeners {
            source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref()).ok()?;
        }
        Some(Self { source, listeners })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        for (name, listener) in &self.listeners {
            // A listener that is not there needs no removal.
            let _ = self.source.remove_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        self.source.close();
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::testing::{FakeEvents, until_eq};

    fn open(status: RwSignal<LinkStatus>) -> (EventStream, Rc<RefCell<Vec<String>>>) {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let into = Rc::clone(&seen);
        let stream = EventStream::open("/events?of=me", &["call", "other"], status, move |name, data| {
            let data = data.map_or_else(|_| "unreadable".into(), |data: u32| data.to_string());
            into.borrow_mut().push(format!("{name} {data}"));
        });
        (stream, seen)
    }

    #[wasm_bindgen_test]
    async fn events_come_by_name_until_the_stream_is_dropped() {
        let events = FakeEvents::start();
        let status = RwSignal::new(LinkStatus::CLOSED);
        let (stream, seen) = open(status);
        assert_eq!(status.get_untracked().state, LinkState::Connecting);
        events.open();
        assert_eq!(status.get_untracked().state, LinkState::Open);
        events.send("call", 1, "7");
        events.send("unwanted", 2, "8");
        events.send("other", 3, "nine");
        assert_eq!(*seen.borrow(), ["call 7", "other unreadable"]);
        assert!(!events.is_closed());
        drop(stream);
        assert!(events.is_closed());
        assert_eq!(status.get_untracked(), LinkStatus::CLOSED);
        events.send("call", 4, "7");
        assert_eq!(seen.borrow().len(), 2);
    }

    #[wasm_bindgen_test]
    async fn a_loss_is_the_browser_s_to_mend_and_a_refusal_is_not() {
        let events = FakeEvents::start();
        let status = RwSignal::new(LinkStatus::CLOSED);
        let (_stream, seen) = open(status);
        events.open();
        events.send("call", 41, "1");
        events.lose();
        assert_eq!(status.get_untracked().state, LinkState::Reconnecting);
        assert_eq!(events.paths(), ["/events?of=me&after=0"], "the browser sees to it");
        events.open();
        assert_eq!(status.get_untracked().state, LinkState::Open);
        events.refuse();
        assert_eq!(status.get_untracked().detail.as_deref(), Some(REFUSED));
        let paths = ["/events?of=me&after=0", "/events?of=me&after=41"];
        until_eq(&paths[..], || events.paths()).await;
        events.open();
        events.send("call", 42, "2");
        assert_eq!(*seen.borrow(), ["call 1", "call 2"]);
    }
}
