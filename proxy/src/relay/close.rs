//! Closing of sockets.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::socket::{Fault, Received, Socket};

/// Close code: the proxy shuts down, or the page went away.
pub(super) const GOING_AWAY: u16 = 1001;
/// Close code: something failed.
pub(super) const INTERNAL: u16 = 1011;
/// Close code: reconnect and resume.
const TRY_AGAIN_LATER: u16 = 1013;

/// Time within which the other side must answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Time within which a page that reads too slowly must read up to its close frame.
const SLOW_PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Closes a socket and waits for the answer, so that a reset does not take what was sent before.
pub(super) async fn close<S>(socket: &mut Socket<S>, code: u16, text: &str)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    close_within(CLOSE_TIMEOUT, socket, code, text).await;
}

/// Closes the socket of a page that reads too slowly, which gets the close frame only after everything that waits for it.
pub(super) async fn close_slow_page<S>(socket: &mut Socket<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    close_within(SLOW_PAGE_TIMEOUT, socket, TRY_AGAIN_LATER, "too slow; reconnect and resume").await;
}

/// Tells the other side of its fault and closes the socket.
pub(super) async fn close_faulty<S>(socket: &mut Socket<S>, fault: &Fault)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = timeout(CLOSE_TIMEOUT, socket.send_fault(fault)).await;
}

/// Answers the other side's close frame.
pub(super) async fn answer<S>(socket: &mut Socket<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answering = async {
        // The library has the answer ready; one that is a client waits for the server's end as well.
        let _ = socket.flush().await;
        while let Some(Ok(_)) = socket.next().await {}
    };
    let _ = timeout(CLOSE_TIMEOUT, answering).await;
}

async fn close_within<S>(limit: Duration, socket: &mut Socket<S>, code: u16, text: &str)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let closing = async {
        socket.send_close(code, text).await.ok()?;
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message, Received::Close(_)) {
                break;
            }
        }
        Some(())
    };
    let _ = timeout(limit, closing).await;
}
