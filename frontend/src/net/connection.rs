//! How a socket is reached: from this thread, or from another.

use std::rc::Rc;

use shared::time::Instant;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::clock;

/// What becomes of a socket.
pub(crate) enum ConnectionEvent {
    Opened,
    Text(String),
    Binary(Packet),
    /// It was closed, or never opened, with this code.
    Closed(u16),
}

/// A binary message, but for its content.
#[derive(Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) bytes: u32,
    pub(crate) at: Instant,
}

/// A way to dial.
pub(crate) trait Connector {
    /// Dials. `on` is told what becomes of it until the connection is dropped, which closes it. None where it cannot even be tried.
    fn connect(&self, url: &str, on: Rc<dyn Fn(ConnectionEvent)>) -> Option<Box<dyn Connection>>;
}

/// A socket that was dialled.
pub(crate) trait Connection {
    /// Sends text, if the socket is open and for text.
    fn send_text(&self, text: &str) -> bool;
}

/// Dials from this thread. For text: of binary messages only the size is told.
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
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let data = message.data();
            tell(match data.dyn_into::<js_sys::ArrayBuffer>() {
                Ok(bytes) => ConnectionEvent::Binary(Packet { bytes: bytes.byte_length(), at: clock::now() }),
                Err(text) => ConnectionEvent::Text(text.as_string().unwrap_or_default()),
            });
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |close: CloseEvent| {
            on(ConnectionEvent::Closed(close.code()));
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
