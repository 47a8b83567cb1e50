//! The faults that are armed.

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
    impair::{Counts, Impairment},
    planned::{Planned, SeededFaults},
    rule::{JobFault, Kind, Point, Rule},
};
use crate::services::Service;

/// Faults that are waiting for something to strike.
#[derive(Debug)]
pub(crate) struct Faults {
    next_id: AtomicU64,
    armed: Mutex<Vec<Armed>>,
    changed: Notify,
    planned: Mutex<Option<Planned>>,
    /// Requests and handshakes that came, whatever became of them.
    came: [AtomicU64; Point::ALL.len()],
}

#[derive(Debug)]
struct Armed {
    id: u64,
    rule: Rule,
    left: u32,
    from: Instant,
    /// What it has done, if it stands instead of striking.
    counts: Option<Arc<Counts>>,
}

/// The impairment that holds.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) id: u64,
    pub(crate) impairment: Impairment,
    pub(crate) counts: Arc<Counts>,
}

/// One armed fault, as `GET /sandbox/faults` lists it.
#[derive(Debug, Serialize)]
pub(crate) struct ArmedView {
    id: u64,
    /// How often it will strike; whether it stands or is yet to come, 1 or 0, for an impairment.
    left: u32,
    #[serde(flatten)]
    rule: Rule,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_they_are")]
    counts: Option<Arc<Counts>>,
}

#[expect(clippy::ref_option, reason = "the form in which serde calls it")]
fn as_they_are<S: Serializer>(counts: &Option<Arc<Counts>>, serializer: S) -> Result<S::Ok, S::Error> {
    counts.as_deref().serialize(serializer)
}

impl Faults {
    /// No faults but those of the seed.
    pub(crate) fn new(seeded: Option<SeededFaults>) -> Self {
        Self {
            next_id: AtomicU64::new(1),
            armed: Mutex::default(),
            changed: Notify::new(),
            planned: Mutex::new(seeded.map(Planned::new)),
            came: Default::default(),
        }
    }

    /// Arms a fault; its identifier.
    pub(crate) fn arm(&self, rule: Rule) -> u64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let from = Instant::now() + rule.after();
        let counts = rule.kind.impairment().map(|_| Arc::default());
        self.armed.lock().expect("no holder panics").push(Armed { id, left: rule.times, rule, from, counts });
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

    /// Takes one away; whether it was there.
    pub(crate) fn take_away(&self, id: u64) -> bool {
        let mut armed = self.armed.lock().expect("no holder panics");
        let before = armed.len();
        armed.retain(|armed| armed.id != id);
        armed.len() < before
    }

    /// What is armed.
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

    /// The impairment that voice streams suffer now.
    pub(crate) fn standing(&self) -> Option<Standing> {
        let armed = self.armed.lock().expect("no holder panics");
        if armed.is_empty() {
            return None;
        }
        let now = Instant::now();
        armed.iter().rev().find_map(|armed| {
            let (impairment, counts) = (*armed.rule.kind.impairment()?, armed.counts.as_ref()?);
            let holds = armed.from <= now && !armed.is_over(now);
            holds.then(|| Standing { id: armed.id, impairment, counts: Arc::clone(counts) })
        })
    }

    /// The fault that strikes a request or handshake, if one does.
    pub(crate) fn for_request(&self, point: Point, service: Service) -> Option<Kind> {
        self.came[point as usize].fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let due = |armed: &Armed| {
            let kind = &armed.rule.kind;
            let fits = if point.is_socket() { kind.strikes_handshakes() } else { kind.job_fault().is_none() };
            fits && armed.rule.is_for(point, service) && armed.from <= now
        };
        self.take(due).or_else(|| self.planned.lock().expect("no holder panics").as_mut()?.for_request(point))
    }

    /// How many requests and handshakes have come to each point.
    pub(crate) fn came(&self) -> BTreeMap<Point, u64> {
        Point::ALL.map(|point| (point, self.came[point as usize].load(Ordering::Relaxed))).into()
    }

    /// Takes the fault that strikes a job which is accepted now.
    pub(crate) fn for_job(&self, point: Point, service: Service) -> Option<JobFault> {
        let now = Instant::now();
        let due = |armed: &Armed| {
            let rule = &armed.rule;
            rule.kind.job_fault().is_some() && rule.is_for(point, service) && armed.from <= now
        };
        self.take(due)?.job_fault()
    }

    /// Waits for a fault that strikes a socket which opened at `opened`.
    pub(crate) async fn for_socket(&self, point: Point, service: Service, opened: Instant) -> Kind {
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

    /// What the seed has in store for a socket that opens now, and after which time.
    pub(crate) fn planned_for_socket(&self, point: Point) -> Option<(Duration, Kind)> {
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

impl Armed {
    /// Whether it stood for as long as it was to.
    fn is_over(&self, now: Instant) -> bool {
        let length = self.rule.kind.impairment().and_then(|impairment| impairment.ms);
        length.is_some_and(|ms| now >= self.from + Duration::from_millis(ms))
    }
}
