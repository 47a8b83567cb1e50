use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::{broadcast, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use wire::api::{Gap, GapReason, LinkState, LinkStatus};

use super::ring::{NeverGiven, Resumed, Ring};
use crate::id;

/// Number of link states that a page may miss before it gets the present one instead.
const LINK_STATES: usize = 32;

/// CXone's events and the state of the link that brings them: one subscription however many pages there are.
///
/// The hub itself does not connect: [`super::keep_up`] waits until a connection is wanted and fills the hub.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    ring: Mutex<Ring>,
    head: watch::Sender<u64>,
    link: Mutex<LinkStatus>,
    links: broadcast::Sender<LinkStatus>,
    is_wanted: watch::Sender<bool>,
}

impl Hub {
    /// Returns a hub without events, whose ring holds at most `ring_events` of them and `ring_bytes` bytes.
    pub(crate) fn new(ring_events: usize, ring_bytes: usize) -> Self {
        let ring = Ring::new(id::random(), ring_events, ring_bytes);
        Self(Arc::new(Inner {
            head: watch::Sender::new(ring.next()),
            ring: Mutex::new(ring),
            link: Mutex::new(LinkStatus::CLOSED),
            links: broadcast::Sender::new(LINK_STATES),
            is_wanted: watch::Sender::new(false),
        }))
    }

    /// Asks for the connection to CXone, which is kept from then on.
    pub(crate) fn want_connection(&self) {
        if !self.0.is_wanted.send_replace(true) {
            self.publish(LinkStatus { state: LinkState::Connecting, ..self.link() });
        }
    }

    /// Waits until a connection is wanted.
    pub(super) async fn connection_wanted(&self) {
        let mut is_wanted = self.0.is_wanted.subscribe();
        // It cannot fail: the sender lives as long as the hub.
        let _ = is_wanted.wait_for(|is_wanted| *is_wanted).await;
    }

    /// Returns the link's state, and a channel of its changes.
    pub(super) fn watch_link(&self) -> (LinkStatus, broadcast::Receiver<LinkStatus>) {
        let link = self.0.link.lock().unwrap_or_else(PoisonError::into_inner);
        (link.clone(), self.0.links.subscribe())
    }

    /// Returns the link's state.
    pub(crate) fn link(&self) -> LinkStatus {
        self.watch_link().0
    }

    /// Sets the link's state and sends it to every page.
    pub(super) fn publish(&self, status: LinkStatus) {
        let mut link = self.0.link.lock().unwrap_or_else(PoisonError::into_inner);
        if *link != status {
            link.clone_from(&status);
            // It fails only where no page listens.
            let _ = self.0.links.send(status);
        }
    }

    /// Returns the offset of the next entry, as it changes.
    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.0.head.subscribe()
    }

    /// Returns the identifier of the ring that offsets count in.
    pub(super) fn epoch(&self) -> String {
        self.ring().epoch().to_owned()
    }

    /// Appends an event of CXone's. One that is too long for pages becomes a gap, and false is returned.
    pub(super) fn push_event(&self, event: Box<RawValue>) -> bool {
        self.push(|ring| ring.push_event(event))
    }

    /// Appends a gap: events may be missing here.
    pub(super) fn push_gap(&self, reason: GapReason) {
        self.push(|ring| ring.push_gap(reason));
    }

    fn push<T>(&self, push: impl FnOnce(&mut Ring) -> T) -> T {
        let mut ring = self.ring();
        let pushed = push(&mut ring);
        self.0.head.send_replace(ring.next());
        pushed
    }

    /// Returns up to `max_entries` entries from offset `from`, or a gap where that is no longer held.
    pub(super) fn read(&self, from: u64, max_entries: usize) -> Result<Vec<Utf8Bytes>, Gap> {
        self.ring().read(from, max_entries)
    }

    /// Returns the place where a page goes on that has last seen `offset` of `epoch`.
    pub(super) fn resume(&self, epoch: &str, offset: u64) -> Result<Resumed, NeverGiven> {
        self.ring().resume(epoch, offset)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
