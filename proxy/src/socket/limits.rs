use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Size of what the library writes beside a message: its header and the control frames that come in between.
const CONTROL_BYTES: usize = 64 << 10;

/// Bounds of a socket. The library's own defaults cost 278 KB a relay and admit 64 MiB messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum size of a message that is received, in bytes.
    pub(crate) received: usize,
    /// Maximum size of a message that is sent, in bytes.
    pub(crate) sent: usize,
    /// Size of the read and of the write buffer on each side of a relay, in bytes.
    pub(crate) buffer: usize,
    /// Size of the system's buffer of what is sent, in bytes; its own choice where none is given.
    pub(crate) send_buffer: Option<usize>,
}

impl Limits {
    /// Bounds of CXone's interactions socket, whose messages are texts of some hundred bytes.
    pub(crate) const EVENTS: Self =
        Self { received: 1 << 20, sent: 16 << 10, buffer: 4 << 10, send_buffer: None };
    /// Bounds of a page's interactions socket: what it says is a `resume` at most, what it is sent is CXone's event and its
    /// place in the stream.
    pub(crate) const PAGE: Self =
        Self { received: 4 << 10, sent: (1 << 20) + (4 << 10), buffer: 4 << 10, send_buffer: None };
    /// Bounds of a voice socket on either side. A minute of audio in one message is a prompt that somebody sent whole, and
    /// goes on in parts. At most three frames are read at a time: the buffers are most of a relay's cost, and the library
    /// clears them before every read. The system's buffer would hold minutes of audio for a page that does not read; this one
    /// holds a second, and lets three seconds' worth through in each second over a way of 300 ms.
    pub(crate) const VOICE: Self =
        Self { received: 1 << 20, sent: 4 << 10, buffer: 1 << 10, send_buffer: Some(16 << 10) };

    /// Bounds what the system holds of the bytes that are sent.
    pub(crate) fn bound_send_buffer(self, stream: &TcpStream) {
        if let Some(bytes) = self.send_buffer
            && let Err(error) = SockRef::from(stream).set_send_buffer_size(bytes)
        {
            tracing::debug!(%error, "the system keeps its own size of a socket's send buffer");
        }
    }

    /// Returns the library's settings.
    pub(super) fn config(self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(self.buffer)
            .write_buffer_size(self.buffer)
            .max_write_buffer_size(self.sent + CONTROL_BYTES)
            .max_message_size(Some(self.received))
            .max_frame_size(Some(self.received))
    }
}
