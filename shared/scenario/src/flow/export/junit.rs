//! Runs as a report's cases.

use core::time::Duration;

use ivr::analysis::Structure;
use wire::cxone::SimulationStatus;

use super::ExportedRun;
use crate::{
    flow::Verdict,
    report::{self, Case, Outcome, Suite},
};

/// Writes a flow's runs as a `JUnit` XML report: a suite for the flow, a case for each run.
pub fn to_junit(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    report::to_junit("dialbench", &[suite(structure, runs)])
}

/// Returns a flow's runs as a suite. A run that failed or was not over is an error, one that did not do what was expected
/// a failure; one of which nothing was expected is skipped.
pub fn suite(structure: &Structure, runs: &[ExportedRun<'_>]) -> Suite {
    let flow = &structure.flow().flow_id;
    let case = |run: &ExportedRun<'_>| {
        let digits = if run.digits.is_empty() { "no digits" } else { run.digits };
        Case {
            name: format!("{digits} ({})", run.simulation_id),
            class: flow.clone(),
            started: Some(run.timestamp.to_owned()).filter(|timestamp| !timestamp.is_empty()),
            duration: Duration::from_millis(run.result.duration_ms),
            outcome: outcome(run),
            checks: run.judgement.checks.clone(),
        }
    };
    Suite { name: flow.clone(), cases: runs.iter().map(case).collect() }
}

fn outcome(run: &ExportedRun<'_>) -> Outcome {
    match (run.result.status, run.judgement.verdict) {
        (SimulationStatus::Failed | SimulationStatus::Queued | SimulationStatus::Running, _) => {
            let message = run.result.error_message.as_deref().unwrap_or(run.result.status.name());
            Outcome::Error { message: message.to_owned() }
        }
        (SimulationStatus::Completed, Verdict::Passed) => Outcome::Passed,
        (SimulationStatus::Completed, Verdict::Failed) => Outcome::Failed,
        (SimulationStatus::Completed, Verdict::Unjudged) => {
            Outcome::Skipped { reason: "nothing was expected".into() }
        }
    }
}
