//! The voice stream's own thread, a worker: its socket, and the audio thread beside it.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use js_sys::Array;
use shared::time::Instant;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Event, MessageChannel, MessageEvent, MessagePort, Worker};

use super::engine::asset;
use crate::{
    js::{field, object},
    net::connection::{Connection, ConnectionEvent, Connector, Packet},
};

/// What a socket gets that was lost without a word.
const ABNORMAL: u16 = 1006;

/// Dials in the worker, where audio passes by the page's own thread. Clones are the same worker, which has one line at a time.
#[derive(Clone, Default)]
pub(crate) struct VoiceWorker {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// None where the browser has no workers.
    worker: OnceCell<Option<Running>>,
    dialled: RefCell<Option<Dialled>>,
    last: Cell<u32>,
}

struct Running {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

#[derive(Clone)]
struct Dialled {
    number: u32,
    on: Rc<dyn Fn(ConnectionEvent)>,
}

/// A line that was dialled.
struct WorkerConnection {
    voice: VoiceWorker,
    number: u32,
}

impl VoiceWorker {
    /// Joins the socket and the audio thread; what the audio thread is to be sent for it, and along with it.
    pub(super) fn join(&self) -> Result<(JsValue, Array), JsValue> {
        let channel = MessageChannel::new()?;
        let join =
            |port: &MessagePort| (object(&[("kind", &"join".into()), ("port", port)]), Array::of1(port));
        let (message, with) = join(&channel.port2());
        let running = self.running().ok_or_else(|| js_sys::Error::new("this browser has no workers"))?;
        running.worker.post_message_with_transfer(&message, &with)?;
        let (message, with) = join(&channel.port1());
        Ok((message.into(), with))
    }

    fn running(&self) -> Option<&Running> {
        self.inner.worker.get_or_init(|| self.start().ok()).as_ref()
    }

    fn start(&self) -> Result<Running, JsValue> {
        let worker = Worker::new(&asset("voice-socket.js")?)?;
        let inner = Rc::downgrade(&self.inner);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(inner) = inner.upgrade() {
                inner.heard(&message.data());
            }
        });
        let inner = Rc::downgrade(&self.inner);
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| {
            if let Some(dialled) = inner.upgrade().and_then(|inner| inner.dialled.borrow().clone()) {
                (dialled.on)(ConnectionEvent::Closed(ABNORMAL));
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Running { worker, _on_message: on_message, _on_error: on_error })
    }

    fn post(&self, fields: &[(&str, &JsValue)]) -> bool {
        self.running().is_some_and(|running| running.worker.post_message(&object(fields)).is_ok())
    }
}

impl Inner {
    fn heard(&self, message: &JsValue) {
        let field = |name: &str| field(message, name);
        let number = |name: &str| field(name).as_f64().unwrap_or_default();
        // An earlier line's last words may come after the next was dialled.
        let dialled =
            self.dialled.borrow().clone().filter(|dialled| dialled.number == number("number") as u32);
        let Some(dialled) = dialled else { return };
        let event = match field("kind").as_string().as_deref() {
            Some("opened") => ConnectionEvent::Opened,
            Some("text") => ConnectionEvent::Text(field("text").as_string().unwrap_or_default()),
            Some("packet") => ConnectionEvent::Binary(Packet {
                bytes: number("bytes") as u32,
                at: Instant::from_millis_f64(number("at")),
            }),
            Some("closed") => ConnectionEvent::Closed(number("code") as u16),
            _ => return,
        };
        (dialled.on)(event);
    }
}

impl Connector for VoiceWorker {
    fn connect(&self, url: &str, on: Rc<dyn Fn(ConnectionEvent)>) -> Option<Box<dyn Connection>> {
        let number = self.inner.last.get() + 1;
        self.inner.last.set(number);
        self.inner.dialled.replace(Some(Dialled { number, on }));
        let connection = WorkerConnection { voice: self.clone(), number };
        self.post(&[("kind", &"dial".into()), ("url", &url.into()), ("number", &number.into())])
            .then(|| Box::new(connection) as Box<dyn Connection>)
    }
}

impl Connection for WorkerConnection {
    /// Voice has no text.
    fn send_text(&self, _: &str) -> bool {
        false
    }
}

impl Drop for WorkerConnection {
    fn drop(&mut self) {
        let mut dialled = self.voice.inner.dialled.borrow_mut();
        if dialled.as_ref().is_some_and(|dialled| dialled.number == self.number) {
            *dialled = None;
        }
        self.voice.post(&[("kind", &"hangUp".into()), ("number", &self.number.into())]);
    }
}
