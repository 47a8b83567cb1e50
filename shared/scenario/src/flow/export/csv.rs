//! Runs as CSV.

use base::csv::{Cell, Csv};
use ivr::analysis::{Share, Structure};

use super::{ExportedRun, failed_checks};
use crate::flow::Verdict;

const COLUMNS: [&str; 20] = [
    "simulationId",
    "flowId",
    "timestamp",
    "digits",
    "status",
    "verdict",
    "accuracy",
    "efficiency",
    "optimality",
    "steps",
    "decisionPoints",
    "repeats",
    "durationMs",
    "nodesReached",
    "nodesReachable",
    "edgesTaken",
    "edgesReachable",
    "endNode",
    "failedChecks",
    "error",
];

/// Writes a flow's runs as CSV (RFC 4180), a row for each run after the header.
pub fn to_csv(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    let mut csv = Csv::new(&COLUMNS);
    for run in runs {
        let share = |share: Share| [Cell::number(share.reached), Cell::number(share.of)];
        let [nodes, of_nodes] = share(run.analysis.coverage.node_share(structure));
        let [edges, of_edges] = share(run.analysis.coverage.way_share(structure));
        let ratio = |value: Option<f64>| Cell::optional(value.map(|value| format!("{value:.4}")));
        let last = run.result.execution_path.last();
        csv.row([
            Cell::from(run.simulation_id),
            Cell::from(&structure.flow().flow_id),
            Cell::from(run.timestamp),
            Cell::from(run.digits),
            Cell::from(run.result.status.name()),
            Cell::from(verdict_name(run.judgement.verdict)),
            ratio(run.judgement.accuracy),
            ratio(Some(run.analysis.efficiency)),
            ratio(run.analysis.optimality),
            Cell::number(run.analysis.steps),
            Cell::number(run.analysis.decision_points),
            Cell::number(run.analysis.repeats),
            Cell::number(run.result.duration_ms),
            nodes,
            of_nodes,
            edges,
            of_edges,
            Cell::from(last.map_or("", |step| &*step.node_id)),
            Cell::from(failed_checks(run.judgement).join("; ")),
            Cell::from(run.result.error_message.as_deref().unwrap_or_default()),
        ]);
    }
    csv.finish()
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Unjudged => "unjudged",
    }
}
