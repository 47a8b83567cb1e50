//! Runs as files and for QA platforms: JSON, CSV (RFC 4180), `JUnit` XML, and the QA platform's payload.

mod csv;
mod json;
mod junit;
#[cfg(test)]
mod tests;

pub use csv::to_csv;
pub use json::to_json;
pub use junit::{suite, to_junit};

use ivr::analysis::{RunAnalysis, Structure};
use wire::{api::QaExport, cxone::SimulationResult};

use super::{Expectation, Judgement};
use crate::report;

/// A run with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct ExportedRun<'a> {
    /// The simulation.
    pub simulation_id: &'a str,
    /// Its digits.
    pub digits: &'a str,
    /// The time at which it was submitted (RFC 3339); empty where it is unknown.
    pub timestamp: &'a str,
    /// Its trace.
    pub result: &'a SimulationResult,
    /// What it did.
    pub analysis: &'a RunAnalysis,
    /// What was expected of it.
    pub expectation: &'a Expectation,
    /// The comparison of the two.
    pub judgement: &'a Judgement,
}

/// The error of a run whose accuracy cannot be computed, because nothing was expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was expected of this run, so there is no accuracy to export: say what should happen first")]
pub struct NothingExpected;

/// Returns what a QA platform is sent about a run, its accuracy computed. `test_id` is the test's own key; `correlation` ties it to the audit
/// trail and may be left to the proxy.
pub fn qa_export(
    structure: &Structure,
    run: &ExportedRun<'_>,
    test_id: &str,
    correlation: &str,
) -> Result<QaExport, NothingExpected> {
    Ok(QaExport {
        test_id: test_id.to_owned(),
        simulation_id: run.simulation_id.to_owned(),
        flow_id: structure.flow().flow_id.clone(),
        duration_ms: run.result.duration_ms,
        efficiency_score: run.analysis.efficiency,
        accuracy_score: run.judgement.accuracy.ok_or(NothingExpected)?,
        unreachable_branches: structure.unreachable_branches(),
        timestamp: run.timestamp.to_owned(),
        audit_correlation: correlation.to_owned(),
    })
}

fn failed_checks(judgement: &Judgement) -> Vec<String> {
    report::failed(&judgement.checks).map(ToString::to_string).collect()
}
