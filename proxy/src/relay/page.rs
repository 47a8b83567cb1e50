//! One page on `/ws/interactions`.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{broadcast, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use wire::api::{ClientFault, ClientMessage, GapReason, Head, LinkMessage, LinkStatus, ServerMessage};

use super::{close, context::Context, hub::Hub, ring::NeverGiven};
use crate::socket::{Broken, Fault, Received, Socket};

/// Number of events that are handed to the socket before anything else is looked at.
const BATCH_EVENTS: usize = 64;

/// Serves a page until it leaves, is too slow, or the proxy shuts down.
///
/// Only the page's place in the ring is kept of it: there is no queue per page that could fill.
pub(crate) async fn serve<S>(socket: Socket<S>, hub: Hub, context: Context)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _open = context.metrics.socket("interactions");
    let (status, links) = hub.watch_link();
    let mut head = hub.head();
    let next = *head.borrow_and_update();
    let newest = Head { epoch: hub.epoch(), offset: next - 1 };
    let mut page = Page { socket, hub, context, live_from: next, cursor: next, has_resumed: false };
    let end = match page.send(vec![link_text(status, Some(newest))]).await {
        Ok(()) => page.run(links, head).await,
        Err(end) => end,
    };
    match end {
        End::Left => close::answer(&mut page.socket).await,
        End::Lost => {}
        End::Fault(fault) => {
            tracing::debug!(fault.code, reason = %fault.reason, "a page's fault");
            close::close_faulty(&mut page.socket, &fault).await;
        }
        End::TooSlow => {
            page.context.metrics.slow_page();
            tokio::select! {
                () = close::close_slow_page(&mut page.socket) => {}
                () = page.context.shutdown.cancelled() => {}
            }
        }
        End::Shutdown => {
            close::close(&mut page.socket, close::GOING_AWAY, "dialbench shuts down").await;
        }
    }
}

enum End {
    /// The page closed its socket.
    Left,
    /// The connection was lost, or silent for too long.
    Lost,
    Fault(Fault),
    TooSlow,
    Shutdown,
}

struct Page<S> {
    socket: Socket<S>,
    hub: Hub,
    context: Context,
    /// Next offset of the ring when the page came; earlier events are sent only on `resume`.
    live_from: u64,
    /// Next offset to send.
    cursor: u64,
    has_resumed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Page<S> {
    async fn run(
        &mut self,
        mut links: broadcast::Receiver<LinkStatus>,
        mut head: watch::Receiver<u64>,
    ) -> End {
        let Context { tuning, shutdown, .. } = self.context.clone();
        let mut last_received = Instant::now();
        // Live events wait until the page has had time to resume, so that none comes before those that it missed.
        let mut hold_until = Some(last_received + tuning.resume_within);
        let mut ping = interval_at(last_received + tuning.ping_every, tuning.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let behind = hold_until.is_none() && self.cursor < *head.borrow_and_update();
            // The page's messages and the link's state come before events, of which there may be many.
            let step = tokio::select! {
                biased;
                () = shutdown.cancelled() => Err(End::Shutdown),
                message = self.socket.next() => {
                    last_received = Instant::now();
                    match message {
                        Some(Ok(Received::Text(text))) => {
                            hold_until = None;
                            self.handle(&text).await
                        }
                        Some(Ok(Received::Binary(_))) => {
                            Err(End::Fault(Fault::unsupported("messages are JSON texts")))
                        }
                        Some(Ok(Received::Ping | Received::Pong(_))) => Ok(()),
                        Some(Ok(Received::Close(_))) => Err(End::Left),
                        Some(Err(Broken::Fault(fault))) => Err(End::Fault(fault)),
                        Some(Err(Broken::Lost(error))) => {
                            tracing::debug!(%error, "a page's interactions socket");
                            Err(End::Lost)
                        }
                        None => Err(End::Lost),
                    }
                }
                status = links.recv() => match status {
                    Ok(status) => self.send(vec![link_text(status, None)]).await,
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        let (status, fresh) = self.hub.watch_link();
                        links = fresh;
                        self.send(vec![link_text(status, None)]).await
                    }
                    Err(broadcast::error::RecvError::Closed) => Err(End::Shutdown),
                },
                () = sleep_until(hold_until.unwrap_or(last_received)), if hold_until.is_some() => {
                    hold_until = None;
                    Ok(())
                }
                () = std::future::ready(()), if behind => self.advance().await,
                changed = head.changed(), if !behind && hold_until.is_none() => changed.map_err(|_| End::Shutdown),
                () = sleep_until(last_received + tuning.dead_after) => Err(End::Lost),
                _ = ping.tick() => self.write([Message::Ping(bytes::Bytes::new())]).await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Sends what the ring holds from the cursor on.
    async fn advance(&mut self) -> Result<(), End> {
        match self.hub.read(self.cursor, BATCH_EVENTS) {
            Ok(texts) => {
                self.cursor += texts.len() as u64;
                self.send(texts).await
            }
            Err(gap) => {
                self.context.metrics.gap(GapReason::SlowConsumer);
                self.send(vec![text_of(&ServerMessage::Gap(gap))]).await?;
                Err(End::TooSlow)
            }
        }
    }

    /// Acts on a message from the page.
    async fn handle(&mut self, text: &str) -> Result<(), End> {
        let (epoch, offset) = match ClientMessage::parse(text) {
            Ok(Some(ClientMessage::Resume { epoch, offset })) => (epoch, offset),
            Ok(Some(ClientMessage::Live)) => return Ok(()),
            Ok(None) => {
                tracing::debug!("a page sent a message of an unknown type");
                return Ok(());
            }
            Err(ClientFault(reason)) => return Err(End::Fault(Fault::invalid(reason))),
        };
        if std::mem::replace(&mut self.has_resumed, true) {
            return Ok(());
        }
        let resumed = self.hub.resume(&epoch, offset).map_err(|NeverGiven { newest }| {
            let reason = format!("resume: offset {offset} was never given; the newest is {newest}");
            End::Fault(Fault::invalid(reason))
        })?;
        if let Some(gap) = resumed.gap {
            self.context.metrics.gap(GapReason::Expired);
            self.send(vec![text_of(&ServerMessage::Gap(gap))]).await?;
        }
        if self.cursor == self.live_from {
            self.cursor = resumed.from;
            return Ok(());
        }
        // Live events went out already: what lies before them follows, and is not sent twice.
        let mut from = resumed.from;
        while from < self.live_from {
            let missed = usize::try_from(self.live_from - from).unwrap_or(BATCH_EVENTS);
            let Ok(texts) = self.hub.read(from, missed.min(BATCH_EVENTS)) else { return Err(End::TooSlow) };
            from += texts.len() as u64;
            self.send(texts).await?;
        }
        Ok(())
    }

    async fn send(&mut self, texts: Vec<Utf8Bytes>) -> Result<(), End> {
        self.write(texts.into_iter().map(Message::Text)).await
    }

    async fn write(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        let socket = &mut self.socket;
        let writing = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        match timeout(self.context.tuning.slow_after, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Lost),
            Err(_) => Err(End::TooSlow),
        }
    }
}

fn link_text(status: LinkStatus, head: Option<Head>) -> Utf8Bytes {
    text_of(&ServerMessage::Link(LinkMessage { status, head }))
}

fn text_of(message: &ServerMessage) -> Utf8Bytes {
    serde_json::to_string(message).expect("a message has string keys only").into()
}
