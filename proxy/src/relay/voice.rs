//! The relay of one call's voice between a page and CXone. The audio is not interpreted.

use std::{
    borrow::Cow,
    future::{Future as _, poll_fn},
    pin::pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use jobs::relayed_close_code;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use super::{audio_queue::AudioQueue, close, receipts::Receipts};
use crate::{
    auth::Redactor,
    config::Tuning,
    metrics::Metrics,
    socket::{Broken, Fault, Received, Socket},
};

/// Interval of the timer while audio waits: a quarter of the maximum age of waiting audio.
const BUSY_INTERVAL: Duration = Duration::from_millis(50);
/// Maximum interval of the timer otherwise; it is shorter where links are pinged more often. A wake-up costs as much as a
/// frame.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// Time within which audio that was on its way at one side's end must reach the other side.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Summary of a relay that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The end.
    pub(crate) end: End,
    /// Number of bytes of audio from the page to CXone.
    pub(crate) to_cxone: u64,
    /// Number of bytes of audio from CXone to the page.
    pub(crate) to_page: u64,
    /// Number of frames that were dropped on the way to CXone.
    pub(crate) dropped_to_cxone: u64,
    /// Number of frames that were dropped on the way to the page.
    pub(crate) dropped_to_page: u64,
}

/// End of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// CXone closed its side, with a code and a reason unless it gave none.
    Cxone(Option<(u16, String)>),
    /// CXone violated the protocol.
    CxoneFault(Fault),
    /// CXone's side broke or was silent for too long.
    CxoneLost,
    /// The page closed its side, with a code and a reason unless it gave none.
    Page(Option<(u16, String)>),
    /// The page violated the protocol.
    PageFault(Fault),
    /// The page vanished.
    PageLost,
    /// The proxy shuts down.
    Shutdown,
}

impl End {
    /// Returns a description and the close code, for the audit trail.
    pub(crate) fn describe(&self) -> (Cow<'static, str>, Option<u16>) {
        let code = |close: &Option<(u16, String)>| close.as_ref().map(|(code, _)| *code);
        match self {
            Self::Cxone(close) => ("closed by CXone".into(), code(close)),
            Self::CxoneFault(fault) => (cxone_fault(fault).into(), Some(fault.code)),
            Self::CxoneLost => ("CXone's stream was lost".into(), None),
            Self::Page(close) => ("closed by the page".into(), code(close)),
            Self::PageFault(fault) => {
                (format!("the page's fault: {}", fault.reason).into(), Some(fault.code))
            }
            Self::PageLost => ("the page vanished".into(), None),
            Self::Shutdown => ("dialbench shut down".into(), None),
        }
    }
}

fn cxone_fault(fault: &Fault) -> String {
    format!("CXone's fault: {}", fault.reason)
}

/// Relay between a page's socket and CXone's.
pub(crate) struct Relay<P, C> {
    page: Side<P>,
    cxone: Side<C>,
    redactor: Redactor,
}

struct Side<S> {
    socket: Socket<S>,
    /// Audio on its way to this side.
    queue: AudioQueue,
    receipts: Receipts,
    flushing: bool,
    ping_due: bool,
    last_received: Instant,
    counted: (u64, u64),
}

