//! Messages of sockets, whichever library reads them.

use axum::extract::ws;
use bytes::Bytes;
use tokio_tungstenite::tungstenite;

/// A message, as far as a relay of bytes distinguishes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Audio bytes.
    Audio(Bytes),
    /// Text, of which there should be none.
    Text,
    /// End of the other side, with a code and a reason unless it gave none.
    Close(Option<(u16, String)>),
    /// Ping or pong: a sign of life.
    Alive,
}

/// Message of a WebSocket library.
pub(crate) trait SocketMessage: Sized {
    /// Returns what was received.
    fn into_received(self) -> Received;
    /// Returns a message of audio.
    fn audio(bytes: Bytes) -> Self;
    /// Returns a ping.
    fn ping() -> Self;
    /// Returns a close frame with a code and a reason.
    fn close(end: Option<(u16, String)>) -> Self;
}

impl SocketMessage for ws::Message {
    fn into_received(self) -> Received {
        match self {
            Self::Binary(bytes) => Received::Audio(bytes),
            Self::Text(_) => Received::Text,
            Self::Close(frame) => {
                Received::Close(frame.map(|frame| (frame.code, frame.reason.as_str().to_owned())))
            }
            Self::Ping(_) | Self::Pong(_) => Received::Alive,
        }
    }

    fn audio(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }

    fn ping() -> Self {
        Self::Ping(Bytes::new())
    }

    fn close(end: Option<(u16, String)>) -> Self {
        Self::Close(end.map(|(code, reason)| ws::CloseFrame { code, reason: reason.into() }))
    }
}

impl SocketMessage for tungstenite::Message {
    fn into_received(self) -> Received {
        match self {
            Self::Binary(bytes) => Received::Audio(bytes),
            Self::Text(_) => Received::Text,
            Self::Close(frame) => {
                Received::Close(frame.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned())))
            }
            Self::Ping(_) | Self::Pong(_) | Self::Frame(_) => Received::Alive,
        }
    }

    fn audio(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }

    fn ping() -> Self {
        Self::Ping(Bytes::new())
    }

    fn close(end: Option<(u16, String)>) -> Self {
        Self::Close(end.map(|(code, reason)| tungstenite::protocol::CloseFrame {
            code: code.into(),
            reason: reason.into(),
        }))
    }
}
