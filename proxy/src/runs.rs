//! The simulations that were submitted through this proxy, so that all audit entries of one have one correlation id.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base::ids::{CorrelationId, SimulationId};
use moka::{policy::EvictionPolicy, sync::Cache};

/// Maximum number of simulations that are remembered; the oldest are forgotten first.
const MAX_RUNS: u64 = 4_096;

/// Recent simulations.
pub(crate) struct Runs(Cache<SimulationId, Arc<Run>>);

/// News of a simulation's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The end was seen before.
    Known,
    /// The end is new; with the time since the submission, where that was made here.
    New(Option<Duration>),
}

struct Run {
    correlation: CorrelationId,
    submitted: Instant,
    is_over: AtomicBool,
}

impl Run {
    fn new(correlation: &CorrelationId, is_over: bool) -> Arc<Self> {
        Arc::new(Self {
            correlation: correlation.clone(),
            submitted: Instant::now(),
            is_over: AtomicBool::new(is_over),
        })
    }
}

impl Default for Runs {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MAX_RUNS).eviction_policy(EvictionPolicy::lru()).build())
    }
}

impl Runs {
    /// Remembers a simulation that was accepted.
    pub(crate) fn submitted(&self, id: &SimulationId, correlation: &CorrelationId) {
        self.0.insert(id.clone(), Run::new(correlation, false));
    }

    /// Returns the correlation id of a simulation that was submitted here.
    pub(crate) fn correlation(&self, id: &SimulationId) -> Option<CorrelationId> {
        self.0.get(id).map(|run| run.correlation.clone())
    }

    /// Notes that a simulation's end was seen.
    pub(crate) fn over(&self, id: &SimulationId, own: &CorrelationId) -> End {
        let run = self.0.entry_by_ref(id).or_insert_with(|| Run::new(own, true));
        if run.is_fresh() {
            return End::New(None);
        }
        let run = run.into_value();
        if run.is_over.swap(true, Ordering::AcqRel) {
            End::Known
        } else {
            End::New(Some(run.submitted.elapsed()))
        }
    }

    /// Takes [`Self::over`] back, because the end could not be recorded.
    pub(crate) fn not_over(&self, id: &SimulationId) {
        if let Some(run) = self.0.get(id) {
            run.is_over.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_new_once_and_old_runs_are_forgotten() {
        let runs = Runs::default();
        let id = |text: &str| text.parse::<SimulationId>().unwrap();
        let correlation = |text: &str| text.parse::<CorrelationId>().unwrap();
        let (mine, other) = (correlation("mine"), correlation("other"));
        runs.submitted(&id("a"), &mine);
        assert_eq!(runs.correlation(&id("a")), Some(mine.clone()));
        assert!(matches!(runs.over(&id("a"), &other), End::New(Some(_))));
        assert_eq!(runs.over(&id("a"), &other), End::Known);
        runs.not_over(&id("a"));
        assert!(matches!(runs.over(&id("a"), &other), End::New(Some(_))));
        assert_eq!(runs.over(&id("b"), &other), End::New(None));
        assert_eq!(runs.over(&id("b"), &other), End::Known);
        for number in 0..MAX_RUNS {
            runs.submitted(&id(&format!("run-{number}")), &mine);
        }
        runs.0.run_pending_tasks();
        assert_eq!(runs.correlation(&id("a")), None);
        assert_eq!(runs.correlation(&id("run-0")), Some(mine));
        assert!(runs.0.entry_count() <= MAX_RUNS);
    }
}
