//! A WebSocket that is kept up: the driver of `shared`'s reconnect machine.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Timeout;
use shared::{
    link::{CloseClass, Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput},
    wire::LinkStatus,
};

use super::connection::{Connection, ConnectionEvent, Connector, Packet};
use crate::clock;

/// What a kept socket reports.
pub(crate) enum SocketEvent {
    Opened,
    Text(String),
    Binary(Packet),
    /// It was closed, with this code; it will be dialled again unless [`ReconnectingSocket::stop`] is called.
    Closed(u16),
    Status(LinkStatus),
}

/// What happens when the server says that it is done (1000, 1001).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFinish {
    Reconnect,
    Stop,
}

/// A socket that is dialled again when it is lost. Clones are the same socket.
#[derive(Clone)]
pub(crate) struct ReconnectingSocket {
    inner: Rc<RefCell<Inner>>,
    connector: Rc<dyn Connector>,
    on: Rc<dyn Fn(SocketEvent)>,
}

struct Inner {
    url: String,
    after_finish: AfterFinish,
    machine: Reconnect,
    connection: Option<Box<dyn Connection>>,
    timer: Option<Timeout>,
}

impl ReconnectingSocket {
    /// A socket that nobody wants yet.
    pub(crate) fn new(
        connector: impl Connector + 'static,
        url: String,
        after_finish: AfterFinish,
        on: impl Fn(SocketEvent) + 'static,
    ) -> Self {
        let seed = js_sys::Math::random().to_bits();
        let machine = Reconnect::new(ReconnectConfig::default(), seed);
        let inner = Inner { url, after_finish, machine, connection: None, timer: None };
        Self { inner: Rc::new(RefCell::new(inner)), connector: Rc::new(connector), on: Rc::new(on) }
    }

    pub(crate) fn start(&self) {
        self.handle(ReconnectInput::Start);
    }

    pub(crate) fn stop(&self) {
        self.handle(ReconnectInput::Stop);
    }

    /// Sends text, if the socket is open.
    pub(crate) fn send_text(&self, text: &str) -> bool {
        self.inner.borrow().connection.as_ref().is_some_and(|connection| connection.send_text(text))
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
                Some(ReconnectOutput::Dial) => self.connect(),
                Some(ReconnectOutput::HangUp) => drop(self.inner.borrow_mut().connection.take()),
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

    fn connect(&self) {
        let url = self.inner.borrow().url.clone();
        let this = self.clone();
        let connection = self.connector.connect(&url, Rc::new(move |event| this.handle_event(event)));
        let started = connection.is_some();
        self.inner.borrow_mut().connection = connection;
        if !started {
            self.handle(ReconnectInput::Lost(Loss::Network));
        }
    }

    fn handle_event(&self, event: ConnectionEvent) {
        match event {
            ConnectionEvent::Opened => {
                (self.on)(SocketEvent::Opened);
                self.handle(ReconnectInput::Opened);
            }
            ConnectionEvent::Text(text) => (self.on)(SocketEvent::Text(text)),
            ConnectionEvent::Binary(packet) => (self.on)(SocketEvent::Binary(packet)),
            ConnectionEvent::Closed(code) => self.closed(code),
        }
    }

    fn closed(&self, code: u16) {
        // What calls this must not be dropped while it runs, so it is dropped in the next turn.
        let connection = self.inner.borrow_mut().connection.take();
        Timeout::new(0, move || drop(connection)).forget();
        (self.on)(SocketEvent::Closed(code));
        let finished = CloseClass::of(Some(code)) == CloseClass::Finished;
        if finished && self.inner.borrow().after_finish == AfterFinish::Stop {
            self.handle(ReconnectInput::Stop);
        } else {
            self.handle(ReconnectInput::Lost(Loss::Closed(Some(code))));
        }
    }
}
