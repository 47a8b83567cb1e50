//! The simulations that were submitted through this proxy, so that all that is recorded of one has one correlation id.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::id::CorrelationId;

/// Beyond so many the oldest are forgotten, and answer for themselves.
const REMEMBERED: usize = 4_096;

/// What is remembered of simulations.
#[derive(Default)]
pub(crate) struct Runs(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    runs: HashMap<String, Run>,
    /// Oldest first.
    order: VecDeque<String>,
}

/// What a simulation's end is to this proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was seen before.
    Known,
    /// It is new, so long after the submission, where that was made here.
    New(Option<Duration>),
}

struct Run {
    correlation: CorrelationId,
    submitted: Instant,
    over: bool,
}

impl Runs {
    /// A simulation was accepted.
    pub(crate) fn submitted(&self, id: &str, correlation: &CorrelationId) {
        self.lock().insert(id, correlation);
    }

    /// The correlation id of a simulation; `own` where it was not submitted here.
    pub(crate) fn correlation(&self, id: &str, own: &CorrelationId) -> CorrelationId {
        self.lock().runs.get(id).map_or_else(|| own.clone(), |run| run.correlation.clone())
    }

    /// A simulation's end is seen.
    pub(crate) fn over(&self, id: &str, own: &CorrelationId) -> End {
        let mut registry = self.lock();
        if !registry.runs.contains_key(id) {
            registry.insert(id, own);
            if let Some(run) = registry.runs.get_mut(id) {
                run.over = true;
            }
            return End::New(None);
        }
        match registry.runs.get_mut(id) {
            Some(run) if !run.over => {
                run.over = true;
                End::New(Some(run.submitted.elapsed()))
            }
            Some(_) | None => End::Known,
        }
    }

    /// The end could not be recorded after all.
    pub(crate) fn not_over(&self, id: &str) {
        if let Some(run) = self.lock().runs.get_mut(id) {
            run.over = false;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.0.lock().expect("no holder panics")
    }
}

impl Registry {
    fn insert(&mut self, id: &str, correlation: &CorrelationId) {
        let run = Run { correlation: correlation.clone(), submitted: Instant::now(), over: false };
        if self.runs.insert(id.to_owned(), run).is_none() {
            self.order.push_back(id.to_owned());
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.runs.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_once_and_old_runs_are_forgotten() {
        let runs = Runs::default();
        let (mine, other) = (CorrelationId("mine".into()), CorrelationId("other".into()));
        runs.submitted("a", &mine);
        assert_eq!(runs.correlation("a", &other).0, "mine");
        assert!(matches!(runs.over("a", &other), End::New(Some(_))));
        assert_eq!(runs.over("a", &other), End::Known);
        runs.not_over("a");
        assert!(matches!(runs.over("a", &other), End::New(Some(_))));
        assert_eq!(runs.over("b", &other), End::New(None));
        assert_eq!(runs.over("b", &other), End::Known);
        for number in 0..REMEMBERED {
            runs.submitted(&format!("run-{number}"), &mine);
        }
        assert_eq!(runs.correlation("a", &other).0, "other");
        assert!(runs.lock().runs.len() <= REMEMBERED);
    }
}
