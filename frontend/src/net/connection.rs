//! WebSockets that are opened in this thread, or in another.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// An event of a connection's.
pub(crate) enum ConnectionEvent {
    Opened,
    Text(String),
    /// A binary message of so many bytes.
    Binary(u32),
    /// It was closed, or never opened, after so many bytes of binary messages.
    Closed {
        code: u16,
        received: u64,
    },
}

/// A way to open connections.
pub(crate) trait Connector {
    /// Opens a connection. `on` is called with its events until it is dropped, which closes it. Returns `None` when it cannot
    /// even be tried.
    fn connect(&self, url: &str, on: Rc<dyn Fn(ConnectionEvent)>) -> Option<Box<dyn Connection>>;
}

/// A WebSocket, open or about to be.
pub(crate) trait Connection {
    /// Sends text. Returns false when the socket is not open, or not for text.
    fn send_text(&self, text: &str) -> bool;
}

/// Connects in this thread. It is for text: of binary messages only the size is reported.
pub(crate) struct DirectConnector;

struct DirectConnection {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Connector for DirectConnector {
    fn connect(&self, url: &str, on: Rc<dyn Fn(ConnectionEvent)>) -> Option<Box<dyn Connection>> {
        let socket = WebSocket::new(url).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let tell = Rc::clone(&on);
        let on_open = Closure::<dyn FnMut()>::new(move || tell(ConnectionEvent::Opened));
        let tell = Rc::clone(&on);
        let received = Rc::new(Cell::new(0u64));
        let count = Rc::clone(&received);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let data = message.data();
            tell(match data.dyn_into::<js_sys::ArrayBuffer>() {
                Ok(bytes) => {
                    count.set(count.get() + u64::from(bytes.byte_length()));
                    ConnectionEvent::Binary(bytes.byte_length())
                }
                Err(text) => ConnectionEvent::Text(text.as_string().unwrap_or_default()),
            });
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |close: CloseEvent| {
            on(ConnectionEvent::Closed { code: close.code(), received: received.get() });
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Box::new(DirectConnection {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        }))
    }
}

impl Connection for DirectConnection {
    fn send_text(&self, text: &str) -> bool {
        self.socket.ready_state() == WebSocket::OPEN && self.socket.send_with_str(text).is_ok()
    }
}

impl Drop for DirectConnection {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing a closed socket is no failure that anyone could act on.
        let _ = self.socket.close();
    }
}
