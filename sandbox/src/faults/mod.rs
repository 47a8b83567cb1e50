//! Faults, on demand and by seed.
//!
//! A fault strikes at a [`Point`]. `status` and `slow` strike a request, or a socket's handshake; the other kinds strike a
//! request, or a socket that is open. `afterMs` counts from when the fault was armed and, for a socket, from when it
//! opened, whichever is later; `times` (1) is how often it strikes.
//!
//! ```json
//! {"on":"token","service":"voice","kind":"status","status":429,"retryAfter":"date","retryAfterSeconds":2}
//! {"on":"flow","kind":"slow","ms":500,"times":3}
//! {"on":"call","kind":"garbage"}
//! {"on":"interactions","kind":"close","code":1012}
//! {"on":"interactions","kind":"half_open"}
//! {"on":"voice","kind":"drop","afterMs":1500}
//! {"on":"voice","kind":"expire_tokens"}
//! ```
//!
//! By seed, the n-th request (or socket) at a point meets the same fault in every run, whatever happens at other points.

mod http;
mod planned;
mod rule;

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use serde::Serialize;
use tokio::{sync::Notify, time::Instant};

pub(crate) use http::strike;
use planned::Planned;
pub use planned::SeededFaults;
pub use rule::{Kind, Point, RetryAfter, Rule};

use crate::services::Service;

/// Faults that are waiting for something to strike.
#[derive(Debug)]
pub(crate) struct Faults {
    next_id: AtomicU64,
    armed: Mutex<Vec<Armed>>,
    changed: Notify,
    planned: Mutex<Option<Planned>>,
}

#[derive(Debug)]
struct Armed {
    id: u64,
    rule: Rule,
    left: u32,
    from: Instant,
}

/// One armed fault, as `GET /sandbox/faults` lists it.
#[derive(Debug, Serialize)]
pub(crate) struct ArmedView {
    id: u64,
    left: u32,
    #[serde(flatten)]
    rule: Rule,
}

impl Faults {
    /// No faults but those of the seed.
    pub(crate) fn new(seeded: Option<SeededFaults>) -> Self {
        Self {
            next_id: AtomicU64::new(1),
            armed: Mutex::default(),
            changed: Notify::new(),
            planned: Mutex::new(seeded.map(Planned::new)),
        }
    }

    /// Arms a fault; its identifier.
    pub(crate) fn arm(&self, rule: Rule) -> u64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let from = Instant::now() + rule.after();
        self.armed.lock().expect("no holder panics").push(Armed { id, left: rule.times, rule, from });
        self.changed.notify_waiters();
        id
    }

    /// Begins, or ends, faults by seed.
    pub(crate) fn plan(&self, seeded: Option<SeededFaults>) {
        *self.planned.lock().expect("no holder panics") = seeded.map(Planned::new);
    }

    /// Disarms everything, the seed's faults too.
    pub(crate) fn disarm(&self) {
        self.armed.lock().expect("no holder panics").clear();
        self.plan(None);
    }

    /// What is armed.
    pub(crate) fn list(&self) -> Vec<ArmedView> {
        let armed = self.armed.lock().expect("no holder panics");
        armed
            .iter()
            .map(|armed| ArmedView { id: armed.id, left: armed.left, rule: armed.rule.clone() })
            .collect()
    }

    /// The fault that strikes a request or handshake, if one does.
    fn for_request(&self, point: Point, service: Service) -> Option<Kind> {
        let now = Instant::now();
        let due = |armed: &Armed| {
            let fits = if point.is_socket() { armed.rule.kind.strikes_handshakes() } else { true };
            fits && armed.rule.is_for(point, service) && armed.from <= now
        };
        self.take(due).or_else(|| self.planned.lock().expect("no holder panics").as_mut()?.for_request(point))
    }

    /// Waits for a fault that strikes a socket which opened at `opened`.
    pub(crate) async fn for_socket(&self, point: Point, service: Service, opened: Instant) -> Kind {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let fits =
                |armed: &Armed| !armed.rule.kind.strikes_handshakes() && armed.rule.is_for(point, service);
            let due_at = |armed: &Armed| armed.from.max(opened + armed.rule.after());
            let now = Instant::now();
            if let Some(kind) = self.take(|armed| fits(armed) && due_at(armed) <= now) {
                return kind;
            }
            let next = {
                let armed = self.armed.lock().expect("no holder panics");
                armed.iter().filter(|armed| fits(armed)).map(due_at).min()
            };
            match next {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }

    /// What the seed has in store for a socket that opens now, and after which time.
    pub(crate) fn planned_for_socket(&self, point: Point) -> Option<(std::time::Duration, Kind)> {
        self.planned.lock().expect("no holder panics").as_mut()?.for_socket(point)
    }

    fn take(&self, due: impl Fn(&Armed) -> bool) -> Option<Kind> {
        let mut armed = self.armed.lock().expect("no holder panics");
        let at = armed.iter().position(due)?;
        let kind = armed[at].rule.kind.clone();
        armed[at].left -= 1;
        if armed[at].left == 0 {
            armed.remove(at);
        }
        tracing::debug!(?kind, "fault strikes");
        Some(kind)
    }
}
