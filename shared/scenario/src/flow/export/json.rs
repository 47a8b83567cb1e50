//! Runs as a JSON document.

use ivr::analysis::{Share, Structure};
use serde::{Deserialize, Serialize};
use wire::cxone::SimulationResult;

use super::ExportedRun;
use crate::{
    flow::{Expectation, Verdict},
    report::Check,
};

/// Writes a flow's runs as a JSON document, indented.
pub fn to_json(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    let report = Report {
        flow_id: &structure.flow().flow_id,
        flow_name: &structure.flow().name,
        unreachable_edges: (structure.unreachable.iter())
            .map(|unreachable| ReportedEdge {
                edge: structure.describe(unreachable.edge),
                why: unreachable.why.describe(),
            })
            .collect(),
        needs_patience: structure.needs_patience.iter().map(|&edge| structure.describe(edge)).collect(),
        dead_ends: structure.dead_ends.iter().map(|&node| &*structure.flow().nodes[node].id).collect(),
        cycles: structure.cycles.iter().map(|cycle| ids(structure, cycle)).collect(),
        runs: runs.iter().map(|run| ReportedRun::of(structure, run)).collect(),
    };
    serde_json::to_string_pretty(&report).expect("a report has string keys only")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    flow_id: &'a str,
    flow_name: &'a str,
    unreachable_edges: Vec<ReportedEdge>,
    needs_patience: Vec<String>,
    dead_ends: Vec<&'a str>,
    cycles: Vec<Vec<&'a str>>,
    runs: Vec<ReportedRun<'a>>,
}

#[derive(Serialize)]
struct ReportedEdge {
    edge: String,
    why: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportedRun<'a> {
    simulation_id: &'a str,
    digits: &'a str,
    timestamp: &'a str,
    verdict: Verdict,
    accuracy: Option<f64>,
    efficiency: f64,
    optimality: Option<f64>,
    steps: usize,
    decision_points: usize,
    repeats: usize,
    node_coverage: Covered,
    edge_coverage: Covered,
    nodes_never_reached: Vec<&'a str>,
    edges_never_taken: Vec<String>,
    expectation: &'a Expectation,
    checks: &'a [Check],
    result: &'a SimulationResult,
}

#[derive(Serialize, Deserialize)]
struct Covered {
    #[serde(flatten)]
    share: Share,
    ratio: f64,
}

impl Covered {
    fn of(share: Share) -> Self {
        Self { share, ratio: share.ratio() }
    }
}

impl<'a> ReportedRun<'a> {
    fn of(structure: &'a Structure, run: &ExportedRun<'a>) -> Self {
        let ExportedRun { simulation_id, digits, timestamp, result, analysis, expectation, judgement } = *run;
        let missed: Vec<usize> = analysis.coverage.nodes_missed().collect();
        Self {
            simulation_id,
            digits,
            timestamp,
            verdict: judgement.verdict,
            accuracy: judgement.accuracy,
            efficiency: analysis.efficiency,
            optimality: analysis.optimality,
            steps: analysis.steps,
            decision_points: analysis.decision_points,
            repeats: analysis.repeats,
            node_coverage: Covered::of(analysis.coverage.node_share(structure)),
            edge_coverage: Covered::of(analysis.coverage.way_share(structure)),
            nodes_never_reached: ids(structure, &missed),
            edges_never_taken: (analysis.coverage.ways_missed(structure))
                .map(|edge| structure.describe(edge))
                .collect(),
            expectation,
            checks: &judgement.checks,
            result,
        }
    }
}

fn ids<'a>(structure: &'a Structure, nodes: &[usize]) -> Vec<&'a str> {
    nodes.iter().map(|&node| &*structure.flow().nodes[node].id).collect()
}
