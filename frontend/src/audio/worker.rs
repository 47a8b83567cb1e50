//! The voice stream's own thread, a worker: its socket, and the audio thread beside it.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Event, MessageChannel, MessageEvent, MessagePort, Worker};

use super::{
    asset::asset,
    message::{WorkerCommand, WorkerMessage},
};
use crate::net::connection::{Connection, ConnectionEvent, Connector};

/// The close code of a connection that was lost without one.
const CLOSE_ABNORMAL: u16 = 1006;

/// Connects in the worker, where audio passes by the page's own thread. Clones are the same worker, which has one connection
/// at a time.
#[derive(Clone, Default)]
pub(crate) struct VoiceWorker {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// `None` inside where the browser has no workers.
    worker: OnceCell<Option<Running>>,
    present: RefCell<Option<Listener>>,
    last_number: Cell<u32>,
}

struct Running {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

#[derive(Clone)]
struct Listener {
    /// The number of the connection that is listened to.
    number: u32,
    on: Rc<dyn Fn(ConnectionEvent)>,
}

/// A connection in the worker.
struct WorkerConnection {
    voice: VoiceWorker,
    number: u32,
}

impl VoiceWorker {
    /// Connects the worker with the audio thread. Returns the port that the audio thread is to be sent.
    pub(super) fn join(&self) -> Result<MessagePort, JsValue> {
        let channel = MessageChannel::new()?;
        let running = self.running().ok_or_else(|| js_sys::Error::new("this browser has no workers"))?;
        let port = channel.port2();
        let message = WorkerCommand::Join(&port).to_message();
        running.worker.post_message_with_transfer(&message, &Array::of1(&port))?;
        Ok(channel.port1())
    }

    fn running(&self) -> Option<&Running> {
        self.inner.worker.get_or_init(|| self.start().ok()).as_ref()
    }

    fn start(&self) -> Result<Running, JsValue> {
        let worker = Worker::new(&asset("voice-socket.js")?)?;
        let inner = Rc::downgrade(&self.inner);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(inner) = inner.upgrade() {
                inner.receive(&message.data());
            }
        });
        let inner = Rc::downgrade(&self.inner);
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| {
            if let Some(listener) = inner.upgrade().and_then(|inner| inner.present.borrow().clone()) {
                (listener.on)(ConnectionEvent::Closed { code: CLOSE_ABNORMAL, received: 0 });
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Running { worker, _on_message: on_message, _on_error: on_error })
    }

    fn post(&self, command: &WorkerCommand<'_>) -> bool {
        self.running().is_some_and(|running| running.worker.post_message(&command.to_message()).is_ok())
    }
}

impl Inner {
    fn receive(&self, message: &JsValue) {
        let Some((number, message)) = WorkerMessage::read(message) else { return };
        // An earlier connection's last words may come after the next was asked for.
        let listener = self.present.borrow().clone().filter(|listener| listener.number == number);
        let Some(listener) = listener else { return };
        (listener.on)(match message {
            WorkerMessage::Opened => ConnectionEvent::Opened,
            WorkerMessage::Text(text) => ConnectionEvent::Text(text),
            WorkerMessage::Closed { code, received } => ConnectionEvent::Closed { code, received },
        });
    }
}

impl Connector for VoiceWorker {
    fn connect(&self, url: &str, on: Rc<dyn Fn(ConnectionEvent)>) -> Option<Box<dyn Connection>> {
        let number = self.inner.last_number.get() + 1;
        self.inner.last_number.set(number);
        self.inner.present.replace(Some(Listener { number, on }));
        let connection = WorkerConnection { voice: self.clone(), number };
        self.post(&WorkerCommand::Connect { url, number })
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
        let mut present = self.voice.inner.present.borrow_mut();
        if present.as_ref().is_some_and(|listener| listener.number == self.number) {
            *present = None;
        }
        drop(present);
        self.voice.post(&WorkerCommand::Close { number: self.number });
    }
}
