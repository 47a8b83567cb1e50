//! What both kinds of socket have in common: pings, death by silence, faults, and leaving.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocketUpgrade};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    close::Close,
    faults::{Faults, Kind, Point},
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

/// What a socket is for.
pub(crate) trait Purpose: Send {
    /// Where its faults strike, and whose it is.
    const POINT: Point;
    /// Whose it is.
    const SERVICE: Service;

    /// The next message to send, or why to close. Cancel safe.
    fn outgoing(&mut self) -> impl Future<Output = Result<Message, Close>> + Send;

    /// Takes a text or binary message.
    fn incoming(&mut self, message: Message) -> impl Future<Output = Result<(), Close>> + Send;

    /// Messages that make no sense.
    fn garbage(&self) -> Vec<Message>;
}

/// DESIGN: tungstenite's own buffers are far too large for many sockets.
pub(crate) fn modest(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    const BUFFER: usize = 4 * 1024;
    const MAX_MESSAGE: usize = 64 * 1024;
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(MAX_MESSAGE * 4)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
}

/// Serves a socket until it ends, one way or another.
pub(crate) async fn serve<S, P>(mut socket: S, context: &SocketContext, purpose: &mut P)
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin + Send,
    P: Purpose,
{
    let opened = Instant::now();
    let mut heard = opened;
    let mut pings = tokio::time::interval_at(opened + context.ping_interval, context.ping_interval);
    let mut planned = context.faults.planned_for_socket(P::POINT).map(|(after, kind)| (opened + after, kind));
    let struck_at = |planned: &Option<(Instant, Kind)>| planned.as_ref().map(|(at, _)| *at);
    loop {
        let plan = struck_at(&planned);
        let step = tokio::select! {
            // Leaving goes before everything, or a busy socket would never leave.
            biased;
            () = context.shutdown.cancelled() => Step::Close(Close::new(1001, "the sandbox stops")),
            kind = context.faults.for_socket(P::POINT, P::SERVICE, opened) => Step::Fault(kind),
            () = sleep_until(plan.unwrap_or(opened)), if plan.is_some() => {
                Step::Fault(planned.take().expect("it was there when the arm was armed").1)
            }
            () = sleep_until(heard + context.dead_after) => Step::Gone,
            // A peer's message before our own: a digit cuts a prompt.
            message = socket.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => match purpose.incoming(message).await {
                        Ok(()) => continue,
                        Err(close) => Step::Close(close),
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_))) => Step::Leave,
                    Some(Err(_)) | None => Step::Gone,
                }
            }
            _ = pings.tick() => Step::Send(Message::Ping(bytes::Bytes::new())),
            message = purpose.outgoing() => message.map_or_else(Step::Close, Step::Send),
        };
        let messages = match step {
            Step::Send(message) => vec![message],
            Step::Close(close) => return leave(socket, close).await,
            Step::Leave => {
                let _ = timeout(GOODBYE, drain(&mut socket)).await;
                return;
            }
            Step::Gone | Step::Fault(Kind::Drop) => return,
            Step::Fault(Kind::Close { code }) => {
                return leave(socket, Close::new(code, "sandbox fault")).await;
            }
            Step::Fault(Kind::HalfOpen) => return context.shutdown.cancelled().await,
            Step::Fault(Kind::ExpireTokens) => {
                context.tokens.revoke_all();
                return leave(socket, Close::new(1008, "the access token has expired")).await;
            }
            Step::Fault(Kind::Garbage) => purpose.garbage(),
            // These strike no open socket; see `Faults::for_socket`.
            Step::Fault(
                Kind::Status { .. }
                | Kind::Slow { .. }
                | Kind::Impair(_)
                | Kind::FailRun { .. }
                | Kind::NeverEnds,
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
    Fault(Kind),
    /// The peer closes.
    Leave,
    /// The peer is no more.
    Gone,
}

/// How long a peer may take to answer a close frame.
const GOODBYE: Duration = Duration::from_secs(1);

async fn leave<S>(mut socket: S, close: Close)
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Unpin,
{
    let frame = CloseFrame { code: close.code, reason: close.reason.into() };
    let _ = timeout(GOODBYE, async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            drain(&mut socket).await;
        }
    })
    .await;
}

async fn drain(socket: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin)) {
    while let Some(Ok(_)) = socket.next().await {}
}
