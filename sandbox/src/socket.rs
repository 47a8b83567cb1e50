//! The loop of a WebSocket: messages both ways, pings, the detection of dead peers, faults, and the close.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocketUpgrade};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    close::Close,
    faults::{FaultKind, FaultPoint, Faults},
    oauth::Tokens,
    services::Service,
};

/// The parts of the stand-in that sockets use.
#[derive(Debug)]
pub(crate) struct SocketContext {
    pub(crate) faults: Arc<Faults>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) ping_interval: Duration,
    pub(crate) dead_after: Duration,
}

/// The part of a socket's loop that depends on its service.
pub(crate) trait SocketHandler: Send {
    /// Point of its faults.
    const POINT: FaultPoint;
    /// Service that it belongs to.
    const SERVICE: Service;

    /// Returns the next message to send, or the close frame to end with. Cancel safe.
    fn next_message(&mut self) -> impl Future<Output = Result<Message, Close>> + Send;

    /// Handles a text or binary message of the peer.
    fn handle_message(&mut self, message: Message) -> impl Future<Output = Result<(), Close>> + Send;

    /// Returns messages that no client can use, for [`FaultKind::Garbage`].
    fn garbage(&self) -> Vec<Message>;
}

/// Reduces the buffers of a socket, whose defaults are too large for many sockets.
pub(crate) fn with_small_buffers(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    const BUFFER_BYTES: usize = 4 * 1024;
    const MAX_MESSAGE_BYTES: usize = 64 * 1024;
    upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MAX_MESSAGE_BYTES * 4)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
}

/// Runs a socket until it has ended.
pub(crate) async fn serve<S, H>(mut socket: S, context: &SocketContext, handler: &mut H)
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin + Send,
    H: SocketHandler,
{
    let opened = Instant::now();
    let mut last_message = opened;
    let mut pings = tokio::time::interval_at(opened + context.ping_interval, context.ping_interval);
    let mut planned =
        context.faults.planned_socket_fault(H::POINT).map(|(after, kind)| (opened + after, kind));
    let planned_at = |planned: &Option<(Instant, FaultKind)>| planned.as_ref().map(|(at, _)| *at);
    loop {
        let plan = planned_at(&planned);
        let step = tokio::select! {
            // Shutdown and faults go first, or a busy socket would never end.
            biased;
            () = context.shutdown.cancelled() => Step::Close(Close::new(1001, "the sandbox stops")),
            kind = context.faults.socket_fault(H::POINT, H::SERVICE, opened) => Step::Fault(kind),
            () = sleep_until(plan.unwrap_or(opened)), if plan.is_some() => {
                Step::Fault(planned.take().expect("the arm is enabled by it").1)
            }
            () = sleep_until(last_message + context.dead_after) => Step::Gone,
            // The peer's messages go before ours, because a digit interrupts a prompt.
            message = socket.next() => {
                last_message = Instant::now();
                match message {
                    Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => match handler.handle_message(message).await {
                        Ok(()) => continue,
                        Err(close) => Step::Close(close),
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_))) => Step::PeerCloses,
                    Some(Err(_)) | None => Step::Gone,
                }
            }
            _ = pings.tick() => Step::Send(Message::Ping(bytes::Bytes::new())),
            message = handler.next_message() => message.map_or_else(Step::Close, Step::Send),
        };
        let messages = match step {
            Step::Send(message) => vec![message],
            Step::Close(close) => return close_with(socket, close).await,
            Step::PeerCloses => {
                let _ = timeout(CLOSE_TIMEOUT, drain(&mut socket)).await;
                return;
            }
            Step::Gone | Step::Fault(FaultKind::Drop) => return,
            Step::Fault(FaultKind::Close { code }) => {
                return close_with(socket, Close::new(code, "sandbox fault")).await;
            }
            Step::Fault(FaultKind::HalfOpen) => return context.shutdown.cancelled().await,
            Step::Fault(FaultKind::ExpireTokens) => {
                context.tokens.revoke_all();
                return close_with(socket, Close::new(1008, "the access token has expired")).await;
            }
            Step::Fault(FaultKind::Garbage) => handler.garbage(),
            // Not faults of open sockets: see `Faults::socket_fault`.
            Step::Fault(
                FaultKind::Status { .. }
                | FaultKind::Slow { .. }
                | FaultKind::LoseAnswer
                | FaultKind::Impair(_)
                | FaultKind::FailRun { .. }
                | FaultKind::NeverEnds
                | FaultKind::Skew { .. }
                | FaultKind::Double
                | FaultKind::Forge,
            ) => Vec::new(),
        };
        for message in messages {
            if !matches!(timeout(context.dead_after, socket.send(message)).await, Ok(Ok(()))) {
                return;
            }
        }
    }
}

enum Step {
    Send(Message),
    Close(Close),
    Fault(FaultKind),
    /// The peer closes.
    PeerCloses,
    /// The peer is dead or the connection lost.
    Gone,
}

/// Maximum time for a peer to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends a close frame and waits for the peer's.
async fn close_with<S>(mut socket: S, close: Close)
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin,
{
    let frame = CloseFrame { code: close.code, reason: close.reason.into() };
    let _ = timeout(CLOSE_TIMEOUT, async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            drain(&mut socket).await;
        }
    })
    .await;
}

/// Reads until the peer closes or the connection is lost.
async fn drain(socket: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin)) {
    while let Some(Ok(_)) = socket.next().await {}
}