impl<P, C> Relay<P, C>
where
    P: AsyncRead + AsyncWrite + Unpin,
    C: AsyncRead + AsyncWrite + Unpin,
{
    /// Returns the relay between two open sockets; `redactor` removes secrets from what CXone gives as a reason.
    pub(crate) fn new(page: Socket<P>, cxone: Socket<C>, redactor: Redactor) -> Self {
        Self { page: Side::new(page), cxone: Side::new(cxone), redactor }
    }

    /// Passes audio both ways until one side ends, and closes the other accordingly.
    pub(crate) async fn run(
        mut self,
        tuning: &Tuning,
        shutdown: &CancellationToken,
        metrics: &Metrics,
    ) -> Report {
        let idle = IDLE_INTERVAL.min(tuning.ping_every / 4).min(tuning.dead_after / 4);
        let mut clock = pin!(sleep(idle));
        let mut shutdown = pin!(shutdown.cancelled());
        let mut pinged = Instant::now();
        let end = poll_fn(|cx| {
            // The shutdown comes first, or a busy relay would never end.
            if shutdown.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Shutdown);
            }
            loop {
                if let Poll::Ready(end) = self.poll(cx) {
                    return Poll::Ready(end);
                }
                let now = Instant::now();
                if self.has_waiting() && clock.deadline() > now + BUSY_INTERVAL {
                    clock.as_mut().reset(now + BUSY_INTERVAL);
                }
                ready!(clock.as_mut().poll(cx));
                clock.as_mut().reset(now + idle);
                if now - self.cxone.last_received > tuning.dead_after {
                    return Poll::Ready(End::CxoneLost);
                }
                if now - self.page.last_received > tuning.dead_after {
                    return Poll::Ready(End::PageLost);
                }
                let ping = now - pinged >= tuning.ping_every;
                if ping {
                    pinged = now;
                }
                self.page.tick(now, ping);
                self.cxone.tick(now, ping);
                self.count(metrics);
            }
        })
        .await;
        self.finish(&end).await;
        self.count(metrics);
        Report {
            end,
            to_cxone: self.cxone.queue.passed(),
            to_page: self.page.queue.passed(),
            dropped_to_cxone: self.cxone.queue.dropped(),
            dropped_to_page: self.page.queue.dropped(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let mut progress = false;
            // A side that is far ahead is not read: its own network holds it back.
            let (reads_cxone, reads_page) = (!self.page.queue.is_full(), !self.cxone.queue.is_full());
            if reads_cxone && let Poll::Ready(message) = self.cxone.socket.poll_next_unpin(cx) {
                progress = true;
                match self.cxone.receive(message) {
                    Some(Ok(Received::Binary(bytes))) => self.page.queue.push(Instant::now(), bytes),
                    Some(Ok(Received::Text(_))) => tracing::debug!("text on a voice stream of CXone's"),
                    Some(Ok(Received::Ping | Received::Pong(_))) => {}
                    Some(Ok(Received::Close(close))) => {
                        let redacted = |text: String| self.redactor.text(&text).into_owned();
                        let close = close.map(|(code, reason)| (code, redacted(reason)));
                        return Poll::Ready(End::Cxone(close));
                    }
                    Some(Err(fault)) => return Poll::Ready(End::CxoneFault(fault)),
                    None => return Poll::Ready(End::CxoneLost),
                }
            }
            if reads_page && let Poll::Ready(message) = self.page.socket.poll_next_unpin(cx) {
                progress = true;
                match self.page.receive(message) {
                    Some(Ok(Received::Binary(bytes))) => self.cxone.queue.push(Instant::now(), bytes),
                    Some(Ok(Received::Text(_))) => {
                        let fault = Fault::unsupported("audio is sent in binary messages");
                        return Poll::Ready(End::PageFault(fault));
                    }
                    Some(Ok(Received::Ping | Received::Pong(_))) => {}
                    Some(Ok(Received::Close(close))) => return Poll::Ready(End::Page(close)),
                    Some(Err(fault)) => return Poll::Ready(End::PageFault(fault)),
                    None => return Poll::Ready(End::PageLost),
                }
            }
            // The answers of a side that is not read are not seen; waiting for them, both sides could wait for ever.
            if let Poll::Ready(Err(_)) = self.page.poll_write(cx, reads_page) {
                return Poll::Ready(End::PageLost);
            }
            if let Poll::Ready(Err(_)) = self.cxone.poll_write(cx, reads_cxone) {
                return Poll::Ready(End::CxoneLost);
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }

    /// Returns true when audio waits that could not be sent at once.
    fn has_waiting(&self) -> bool {
        !(self.page.queue.is_empty() && self.cxone.queue.is_empty())
    }

    fn count(&mut self, metrics: &Metrics) {
        metrics.voice("page", self.page.uncounted());
        metrics.voice("cxone", self.cxone.uncounted());
    }

    async fn finish(&mut self, end: &End) {
        const GONE: (u16, &str) = (close::GOING_AWAY, "the page is gone");
        const LOST: (u16, &str) = (close::INTERNAL, "CXone's voice stream was lost");
        const SHUTDOWN: (u16, &str) = (close::GOING_AWAY, "dialbench shuts down");
        let Self { page, cxone, .. } = self;
        match end {
            End::Cxone(close) => {
                let (code, reason) = relayed(close.as_ref());
                tokio::join!(page.close(code, reason), close::answer(&mut cxone.socket));
            }
            End::CxoneFault(fault) => {
                let reason = cxone_fault(fault);
                let telling = close::close_faulty(&mut cxone.socket, fault);
                tokio::join!(page.close(close::INTERNAL, &reason), telling);
            }
            End::CxoneLost => page.close(LOST.0, LOST.1).await,
            End::Page(close) => {
                let (code, reason) = relayed(close.as_ref());
                tokio::join!(close::answer(&mut page.socket), cxone.close(code, reason));
            }
            End::PageFault(fault) => {
                let telling = close::close_faulty(&mut page.socket, fault);
                tokio::join!(telling, cxone.close(GONE.0, GONE.1));
            }
            End::PageLost => cxone.close(GONE.0, GONE.1).await,
            End::Shutdown => {
                tokio::join!(page.close(SHUTDOWN.0, SHUTDOWN.1), cxone.close(SHUTDOWN.0, SHUTDOWN.1));
            }
        }
    }
}

/// Returns the code and the reason that one side is sent for the other's.
fn relayed(close: Option<&(u16, String)>) -> (u16, &str) {
    let code = relayed_close_code(close.map(|(code, _)| *code));
    (code, close.map_or("", |(_, reason)| reason))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Side<S> {
    fn new(socket: Socket<S>) -> Self {
        Self {
            socket,
            queue: AudioQueue::default(),
            receipts: Receipts::default(),
            flushing: false,
            ping_due: false,
            last_received: Instant::now(),
            counted: (0, 0),
        }
    }

    /// Notes that something was received, and returns it or the fault in it; `None` where the connection broke.
    fn receive(&mut self, message: Option<Result<Received, Broken>>) -> Option<Result<Received, Fault>> {
        self.last_received = Instant::now();
        match message? {
            Ok(received) => {
                if let Received::Pong(payload) = &received {
                    self.receipts.pong(self.last_received, payload);
                }
                Some(Ok(received))
            }
            Err(Broken::Fault(fault)) => Some(Err(fault)),
            Err(Broken::Lost(error)) => {
                tracing::debug!(%error, "a voice stream was lost");
                None
            }
        }
    }

    /// Returns the bytes sent and the frames dropped since the last call.
    fn uncounted(&mut self) -> (u64, u64) {
        let total = (self.queue.passed(), self.queue.dropped());
        let before = std::mem::replace(&mut self.counted, total);
        (total.0 - before.0, total.1 - before.1)
    }

    fn tick(&mut self, now: Instant, ping: bool) {
        self.queue.drop_old(now);
        self.ping_due |= ping;
    }

    /// Sends pings and waiting audio: all of it, or as far as the answers to pings tell that what was sent before has been
    /// read. Ready when nothing more can be sent now.
    fn poll_write(&mut self, cx: &mut Context<'_>, awaits_answers: bool) -> Poll<Result<(), Error>> {
        while self.ping_due || (!self.queue.is_empty() && (!awaits_answers || self.receipts.admits())) {
            ready!(self.socket.poll_ready_unpin(cx))?;
            let now = Instant::now();
            if std::mem::take(&mut self.ping_due) {
                self.socket.start_send_unpin(Message::Ping(self.receipts.ping(now)))?;
            } else if let Some(bytes) = self.queue.pop(now) {
                self.receipts.sent(bytes.len());
                self.socket.start_send_unpin(Message::Binary(bytes))?;
                self.ping_due = self.receipts.ping_due();
            }
            self.flushing = true;
        }
        if self.flushing {
            ready!(self.socket.poll_flush_unpin(cx))?;
            self.flushing = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends all waiting audio, since no more answers are read, then closes.
    async fn close(&mut self, code: u16, reason: &str) {
        let _ = timeout(FLUSH_TIMEOUT, poll_fn(|cx| self.poll_write(cx, false))).await;
        close::close(&mut self.socket, code, reason).await;
    }
}
