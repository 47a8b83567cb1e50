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

    /// Whether a simulation's end is seen for the first time, and how long that took from its submission, where it was
    /// submitted here.
    pub(crate) fn over(&self, id: &str, own: &CorrelationId) -> Option<Option<Duration>> {
        let mut registry = self.lock();
        if !registry.runs.contains_key(id) {
            registry.insert(id, own);
            if let Some(run) = registry.runs.get_mut(id) {
                run.over = true;
            }
            return Some(None);
        }
        let run = registry.runs.get_mut(id)?;
        (!std::mem::replace(&mut run.over, true)).then(|| Some(run.submitted.elapsed()))
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
        assert!(runs.over("a", &other).unwrap().is_some());
        assert!(runs.over("a", &other).is_none());
        runs.not_over("a");
        assert!(runs.over("a", &other).is_some());
        assert_eq!(runs.over("b", &other), Some(None));
        assert_eq!(runs.over("b", &other), None);
        for number in 0..REMEMBERED {
            runs.submitted(&format!("run-{number}"), &mine);
        }
        assert_eq!(runs.correlation("a", &other).0, "other");
        assert!(runs.lock().runs.len() <= REMEMBERED);
    }
}
