//! The registry of armed faults.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Serialize, Serializer};
use tokio::{sync::Notify, time::Instant};

use super::{
    impair::{Impairment, ImpairmentCounts},
    plan::{FaultPlan, SeededFaults},
    rule::{FaultKind, FaultPoint, FaultRule, JobFault},
};
use crate::services::Service;

/// The armed faults, on demand and at random.
#[derive(Debug)]
pub(crate) struct Faults {
    next_id: AtomicU64,
    armed: Mutex<Vec<Armed>>,
    /// Wakes the sockets, which wait for their fault, when one is armed.
    changed: Notify,
    seeded: Mutex<Option<FaultPlan>>,
    /// Number of requests and handshakes at each point, refused ones included.
    requests: [AtomicU64; FaultPoint::ALL.len()],
}

#[derive(Debug)]
struct Armed {
    id: u64,
    rule: FaultRule,
    left: u32,
    /// Earliest time at which it strikes.
    from: Instant,
    /// Counts of an impairment.
    counts: Option<Arc<ImpairmentCounts>>,
}

/// The impairment that is active.
#[derive(Debug)]
pub(crate) struct ActiveImpairment {
    pub(crate) id: u64,
    pub(crate) impairment: Impairment,
    pub(crate) counts: Arc<ImpairmentCounts>,
}

/// An armed fault, as `GET /sandbox/faults` lists it.
#[derive(Debug, Serialize)]
pub(crate) struct ArmedView {
    id: u64,
    /// Number of times that it will strike; for an impairment, 1 until its end and 0 after it.
    left: u32,
    #[serde(flatten)]
    rule: FaultRule,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_counts")]
    counts: Option<Arc<ImpairmentCounts>>,
}

#[expect(clippy::ref_option, reason = "the form in which serde calls it")]
fn serialize_counts<S: Serializer>(
    counts: &Option<Arc<ImpairmentCounts>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    counts.as_deref().serialize(serializer)
}

impl Faults {
    /// Returns a registry without faults on demand.
    pub(crate) fn new(seeded: Option<SeededFaults>) -> Self {
        Self {
            next_id: AtomicU64::new(1),
            armed: Mutex::default(),
            changed: Notify::new(),
            seeded: Mutex::new(seeded.map(FaultPlan::new)),
            requests: Default::default(),
        }
    }

    /// Arms a fault and returns its identifier.
    pub(crate) fn arm(&self, rule: FaultRule) -> u64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let from = Instant::now() + rule.after();
        let counts = rule.kind.impairment().map(|_| Arc::default());
        self.armed.lock().expect("no holder panics").push(Armed { id, left: rule.times, rule, from, counts });
        self.changed.notify_waiters();
        id
    }

    /// Replaces the faults at random.
    pub(crate) fn set_seeded(&self, seeded: Option<SeededFaults>) {
        *self.seeded.lock().expect("no holder panics") = seeded.map(FaultPlan::new);
    }

    /// Disarms every fault, those at random included.
    pub(crate) fn disarm_all(&self) {
        self.armed.lock().expect("no holder panics").clear();
        self.set_seeded(None);
    }

    /// Disarms one fault and returns true if it was armed.
    pub(crate) fn disarm(&self, id: u64) -> bool {
        let mut armed = self.armed.lock().expect("no holder panics");
        let before = armed.len();
        armed.retain(|armed| armed.id != id);
        armed.len() < before
    }

    /// Returns the armed faults.
    pub(crate) fn list(&self) -> Vec<ArmedView> {
        let now = Instant::now();
        let armed = self.armed.lock().expect("no holder panics");
        let view = |armed: &Armed| ArmedView {
            id: armed.id,
            left: if armed.is_over(now) { 0 } else { armed.left },
            rule: armed.rule.clone(),
            counts: armed.counts.clone(),
        };
        armed.iter().map(view).collect()
    }

    /// Returns the impairment that is active now.
    pub(crate) fn active_impairment(&self) -> Option<ActiveImpairment> {
        let armed = self.armed.lock().expect("no holder panics");
        if armed.is_empty() {
            return None;
        }
        let now = Instant::now();
        armed.iter().rev().find_map(|armed| {
            let (impairment, counts) = (*armed.rule.kind.impairment()?, armed.counts.as_ref()?);
            let holds = armed.from <= now && !armed.is_over(now);
            holds.then(|| ActiveImpairment { id: armed.id, impairment, counts: Arc::clone(counts) })
        })
    }

    /// Counts a request or handshake and takes the fault that strikes it.
    pub(crate) fn take_request_fault(&self, point: FaultPoint, service: Service) -> Option<FaultKind> {
        self.requests[point as usize].fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let due = |armed: &Armed| {
            let kind = &armed.rule.kind;
            let fits = if point.is_socket() { kind.strikes_handshakes() } else { kind.job_fault().is_none() };
            fits && armed.rule.is_for(point, service) && armed.from <= now
        };
        self.take(due).or_else(|| self.seeded.lock().expect("no holder panics").as_mut()?.for_request(point))
    }

    /// Returns the number of requests and handshakes at each point.
    pub(crate) fn request_counts(&self) -> BTreeMap<FaultPoint, u64> {
        FaultPoint::ALL.map(|point| (point, self.requests[point as usize].load(Ordering::Relaxed))).into()
    }

    /// Takes the fault that strikes a job which is accepted now.
    pub(crate) fn take_job_fault(&self, point: FaultPoint, service: Service) -> Option<JobFault> {
        let now = Instant::now();
        let due = |armed: &Armed| {
            let rule = &armed.rule;
            rule.kind.job_fault().is_some() && rule.is_for(point, service) && armed.from <= now
        };
        self.take(due)?.job_fault()
    }

    /// Takes the fault that strikes a webhook which is sent now.
    pub(crate) fn take_webhook_fault(&self, service: Service) -> Option<FaultKind> {
        let now = Instant::now();
        self.take(|armed| armed.rule.is_for(FaultPoint::Webhook, service) && armed.from <= now)
    }

    /// Waits for a fault that strikes a socket which opened at `opened`.
    pub(crate) async fn socket_fault(
        &self,
        point: FaultPoint,
        service: Service,
        opened: Instant,
    ) -> FaultKind {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let fits = |armed: &Armed| armed.rule.kind.strikes_sockets() && armed.rule.is_for(point, service);
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

    /// Takes the random fault of a socket that opens now, and the time after which it strikes.
    pub(crate) fn planned_socket_fault(&self, point: FaultPoint) -> Option<(Duration, FaultKind)> {
        self.seeded.lock().expect("no holder panics").as_mut()?.for_socket(point)
    }

    fn take(&self, due: impl Fn(&Armed) -> bool) -> Option<FaultKind> {
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

impl Armed {
    /// Returns true after the end of an impairment.
    fn is_over(&self, now: Instant) -> bool {
        let length = self.rule.kind.impairment().and_then(|impairment| impairment.ms);
        length.is_some_and(|ms| now >= self.from + Duration::from_millis(ms))
    }
}
