//! What a relay needs of a message, whichever library reads it.

use axum::extract::ws;
use bytes::Bytes;
use tokio_tungstenite::tungstenite;

/// A message as a relay of bytes sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Audio.
    Audio(Bytes),
    /// Text, of which there should be none.
    Text,
    /// The other side is done, with a code and a reason unless it gave none.
    Close(Option<(u16, String)>),
    /// A ping or a pong: a sign of life.
    Alive,
}

/// A message of either library.
pub(crate) trait SocketMessage: Sized {
    fn heard(self) -> Heard;
    fn audio(bytes: Bytes) -> Self;
    fn ping() -> Self;
    fn close(end: Option<(u16, String)>) -> Self;
}

impl SocketMessage for ws::Message {
    fn heard(self) -> Heard {
        match self {
            Self::Binary(bytes) => Heard::Audio(bytes),
            Self::Text(_) => Heard::Text,
            Self::Close(frame) => {
                Heard::Close(frame.map(|frame| (frame.code, frame.reason.as_str().to_owned())))
            }
            Self::Ping(_) | Self::Pong(_) => Heard::Alive,
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
    fn heard(self) -> Heard {
        match self {
            Self::Binary(bytes) => Heard::Audio(bytes),
            Self::Text(_) => Heard::Text,
            Self::Close(frame) => {
                Heard::Close(frame.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned())))
            }
            Self::Ping(_) | Self::Pong(_) | Self::Frame(_) => Heard::Alive,
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
