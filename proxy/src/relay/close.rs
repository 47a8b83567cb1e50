//! Closing of sockets.

use std::time::Duration;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use jobs::relayed_close_code;
use tokio::time::timeout;

use super::message::{Received, SocketMessage};

/// Close code: the proxy shuts down, or the page went away.
pub(super) const GOING_AWAY: u16 = 1001;
/// Close code: text where there should be audio.
pub(super) const UNSUPPORTED: u16 = 1003;
/// Close code: something failed.
pub(super) const INTERNAL: u16 = 1011;
/// Close code: reconnect and resume.
const TRY_AGAIN_LATER: u16 = 1013;

/// Time within which the other side must answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum size of a close frame's reason: a control frame's payload has 125 bytes (RFC 6455, section 5.5), two of which
/// are the code.
const MAX_REASON_BYTES: usize = 123;

/// Returns the close code that a page is sent for CXone's. 1014 came after RFC 6455, and some libraries, tungstenite among
/// them, take it for a protocol violation: a page gets 1011 in its place.
pub(super) fn for_page(code: Option<u16>) -> u16 {
    match relayed_close_code(code) {
        1014 => INTERNAL,
        sendable => sendable,
    }
}

/// Returns as much of `text` as a close frame holds.
fn reason(text: &str) -> String {
    let mut end = text.len().min(MAX_REASON_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Time within which a page that reads too slowly must read up to its close frame.
const SLOW_PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Closes a socket and waits for the answer, so that a reset does not take what was sent before. Without a code, an empty
/// close frame is sent.
pub(super) async fn close<S, M, E>(socket: &mut S, code: Option<u16>, text: &str)
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    close_within(CLOSE_TIMEOUT, socket, code, text).await;
}

/// Closes the socket of a page that reads too slowly, which gets the close frame only after everything that waits for it.
pub(super) async fn close_slow_page<S, M, E>(socket: &mut S)
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    close_within(SLOW_PAGE_TIMEOUT, socket, Some(TRY_AGAIN_LATER), "too slow; reconnect and resume").await;
}

async fn close_within<S, M, E>(limit: Duration, socket: &mut S, code: Option<u16>, text: &str)
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    let closing = async {
        socket.send(M::close(code.map(|code| (code, reason(text))))).await.ok()?;
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message.into_received(), Received::Close(_)) {
                break;
            }
        }
        Some(())
    };
    let _ = timeout(limit, closing).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gets_cxone_s_code_or_1011() {
        let check = |code: Option<u16>, expect: u16| assert_eq!(for_page(code), expect, "{code:?}");
        check(Some(1000), 1000);
        check(Some(1008), 1008);
        check(Some(1013), 1013);
        check(Some(4403), 4403);
        for code in [None, Some(1004), Some(1005), Some(1006), Some(1014), Some(1015), Some(2999), Some(5000)]
        {
            check(code, 1011);
        }
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(reason(&"ä".repeat(100)).len(), 122);
        assert_eq!(reason("short"), "short");
    }
}
