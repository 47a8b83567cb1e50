//! The relay of one call's voice between a page and CXone. The audio is not interpreted.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    audio_queue::AudioQueue,
    close,
    message::{Received, SocketMessage},
};
use crate::{auth::Redactor, config::Tuning, metrics::Metrics};

/// Interval of the timer while audio waits: a quarter of the maximum age of waiting audio.
const BUSY_INTERVAL: Duration = Duration::from_millis(50);
/// Maximum interval of the timer otherwise; it is shorter where links are pinged more often. A wake-up costs as much as a
/// frame.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);
/// Time within which audio that was on its way at one side's end must reach the other side.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Summary of a relay that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// CXone closed its side, with a code unless it gave none.
    Cxone(Option<u16>),
    /// CXone's side broke or was silent for too long.
    CxoneLost,
    /// The page closed its side, with a code unless it gave none.
    Page(Option<u16>),
    /// The page vanished.
    PageLost,
    /// The page sent text.
    PageFault,
    /// The proxy shuts down.
    Shutdown,
}

impl End {
    /// Returns a description and the close code, for the audit trail.
    pub(crate) fn describe(self) -> (&'static str, Option<u16>) {
        match self {
            Self::Cxone(code) => ("closed by CXone", code),
            Self::CxoneLost => ("CXone's stream was lost", None),
            Self::Page(code) => ("closed by the page", code),
            Self::PageLost => ("the page vanished", None),
            Self::PageFault => ("the page sent text", None),
            Self::Shutdown => ("dialbench shut down", None),
        }
    }
}

/// Relay between a page's socket and CXone's.
pub(crate) struct Relay<P, C, PM, CM> {
    page: Side<P, PM>,
    cxone: Side<C, CM>,
    redactor: Redactor,
    reason: String,
}

struct Side<S, M> {
    socket: S,
    /// Audio on its way to this side.
    queue: AudioQueue,
    flushing: bool,
    ping_due: bool,
    last_received: Instant,
    counted: (u64, u64),
    message: std::marker::PhantomData<M>,
}

impl<P, C, PM, CM, PE, CE> Relay<P, C, PM, CM>
where
    P: Stream<Item = Result<PM, PE>> + Sink<PM, Error = PE> + Unpin,
    C: Stream<Item = Result<CM, CE>> + Sink<CM, Error = CE> + Unpin,
    PM: SocketMessage,
    CM: SocketMessage,
{
    /// Returns the relay between two open sockets; `redactor` removes secrets from what CXone gives as a reason.
    pub(crate) fn new(page: P, cxone: C, redactor: Redactor) -> Self {
        Self { page: Side::new(page), cxone: Side::new(cxone), redactor, reason: String::new() }
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
        self.finish(end).await;
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
            if !self.page.queue.is_full()
                && let Poll::Ready(message) = self.cxone.socket.poll_next_unpin(cx)
            {
                progress = true;
                match self.cxone.receive(message) {
                    Some(Received::Audio(bytes)) => self.page.queue.push(Instant::now(), bytes),
                    Some(Received::Text) => tracing::debug!("text on a voice stream of CXone's"),
                    Some(Received::Alive) => {}
                    Some(Received::Close(frame)) => {
                        let (code, reason) = frame.unzip();
                        self.reason = self.redactor.text(&reason.unwrap_or_default()).into_owned();
                        return Poll::Ready(End::Cxone(code));
                    }
                    None => return Poll::Ready(End::CxoneLost),
                }
            }
            if !self.cxone.queue.is_full()
                && let Poll::Ready(message) = self.page.socket.poll_next_unpin(cx)
            {
                progress = true;
                match self.page.receive(message) {
                    Some(Received::Audio(bytes)) => self.cxone.queue.push(Instant::now(), bytes),
                    Some(Received::Text) => return Poll::Ready(End::PageFault),
                    Some(Received::Alive) => {}
                    Some(Received::Close(frame)) => {
                        let (code, reason) = frame.unzip();
                        self.reason = reason.unwrap_or_default();
                        return Poll::Ready(End::Page(code));
                    }
                    None => return Poll::Ready(End::PageLost),
                }
            }
            if let Poll::Ready(Err(_)) = self.page.poll_write(cx) {
                return Poll::Ready(End::PageLost);
            }
            if let Poll::Ready(Err(_)) = self.cxone.poll_write(cx) {
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

    async fn finish(&mut self, end: End) {
        let reason = std::mem::take(&mut self.reason);
        let away = Some(close::GOING_AWAY);
        let (to_page, to_cxone) = match end {
            End::Cxone(code) => (Some((Some(close::for_page(code)), &*reason)), None),
            End::CxoneLost => (Some((Some(close::INTERNAL), "CXone's voice stream was lost")), None),
            End::Page(code) => (None, Some((code, &*reason))),
            End::PageLost => (None, Some((away, "the page is gone"))),
            End::PageFault => (
                Some((Some(close::UNSUPPORTED), "audio is sent in binary messages")),
                Some((away, "the page is gone")),
            ),
            End::Shutdown => (Some((away, "dialbench shuts down")), Some((away, "dialbench shuts down"))),
        };
        tokio::join!(self.page.finish(to_page), self.cxone.finish(to_cxone));
    }
}

impl<S, M, E> Side<S, M>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: SocketMessage,
{
    fn new(socket: S) -> Self {
        Self {
            socket,
            queue: AudioQueue::default(),
            flushing: false,
            ping_due: false,
            last_received: Instant::now(),
            counted: (0, 0),
            message: std::marker::PhantomData,
        }
    }

    /// Notes that something was received, and returns it; `None` where the connection broke.
    fn receive(&mut self, message: Option<Result<M, E>>) -> Option<Received> {
        self.last_received = Instant::now();
        message?.ok().map(M::into_received)
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

    /// Sends pings and waiting audio. Ready when all of it is on its way.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        while self.ping_due || !self.queue.is_empty() {
            ready!(self.socket.poll_ready_unpin(cx))?;
            if std::mem::take(&mut self.ping_due) {
                self.socket.start_send_unpin(M::ping())?;
            } else if let Some(bytes) = self.queue.pop(Instant::now()) {
                self.socket.start_send_unpin(M::audio(bytes))?;
            }
            self.flushing = true;
        }
        if self.flushing {
            ready!(self.socket.poll_flush_unpin(cx))?;
            self.flushing = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends waiting audio, then closes with the code, unless this side is closed already.
    async fn finish(&mut self, end: Option<(Option<u16>, &str)>) {
        match end {
            Some((code, reason)) => {
                let _ = timeout(FLUSH_TIMEOUT, poll_fn(|cx| self.poll_write(cx))).await;
                close::close(&mut self.socket, code, reason).await;
            }
            // Reading on sends the answer to the other side's close frame.
            None => {
                let _ = timeout(FLUSH_TIMEOUT, async { while let Some(Ok(_)) = self.socket.next().await {} })
                    .await;
            }
        }
    }
}
