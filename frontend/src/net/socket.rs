//! A WebSocket that is kept up: the driver of `shared`'s reconnect machine.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Timeout;
use shared::{
    link::{CloseClass, Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput},
    wire::LinkStatus,
};

use super::line::{Dial, Line, LineEvent, Packet};
use crate::clock;

/// What a kept socket reports.
pub(crate) enum SocketEvent {
    Opened,
    Text(String),
    Binary(Packet),
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
    dial: Rc<dyn Dial>,
    on: Rc<dyn Fn(SocketEvent)>,
}

struct Inner {
    url: String,
    when_finished: WhenFinished,
    machine: Reconnect,
    line: Option<Box<dyn Line>>,
    timer: Option<Timeout>,
}

impl KeptSocket {
    /// A socket that nobody wants yet.
    pub(crate) fn new(
        dial: impl Dial + 'static,
        url: String,
        when_finished: WhenFinished,
        on: impl Fn(SocketEvent) + 'static,
    ) -> Self {
        let seed = js_sys::Math::random().to_bits();
        let machine = Reconnect::new(ReconnectConfig::default(), seed);
        let inner = Inner { url, when_finished, machine, line: None, timer: None };
        Self { inner: Rc::new(RefCell::new(inner)), dial: Rc::new(dial), on: Rc::new(on) }
    }

    pub(crate) fn start(&self) {
        self.handle(ReconnectInput::Start);
    }

    pub(crate) fn stop(&self) {
        self.handle(ReconnectInput::Stop);
    }

    /// Sends text, if the socket is open.
    pub(crate) fn send_text(&self, text: &str) -> bool {
        self.inner.borrow().line.as_ref().is_some_and(|line| line.send_text(text))
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
                Some(ReconnectOutput::HangUp) => drop(self.inner.borrow_mut().line.take()),
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
        let this = self.clone();
        let line = self.dial.dial(&url, Rc::new(move |event| this.heard(event)));
        let dialled = line.is_some();
        self.inner.borrow_mut().line = line;
        if !dialled {
            self.handle(ReconnectInput::Lost(Loss::Network));
        }
    }

    fn heard(&self, event: LineEvent) {
        match event {
            LineEvent::Opened => {
                (self.on)(SocketEvent::Opened);
                self.handle(ReconnectInput::Opened);
            }
            LineEvent::Text(text) => (self.on)(SocketEvent::Text(text)),
            LineEvent::Binary(packet) => (self.on)(SocketEvent::Binary(packet)),
            LineEvent::Closed(code) => self.closed(code),
        }
    }

    fn closed(&self, code: u16) {
        // What calls this must not be dropped while it runs, so the line goes in the next turn.
        let line = self.inner.borrow_mut().line.take();
        Timeout::new(0, move || drop(line)).forget();
        (self.on)(SocketEvent::Closed(code));
        let finished = CloseClass::of(Some(code)) == CloseClass::Finished;
        if finished && self.inner.borrow().when_finished == WhenFinished::Stop {
            self.handle(ReconnectInput::Stop);
        } else {
            self.handle(ReconnectInput::Lost(Loss::Closed(Some(code))));
        }
    }
}
