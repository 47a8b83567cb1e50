//! A WebSocket that is kept up: the driver of `shared`'s reconnect machine.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Timeout;
use js_sys::ArrayBuffer;
use shared::{
    link::{CloseClass, Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput},
    wire::LinkStatus,
};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::clock;

/// What a kept socket reports.
pub(crate) enum SocketEvent {
    Opened,
    Text(String),
    Binary(ArrayBuffer),
    /// It was closed, with this code; it will be dialled again unless [`KeptSocket::stop`] is called.
    Closed(u16),
    Status(LinkStatus),
}

/// What happens when the server says that it is done (1000, 1001).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFinished {
    DialAgain,
    Stop,
}

/// A socket that is dialled again when it is lost. Clones are the same socket.
#[derive(Clone)]
pub(crate) struct KeptSocket {
    inner: Rc<RefCell<Inner>>,
    on: Rc<dyn Fn(SocketEvent)>,
}

struct Inner {
    url: String,
    when_finished: WhenFinished,
    machine: Reconnect,
    socket: Option<Dialled>,
    timer: Option<Timeout>,
}

struct Dialled {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Drop for Dialled {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing a closed socket is no failure that anyone could act on.
        let _ = self.socket.close();
    }
}

impl KeptSocket {
    /// A socket that nobody wants yet.
    pub(crate) fn new(url: String, when_finished: WhenFinished, on: impl Fn(SocketEvent) + 'static) -> Self {
        let seed = js_sys::Math::random().to_bits();
        let machine = Reconnect::new(ReconnectConfig::default(), seed);
        let inner = Inner { url, when_finished, machine, socket: None, timer: None };
        Self { inner: Rc::new(RefCell::new(inner)), on: Rc::new(on) }
    }

    pub(crate) fn start(&self) {
        self.handle(ReconnectInput::Start);
    }

    pub(crate) fn stop(&self) {
        self.handle(ReconnectInput::Stop);
    }

    /// Sends text, if the socket is open.
    pub(crate) fn send_text(&self, text: &str) -> bool {
        self.with_open(|socket| socket.send_with_str(text).is_ok())
    }

    /// Sends bytes, if the socket is open.
    pub(crate) fn send_binary(&self, bytes: &ArrayBuffer) -> bool {
        self.with_open(|socket| socket.send_with_array_buffer(bytes).is_ok())
    }

    fn with_open(&self, send: impl FnOnce(&WebSocket) -> bool) -> bool {
        let inner = self.inner.borrow();
        let open = inner.socket.as_ref().filter(|dialled| dialled.socket.ready_state() == WebSocket::OPEN);
        open.is_some_and(|dialled| send(&dialled.socket))
    }

    fn handle(&self, input: ReconnectInput) {
        self.inner.borrow_mut().machine.handle_input(clock::now(), input);
        self.pump();
    }

    fn pump(&self) {
        loop {
            let output = self.inner.borrow_mut().machine.poll_output();
            match output {
                None => break,
                Some(ReconnectOutput::Dial) => self.dial(),
                Some(ReconnectOutput::HangUp) => drop(self.inner.borrow_mut().socket.take()),
                Some(ReconnectOutput::Status(status)) => (self.on)(SocketEvent::Status(status)),
            }
        }
        let due = self.inner.borrow().machine.poll_timeout();
        let timer = due.map(|due| {
            let wait = (due - clock::now()).as_millis() as u32 + 1;
            let this = self.clone();
            Timeout::new(wait, move || {
                this.inner.borrow_mut().machine.handle_timeout(clock::now());
                this.pump();
            })
        });
        self.inner.borrow_mut().timer = timer;
    }

    fn dial(&self) {
        let url = self.inner.borrow().url.clone();
        let Ok(socket) = WebSocket::new(&url) else {
            return self.handle(ReconnectInput::Lost(Loss::Network));
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let this = self.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || {
            (this.on)(SocketEvent::Opened);
            this.handle(ReconnectInput::Opened);
        });
        let on = Rc::clone(&self.on);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let data = message.data();
            match data.dyn_into::<ArrayBuffer>() {
                Ok(bytes) => on(SocketEvent::Binary(bytes)),
                Err(text) => on(SocketEvent::Text(text.as_string().unwrap_or_default())),
            }
        });
        let this = self.clone();
        let on_close =
            Closure::<dyn FnMut(CloseEvent)>::new(move |close: CloseEvent| this.closed(close.code()));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        let dialled = Dialled { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close };
        self.inner.borrow_mut().socket = Some(dialled);
    }

    fn closed(&self, code: u16) {
        // A closure must not be dropped while it runs, so what is left of the socket goes in the next turn.
        let dialled = self.inner.borrow_mut().socket.take();
        Timeout::new(0, move || drop(dialled)).forget();
        (self.on)(SocketEvent::Closed(code));
        let finished = CloseClass::of(Some(code)) == CloseClass::Finished;
        if finished && self.inner.borrow().when_finished == WhenFinished::Stop {
            self.handle(ReconnectInput::Stop);
        } else {
            self.handle(ReconnectInput::Lost(Loss::Closed(Some(code))));
        }
    }
}
