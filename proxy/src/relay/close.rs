//! Ends of sockets.

use std::time::Duration;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use shared::link::relayed_close_code;
use tokio::time::timeout;

use super::message::{Heard, SocketMessage};

/// The proxy shuts down, or the page went away.
pub(super) const GOING_AWAY: u16 = 1001;
/// Text where there should be audio.
pub(super) const UNSUPPORTED: u16 = 1003;
/// Something failed that was no one's wish.
pub(super) const INTERNAL: u16 = 1011;
/// Come back and resume.
const TRY_AGAIN: u16 = 1013;

/// How long the other side may take to answer a close frame.
const HANDSHAKE: Duration = Duration::from_secs(1);
/// RFC 6455, section 5.5: a control frame's payload has 125 bytes, two of which are the code.
const LONGEST_REASON: usize = 123;

/// The code that a page is sent for CXone's. 1014 came after RFC 6455, and some libraries, tungstenite among them, take
/// it for a protocol violation: a page gets 1011 in its place.
pub(super) fn for_page(code: Option<u16>) -> u16 {
    match relayed_close_code(code) {
        1014 => INTERNAL,
        sendable => sendable,
    }
}

/// `text` as far as a close frame holds it.
fn reason(text: &str) -> String {
    let mut end = text.len().min(LONGEST_REASON);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// How long a page that reads too slowly is given to read what was sent before its close frame.
const SLOW_PAGE: Duration = Duration::from_secs(30);

/// Closes a socket and waits for the answer, so that what was sent before is not lost to a reset. Without a code,
/// an empty close frame is sent.
pub(super) async fn end<S, M, E>(socket: &mut S, code: Option<u16>, text: &str)
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    end_within(HANDSHAKE, socket, code, text).await;
}

/// Closes the socket of a page that reads too slowly, which will see the close frame only behind all that waits for it.
pub(super) async fn end_slow_page<S, M, E>(socket: &mut S)
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    end_within(SLOW_PAGE, socket, Some(TRY_AGAIN), "too slow; reconnect and resume").await;
}

async fn end_within<S, M, E>(patience: Duration, socket: &mut S, code: Option<u16>, text: &str)
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    let closing = async {
        socket.send(M::close(code.map(|code| (code, reason(text))))).await.ok()?;
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message.heard(), Heard::Close(_)) {
                break;
            }
        }
        Some(())
    };
    let _ = timeout(patience, closing).await;
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
