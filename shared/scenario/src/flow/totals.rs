//! Figures of many runs.

use super::Verdict;
use serde::{Deserialize, Serialize};
use wire::cxone::{SimulationResult, SimulationStatus};

/// Figures of many runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Runs that are over.
    pub runs: usize,
    /// Those of them that completed.
    pub completed: usize,
    /// Those that were judged.
    pub judged: usize,
    /// Those that passed.
    pub passed: usize,
    /// Passed of judged, 0–1.
    pub pass_rate: Option<f64>,
    /// Half of the runs took no longer, in milliseconds (nearest rank).
    pub p50_ms: Option<u64>,
    /// 95 of 100 runs took no longer, in milliseconds (nearest rank).
    pub p95_ms: Option<u64>,
}

impl Totals {
    /// Returns the figures of runs, each with its verdict.
    pub fn of<'a>(runs: impl IntoIterator<Item = (&'a SimulationResult, Verdict)>) -> Self {
        let mut totals = Self::default();
        let mut durations = Vec::new();
        for (result, verdict) in runs {
            if !result.status.is_over() {
                continue;
            }
            totals.runs += 1;
            totals.completed += usize::from(result.status == SimulationStatus::Completed);
            totals.judged += usize::from(verdict != Verdict::Unjudged);
            totals.passed += usize::from(verdict == Verdict::Passed);
            durations.push(result.duration_ms);
        }
        durations.sort_unstable();
        let rank = |percent: usize| {
            let rank = (durations.len() * percent).div_ceil(100).max(1);
            durations.get(rank - 1).copied()
        };
        (totals.p50_ms, totals.p95_ms) = (rank(50), rank(95));
        totals.pass_rate = (totals.judged > 0).then(|| totals.passed as f64 / totals.judged as f64);
        totals
    }
}
