use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message, Utf8Bytes,
        handshake::client::{Request, Response},
        protocol::{CloseFrame, Role},
    },
};

use super::{Broken, Fault, Limits, frames::FrameFollower};

/// Maximum size of a close frame's reason: a control frame's payload has 125 bytes (RFC 6455, section 5.5), two of which
/// are the code.
const MAX_REASON_BYTES: usize = 123;

/// Message that was received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Text.
    Text(Utf8Bytes),
    /// Bytes, such as audio.
    Binary(Bytes),
    /// Ping, which is answered already.
    Ping,
    /// Answer to a ping, with the ping's payload.
    Pong(Bytes),
    /// End of the other side, with a code and a reason unless it gave none.
    Close(Option<(u16, String)>),
}

/// WebSocket over a connection.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    inner: WebSocketStream<Followed<S>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Returns the socket of a connection whose handshake is done and that has brought `received` since.
    pub(super) async fn after_handshake(io: S, received: Vec<u8>, role: Role, limits: Limits) -> Self {
        let mut io = Followed { io, frames: FrameFollower::default() };
        io.frames.follow(&received);
        Self { inner: WebSocketStream::from_partially_read(io, received, role, Some(limits.config())).await }
    }

    /// Sends the request of a handshake, and returns the socket and the answer.
    pub(crate) async fn dial(request: Request, io: S, limits: Limits) -> Result<(Self, Response), Error> {
        let io = Followed { io, frames: FrameFollower::behind_head() };
        let (inner, response) = client_async_with_config(request, io, Some(limits.config())).await?;
        Ok((Self { inner }, response))
    }

    /// Sends a close frame.
    pub(crate) async fn send_close(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        let reason = shortened(reason).into();
        self.inner.send(Message::Close(Some(CloseFrame { code: code.into(), reason }))).await
    }

    /// Tells the other side of its fault, and reads on to its answer or to the connection's end: data that is left unread
    /// would reset the connection, and the close frame might be lost with it.
    pub(crate) async fn send_fault(&mut self, fault: &Fault) -> Result<(), Error> {
        self.send_close(fault.code, &fault.reason).await?;
        let io = self.inner.get_mut();
        let mut unread = [0; 4 << 10];
        while !io.frames.has_closed() && io.read(&mut unread).await? > 0 {}
        Ok(())
    }

    fn received(&self, message: Message) -> Received {
        match message {
            Message::Text(text) => Received::Text(text),
            Message::Binary(bytes) => Received::Binary(bytes),
            Message::Pong(payload) => Received::Pong(payload),
            Message::Close(close) => Received::Close(self.close(close)),
            // Raw frames are only sent.
            Message::Ping(_) | Message::Frame(_) => Received::Ping,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Returns code and reason of a close frame as they came; as the library has them where the frames could not be followed.
    fn close(&self, close: Option<CloseFrame>) -> Option<(u16, String)> {
        let frames = &self.inner.get_ref().frames;
        if frames.has_closed() {
            frames.close()
        } else {
            close.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned()))
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Socket<S> {
    type Item = Result<Received, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = ready!(self.inner.poll_next_unpin(context));
        Poll::Ready(message.map(|message| match message {
            Ok(message) => Ok(self.received(message)),
            Err(error) => Err(Broken::new(error)),
        }))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Socket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready_unpin(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.inner.start_send_unpin(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_flush_unpin(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_close_unpin(context)
    }
}

/// Connection whose incoming frames are followed.
#[derive(Debug)]
struct Followed<S> {
    io: S,
    frames: FrameFollower,
}

impl<S: AsyncRead + Unpin> AsyncRead for Followed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        self.frames.follow(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Followed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// Returns as much of `text` as a close frame holds.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_REASON_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(shortened(&"ä".repeat(100)).len(), 122);
        assert_eq!(shortened("short"), "short");
    }
}
