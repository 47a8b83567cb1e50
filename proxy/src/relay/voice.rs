//! One call's voice: a page on one side, CXone on the other, and nothing understood in between.

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
    message::{Heard, SocketMessage},
};
use crate::{config::Tuning, metrics::Metrics};

/// How often the clock is looked at while audio waits: a quarter of the oldest audio's age.
const WAITING: Duration = Duration::from_millis(50);
/// How often it is looked at otherwise, or more often where links are pinged more often. A wake-up costs as much as a frame.
const CALM: Duration = Duration::from_secs(1);
/// After one side's end the other is sent what was on its way for this long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a relay did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Who ended it, and how.
    pub(crate) end: End,
    /// Audio from the page to CXone, in bytes.
    pub(crate) to_cxone: u64,
    /// Audio from CXone to the page, in bytes.
    pub(crate) to_page: u64,
    /// Frames that were dropped on the way to CXone.
    pub(crate) dropped_to_cxone: u64,
    /// Frames that were dropped on the way to the page.
    pub(crate) dropped_to_page: u64,
}

/// How a relay ended.
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
    /// For the audit trail.
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

/// A page's socket and CXone's, joined.
pub(crate) struct Relay<P, C, PM, CM> {
    page: Side<P, PM>,
    cxone: Side<C, CM>,
    reason: String,
}

struct Side<S, M> {
    socket: S,
    /// Audio towards this side.
    queue: AudioQueue,
    flushing: bool,
    ping_due: bool,
    heard: Instant,
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
    pub(crate) fn new(page: P, cxone: C) -> Self {
        Self { page: Side::new(page), cxone: Side::new(cxone), reason: String::new() }
    }

    /// Passes audio both ways until one side ends, and ends the other accordingly.
    pub(crate) async fn run(
        mut self,
        tuning: &Tuning,
        shutdown: &CancellationToken,
        metrics: &Metrics,
    ) -> Report {
        let calm = CALM.min(tuning.ping_every / 4).min(tuning.dead_after / 4);
        let mut clock = pin!(sleep(calm));
        let mut shutdown = pin!(shutdown.cancelled());
        let mut pinged = Instant::now();
        let end = poll_fn(|cx| {
            // Leaving goes before everything, or a busy relay would never leave.
            if shutdown.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Shutdown);
            }
            loop {
                if let Poll::Ready(end) = self.poll(cx) {
                    return Poll::Ready(end);
                }
                let now = Instant::now();
                if self.has_waiting() && clock.deadline() > now + WAITING {
                    clock.as_mut().reset(now + WAITING);
                }
                ready!(clock.as_mut().poll(cx));
                clock.as_mut().reset(now + calm);
                if now - self.cxone.heard > tuning.dead_after {
                    return Poll::Ready(End::CxoneLost);
                }
                if now - self.page.heard > tuning.dead_after {
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
                match self.cxone.hear(message) {
                    Some(Heard::Audio(bytes)) => self.page.queue.push(Instant::now(), bytes),
                    Some(Heard::Text) => tracing::debug!("text on a voice stream of CXone's"),
                    Some(Heard::Alive) => {}
                    Some(Heard::Close(said)) => {
                        let (code, reason) = said.unzip();
                        self.reason = reason.unwrap_or_default();
                        return Poll::Ready(End::Cxone(code));
                    }
                    None => return Poll::Ready(End::CxoneLost),
                }
            }
            if !self.cxone.queue.is_full()
                && let Poll::Ready(message) = self.page.socket.poll_next_unpin(cx)
            {
                progress = true;
                match self.page.hear(message) {
                    Some(Heard::Audio(bytes)) => self.cxone.queue.push(Instant::now(), bytes),
                    Some(Heard::Text) => return Poll::Ready(End::PageFault),
                    Some(Heard::Alive) => {}
                    Some(Heard::Close(said)) => {
                        let (code, reason) = said.unzip();
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

    /// Whether there is audio that could not be sent at once.
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
            heard: Instant::now(),
            counted: (0, 0),
            message: std::marker::PhantomData,
        }
    }

    fn hear(&mut self, message: Option<Result<M, E>>) -> Option<Heard> {
        self.heard = Instant::now();
        message?.ok().map(M::heard)
    }

    /// Bytes sent and frames dropped since the last time.
    fn uncounted(&mut self) -> (u64, u64) {
        let total = (self.queue.passed(), self.queue.dropped());
        let before = std::mem::replace(&mut self.counted, total);
        (total.0 - before.0, total.1 - before.1)
    }

    fn tick(&mut self, now: Instant, ping: bool) {
        self.queue.drop_old(now);
        self.ping_due |= ping;
    }

    /// Sends what there is to send; ready when all of it is on its way.
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

    /// Sends what is on its way, then closes with the code, if this side is not closed already.
    async fn finish(&mut self, end: Option<(Option<u16>, &str)>) {
        match end {
            Some((code, reason)) => {
                let _ = timeout(LAST_WORDS, poll_fn(|cx| self.poll_write(cx))).await;
                close::end(&mut self.socket, code, reason).await;
            }
            // Reading on sends the answer to the other side's close frame.
            None => {
                let _ =
                    timeout(LAST_WORDS, async { while let Some(Ok(_)) = self.socket.next().await {} }).await;
            }
        }
    }
}
