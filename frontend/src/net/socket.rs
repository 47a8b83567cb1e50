//! A WebSocket that is opened again when it is lost: the driver of `shared`'s reconnect machine.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Timeout;
use jobs::{Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
use wire::api::LinkStatus;

use super::connection::{Connection, ConnectionEvent, Connector};
use crate::clock;

/// An event of a reconnecting socket's.
pub(crate) enum SocketEvent {
    Opened,
    Text(String),
    /// A binary message of so many bytes.
    Binary(u32),
    /// It was closed after so many bytes of binary messages; it is opened again unless [`ReconnectingSocket::stop`] is called.
    Closed {
        code: u16,
        received: u64,
    },
    Status(LinkStatus),
}

/// Close code of a server that is done. One that goes away (1001) may come back, and its call with it.
pub(crate) const NORMAL_CLOSURE: u16 = 1000;

/// The reaction to a server that says that it is done (1000).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFinish {
    Reconnect,
    Stop,
}

/// A socket that is opened again when it is lost. Clones are the same socket.
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
    /// Makes a socket that is not opened before [`Self::start`].
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

    /// Sends text. Returns false when the socket is not open.
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
            ConnectionEvent::Binary(bytes) => (self.on)(SocketEvent::Binary(bytes)),
            ConnectionEvent::Closed { code, received } => self.closed(code, received),
        }
    }

    fn closed(&self, code: u16, received: u64) {
        // What calls this must not be dropped while it runs, so it is dropped in the next turn.
        let connection = self.inner.borrow_mut().connection.take();
        Timeout::new(0, move || drop(connection)).forget();
        (self.on)(SocketEvent::Closed { code, received });
        if code == NORMAL_CLOSURE && self.inner.borrow().after_finish == AfterFinish::Stop {
            self.handle(ReconnectInput::Stop);
        } else {
            self.handle(ReconnectInput::Lost(Loss::Closed(Some(code))));
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use std::cell::Cell;

    use super::*;
    use crate::testing::until;

    type Listener = Rc<dyn Fn(ConnectionEvent)>;

    /// Connections that the test decides about.
    #[derive(Clone, Default)]
    struct Fake {
        events: Rc<RefCell<Option<Listener>>>,
        attempts: Rc<Cell<u32>>,
        open: Rc<Cell<u32>>,
    }

    struct FakeConnection(Fake);

    impl Connector for Fake {
        fn connect(&self, _: &str, on: Rc<dyn Fn(ConnectionEvent)>) -> Option<Box<dyn Connection>> {
            self.attempts.set(self.attempts.get() + 1);
            self.events.replace(Some(on));
            self.open.set(self.open.get() + 1);
            Some(Box::new(FakeConnection(self.clone())))
        }
    }

    impl Connection for FakeConnection {
        fn send_text(&self, text: &str) -> bool {
            text == "ping"
        }
    }

    impl Drop for FakeConnection {
        fn drop(&mut self) {
            self.0.open.set(self.0.open.get() - 1);
        }
    }

    impl Fake {
        fn say(&self, event: ConnectionEvent) {
            let on = self.events.borrow().clone().expect("it was connected");
            on(event);
        }
    }

    fn socket(after_finish: AfterFinish) -> (Fake, ReconnectingSocket, Rc<RefCell<Vec<u16>>>) {
        let (fake, closed) = (Fake::default(), Rc::new(RefCell::new(Vec::new())));
        let codes = Rc::clone(&closed);
        let socket =
            ReconnectingSocket::new(fake.clone(), "ws://nowhere".into(), after_finish, move |event| {
                if let SocketEvent::Closed { code, .. } = event {
                    codes.borrow_mut().push(code);
                }
            });
        socket.start();
        (fake, socket, closed)
    }

    #[wasm_bindgen_test]
    async fn a_lost_connection_is_opened_again_and_a_stopped_one_is_not() {
        let (fake, socket, closed) = socket(AfterFinish::Stop);
        assert!(socket.send_text("ping"), "the connection takes it");
        fake.say(ConnectionEvent::Opened);
        fake.say(ConnectionEvent::Closed { code: 1006, received: 0 });
        until("another attempt", || fake.attempts.get() == 2).await;
        until("one connection", || fake.open.get() == 1).await;
        fake.say(ConnectionEvent::Opened);
        fake.say(ConnectionEvent::Closed { code: 1000, received: 0 });
        until("no connection", || fake.open.get() == 0).await;
        assert_eq!(*closed.borrow(), [1006, 1000]);
        assert!(!socket.send_text("ping"));
        assert!(socket.inner.borrow().timer.is_none(), "nothing is tried again");
    }

    #[wasm_bindgen_test]
    async fn a_server_that_is_done_is_asked_again_where_that_is_wanted() {
        let (fake, socket, _) = socket(AfterFinish::Reconnect);
        fake.say(ConnectionEvent::Opened);
        fake.say(ConnectionEvent::Closed { code: 1001, received: 0 });
        until("another attempt", || fake.attempts.get() == 2).await;
        socket.stop();
        until("no connection", || fake.open.get() == 0).await;
    }
}
