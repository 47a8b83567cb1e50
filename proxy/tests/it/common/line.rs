//! A socket's end that answers whatever its test does.

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::sync::mpsc;

/// A socket that is read all the time, so that pings and closes are answered. Dropped, it ends without a close frame.
pub struct Line<M> {
    received: mpsc::UnboundedReceiver<M>,
    sends: mpsc::Sender<M>,
}

impl<M: Send + 'static> Line<M> {
    /// A line over a socket; a half-open one is not read behind its first message.
    pub fn open<E: Send + 'static>(
        socket: impl Stream<Item = Result<M, E>> + Sink<M> + Unpin + Send + 'static,
        is_half_open: bool,
    ) -> Self {
        let (inbox, received) = mpsc::unbounded_channel();
        let (sends, outbox) = mpsc::channel(1);
        tokio::spawn(serve(socket, is_half_open, inbox, outbox));
        Self { received, sends }
    }

    /// The next message; None at the connection's end.
    pub async fn recv(&mut self) -> Option<M> {
        self.received.recv().await
    }

    pub async fn send(&self, message: M) {
        assert!(self.sends.send(message).await.is_ok(), "the socket has ended");
    }
}

async fn serve<M, E>(
    mut socket: impl Stream<Item = Result<M, E>> + Sink<M> + Unpin,
    is_half_open: bool,
    inbox: mpsc::UnboundedSender<M>,
    mut outbox: mpsc::Receiver<M>,
) {
    let mut is_read = true;
    loop {
        tokio::select! {
            message = socket.next(), if is_read => {
                let Some(Ok(message)) = message else { return };
                let _ = inbox.send(message);
                is_read = !is_half_open;
            }
            message = outbox.recv() => {
                let Some(message) = message else { return };
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}
