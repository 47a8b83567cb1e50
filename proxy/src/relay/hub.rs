use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::ws::Utf8Bytes;
use serde_json::value::RawValue;
use shared::wire::{Gap, GapReason, LinkState, LinkStatus};
use tokio::sync::{broadcast, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ring::{Resumed, Ring},
    upstream,
};
use crate::{audit::Audit, config::Tuning, cxone::Cxone, id, metrics::Metrics};

/// A page that misses more link states than this is told the present one.
const LINK_STATES: usize = 32;

/// CXone's events: one subscription however many pages there are, begun with the first and kept.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    ring: Mutex<Ring>,
    head: watch::Sender<u64>,
    link: Mutex<LinkStatus>,
    links: broadcast::Sender<LinkStatus>,
    started: AtomicBool,
    tasks: TaskTracker,
    context: Context,
}

/// What the hub's own connection needs.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) cxone: Cxone,
    pub(crate) audit: Audit,
    pub(crate) metrics: Metrics,
    pub(crate) tuning: Tuning,
    pub(crate) shutdown: CancellationToken,
}

impl Hub {
    pub(crate) fn new(context: Context, tasks: TaskTracker) -> Self {
        let ring = Ring::new(id::random(), context.tuning.ring_events, context.tuning.ring_bytes);
        Self(Arc::new(Inner {
            head: watch::Sender::new(ring.next()),
            ring: Mutex::new(ring),
            link: Mutex::new(LinkStatus::CLOSED),
            links: broadcast::Sender::new(LINK_STATES),
            started: AtomicBool::new(false),
            tasks,
            context,
        }))
    }

    /// Subscribes to CXone's events, if that was not done before.
    pub(crate) fn start(&self) {
        if !self.0.started.swap(true, Ordering::AcqRel) {
            self.publish(LinkStatus { state: LinkState::Connecting, ..self.link() });
            self.0.tasks.spawn(upstream::keep_up(self.clone()));
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    /// How the connection stands, and what becomes of it.
    pub(super) fn watch_link(&self) -> (LinkStatus, broadcast::Receiver<LinkStatus>) {
        let link = self.0.link.lock().unwrap_or_else(PoisonError::into_inner);
        (link.clone(), self.0.links.subscribe())
    }

    pub(crate) fn link(&self) -> LinkStatus {
        self.watch_link().0
    }

    pub(super) fn publish(&self, status: LinkStatus) {
        let mut link = self.0.link.lock().unwrap_or_else(PoisonError::into_inner);
        if *link != status {
            link.clone_from(&status);
            // It fails only where no page listens.
            let _ = self.0.links.send(status);
        }
    }

    /// The offset that the next entry gets, as it changes.
    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.0.head.subscribe()
    }

    /// Returns the life of the ring that offsets count in.
    pub(super) fn epoch(&self) -> String {
        self.ring().epoch().to_owned()
    }

    pub(super) fn event(&self, event: Box<RawValue>) {
        self.context().metrics.event();
        self.push(|ring| ring.push_event(event));
    }

    pub(super) fn reconnected(&self) {
        self.context().metrics.gap(GapReason::UpstreamReconnect);
        self.push(|ring| ring.push_gap(GapReason::UpstreamReconnect));
    }

    fn push(&self, push: impl FnOnce(&mut Ring)) {
        let mut ring = self.ring();
        push(&mut ring);
        self.0.head.send_replace(ring.next());
    }

    pub(super) fn read(&self, from: u64, most: usize) -> Result<Vec<Utf8Bytes>, Gap> {
        self.ring().read(from, most)
    }

    pub(super) fn resume(&self, epoch: &str, offset: u64) -> Resumed {
        self.ring().resume(epoch, offset)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
