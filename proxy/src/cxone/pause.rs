use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::config::Service;

/// Waits that services have asked for, which hold for everybody's next requests.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<BTreeMap<Service, Pause>>);

#[derive(Clone, Copy, Debug)]
struct Pause {
    status: u16,
    until: Instant,
}

/// A request that is not sent, because its service asked to be left alone for a time that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} answered with HTTP {status} and asked to be left alone; that time is not over")]
pub(crate) struct Paused {
    pub(crate) service: Service,
    /// Status by which the service asked.
    pub(crate) status: u16,
    /// Time that is left.
    pub(crate) left: Duration,
}

impl Pauses {
    /// Notes an answer's status and the wait that it asks for.
    pub(super) fn note(&self, now: Instant, service: Service, status: u16, retry_after: Option<Duration>) {
        let (429 | 503, Some(wait)) = (status, retry_after) else { return };
        let asked = Pause { status, until: now + wait };
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Answers overtake each other: the longest wait holds.
        let pause = pauses.entry(service).or_insert(asked);
        if pause.until < asked.until {
            *pause = asked;
        }
    }

    /// Refuses a request to `service` that would come too early.
    pub(super) fn check(&self, now: Instant, service: Service) -> Result<(), Paused> {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match pauses.get(&service) {
            Some(Pause { status, until }) if now < *until => {
                Err(Paused { service, status: *status, left: *until - now })
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_holds_for_its_service_and_counts_down() {
        let (pauses, start) = (Pauses::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let left = |seconds: u64, service: Service| {
            pauses.check(at(seconds), service).err().map(|paused| (paused.status, paused.left.as_secs()))
        };
        let note = |seconds: u64, status: u16, wait: Option<u64>| {
            pauses.note(at(seconds), Service::Voice, status, wait.map(Duration::from_secs));
        };
        for status in [200, 404, 409, 500] {
            note(0, status, Some(30));
        }
        note(0, 429, None);
        note(0, 429, Some(0));
        assert_eq!(left(0, Service::Voice), None);
        note(0, 429, Some(30));
        assert_eq!(left(10, Service::Voice), Some((429, 20)));
        assert_eq!(left(10, Service::Flow), None);
        note(10, 503, Some(5));
        assert_eq!(left(11, Service::Voice), Some((429, 19)), "a shorter wait ends none");
        note(20, 503, Some(30));
        assert_eq!(left(20, Service::Voice), Some((503, 30)));
        assert_eq!(left(50, Service::Voice), None);
    }
}
