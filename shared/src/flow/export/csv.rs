//! Runs as CSV (RFC 4180).

use std::borrow::Cow;

use super::{ExportedRun, failed_checks};
use crate::flow::{
    Verdict,
    analysis::{Share, Structure},
};

/// A flow's runs as CSV (RFC 4180), a line each after the header. A text that a spreadsheet would take for a formula gets
/// an apostrophe before it.
pub fn to_csv(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    let mut csv = String::from(
        "simulationId,flowId,timestamp,digits,status,verdict,accuracy,efficiency,optimality,steps,decisionPoints,\
         repeats,durationMs,nodesReached,nodesReachable,branchesTaken,branchesReachable,endNode,failedChecks,error\r\n",
    );
    for run in runs {
        let share = |share: Share| [share.reached.to_string(), share.of.to_string()];
        let [nodes, of_nodes] = share(run.analysis.coverage.node_share(structure));
        let [ways, of_ways] = share(run.analysis.coverage.way_share(structure));
        let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        let failed: Vec<String> = failed_checks(run.judgement).collect();
        let fields: [Cow<'_, str>; 20] = [
            text(run.simulation_id),
            text(&structure.flow().flow_id),
            text(run.timestamp),
            text(run.digits),
            run.result.status.name().into(),
            verdict_name(run.judgement.verdict).into(),
            number(run.judgement.accuracy).into(),
            number(Some(run.analysis.efficiency)).into(),
            number(run.analysis.optimality).into(),
            run.analysis.steps.to_string().into(),
            run.analysis.decision_points.to_string().into(),
            run.analysis.repeats.to_string().into(),
            run.result.duration_ms.to_string().into(),
            nodes.into(),
            of_nodes.into(),
            ways.into(),
            of_ways.into(),
            text(run.result.execution_path.last().map_or("", |step| &step.node_id)),
            text(&failed.join("; ")).into_owned().into(),
            text(run.result.error_message.as_deref().unwrap_or_default()),
        ];
        csv.push_str(&fields.map(|field| quoted(&field).into_owned()).join(","));
        csv.push_str("\r\n");
    }
    csv
}

fn text(value: &str) -> Cow<'_, str> {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { Cow::Owned(format!("'{value}")) } else { Cow::Borrowed(value) }
}

pub(super) fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Unjudged => "unjudged",
    }
}
