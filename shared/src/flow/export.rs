//! Runs as files and for QA platforms: JSON, CSV (RFC 4180), `JUnit` XML, and seed 002's payload.

use core::fmt::Write as _;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Expectation, Judgement, Verdict,
    analysis::{RunAnalysis, Share, Structure},
};
use crate::wire::{QaExport, SimulationResult, SimulationStatus};

/// A run with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct ExportedRun<'a> {
    /// The simulation.
    pub simulation_id: &'a str,
    /// Its digits.
    pub digits: &'a str,
    /// When it was submitted (RFC 3339); empty where nobody knows.
    pub timestamp: &'a str,
    /// Its trace.
    pub result: &'a SimulationResult,
    /// What it did.
    pub analysis: &'a RunAnalysis,
    /// What was expected of it.
    pub expectation: &'a Expectation,
    /// Whether that happened.
    pub judgement: &'a Judgement,
}

/// A run whose accuracy cannot be computed, because nothing was expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was expected of this run, so there is no accuracy to export: say what should happen first")]
pub struct NothingExpected;

/// Seed 002's payload of a run, its accuracy computed. `test_id` is the test's own key; `correlation` ties it to the audit
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

/// A flow's runs as a JSON document, indented.
pub fn to_json(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    let report = Report {
        flow_id: &structure.flow().flow_id,
        flow_name: &structure.flow().name,
        unreachable_branches: (structure.unreachable.iter())
            .map(|branch| ReportedBranch {
                branch: structure.describe(branch.way),
                why: branch.why.describe(),
            })
            .collect(),
        needs_patience: structure.needs_patience.iter().map(|&way| structure.describe(way)).collect(),
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
    unreachable_branches: Vec<ReportedBranch>,
    needs_patience: Vec<String>,
    dead_ends: Vec<&'a str>,
    cycles: Vec<Vec<&'a str>>,
    runs: Vec<ReportedRun<'a>>,
}

#[derive(Serialize)]
struct ReportedBranch {
    branch: String,
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
    branch_coverage: Covered,
    nodes_never_reached: Vec<&'a str>,
    branches_never_taken: Vec<String>,
    expectation: &'a Expectation,
    checks: &'a [super::Check],
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
            branch_coverage: Covered::of(analysis.coverage.way_share(structure)),
            nodes_never_reached: ids(structure, &missed),
            branches_never_taken: (analysis.coverage.ways_missed(structure))
                .map(|way| structure.describe(way))
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

fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

/// A flow's runs as a `JUnit` XML report: a test suite for the flow, a test case for each run. A run that failed or was
/// not over is an error, one that did not do what was expected a failure, one of which nothing was expected is skipped.
pub fn to_junit(structure: &Structure, runs: &[ExportedRun<'_>]) -> String {
    let count = |wanted: Kind| runs.iter().filter(|run| kind(run) == wanted).count();
    let seconds = |ms: u64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let (errors, failures, skipped) = (count(Kind::Error), count(Kind::Failure), count(Kind::Skipped));
    let total = seconds(runs.iter().map(|run| run.result.duration_ms).sum());
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{total}\"",
        runs.len()
    );
    let flow = attribute(&structure.flow().flow_id);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dialbench\" {counts}>\n  <testsuite name=\"{flow}\" {counts}>\n"
    );
    let mut line = |arguments: core::fmt::Arguments<'_>| {
        xml.write_fmt(arguments).expect("writing to a string cannot fail");
    };
    for run in runs {
        let name = if run.digits.is_empty() { "no digits" } else { run.digits };
        let name = attribute(&format!("{name} ({})", run.simulation_id)).into_owned();
        line(format_args!(
            "    <testcase classname=\"{flow}\" name=\"{name}\" time=\"{}\"",
            seconds(run.result.duration_ms)
        ));
        match kind(run) {
            Kind::Passed => line(format_args!("/>\n")),
            Kind::Skipped => {
                line(format_args!(">\n      <skipped message=\"nothing was expected\"/>\n    </testcase>\n"));
            }
            Kind::Error => {
                let why = run.result.error_message.as_deref().unwrap_or(run.result.status.name());
                line(format_args!(">\n      <error message=\"{}\"/>\n    </testcase>\n", attribute(why)));
            }
            Kind::Failure => {
                let failed: Vec<String> = failed_checks(run.judgement).collect();
                let (message, body) = (failed.first().map_or("", String::as_str), failed.join("\n"));
                line(format_args!(
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                    attribute(message),
                    escaped(&body, false)
                ));
            }
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn kind(run: &ExportedRun<'_>) -> Kind {
    match (run.result.status, run.judgement.verdict) {
        (SimulationStatus::Failed | SimulationStatus::Queued | SimulationStatus::Running, _) => Kind::Error,
        (SimulationStatus::Completed, Verdict::Passed) => Kind::Passed,
        (SimulationStatus::Completed, Verdict::Failed) => Kind::Failure,
        (SimulationStatus::Completed, Verdict::Unjudged) => Kind::Skipped,
    }
}

fn failed_checks(judgement: &Judgement) -> impl Iterator<Item = String> {
    let failed = judgement.checks.iter().filter(|check| !check.held);
    failed.map(|check| format!("{}: expected {}, not {}", check.about, check.expected, check.actual))
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Unjudged => "unjudged",
    }
}

fn attribute(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// XML 1.0 text: markup as entities, and a replacement for what XML has no way to hold.
fn escaped(text: &str, attribute: bool) -> Cow<'_, str> {
    let plain = |symbol: char| match symbol {
        '<' | '>' | '&' | '"' | '\'' | '\r' | '\u{fffe}' | '\u{ffff}' => false,
        '\t' | '\n' => !attribute,
        other => other >= ' ',
    };
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for symbol in text.chars() {
        match symbol {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' if attribute => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            other if plain(other) => escaped.push(other),
            _ => escaped.push('\u{fffd}'),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        flow::{SimulationRequest, analysis::analyse, execute, judge},
        menu::seed_flow,
        wire::Limits,
    };

    /// Runs `digits` through the support line, expects `end` and exports what came of it.
    fn export<T>(
        digits: &str,
        expectation: &Expectation,
        export: impl FnOnce(&Structure, &ExportedRun<'_>) -> T,
    ) -> T {
        let flow = seed_flow();
        let body = json!({ "flowId": "support-line", "dtmfSequence": digits.chars().map(String::from).collect::<Vec<_>>() });
        let request = SimulationRequest::from_json(&body, &Limits::default()).unwrap();
        let result = execute(&flow, &request, 200);
        let structure = Structure::of(flow.definition());
        let analysis = analyse(&structure, &result);
        let judgement = judge(&result, expectation);
        let run = ExportedRun {
            simulation_id: "=sim-1,\"x\"",
            digits,
            timestamp: "2026-11-21T07:00:00Z",
            result: &result,
            analysis: &analysis,
            expectation,
            judgement: &judgement,
        };
        export(&structure, &run)
    }

    fn ends_at(node: &str) -> Expectation {
        Expectation { end_node: Some(node.into()), ..Expectation::default() }
    }

    #[test]
    fn a_wrong_expectation_fails_everywhere() {
        let wrong = ends_at("<sales> & \"more\"");
        let payload = export("22", &wrong, |structure, run| qa_export(structure, run, "t-1", "")).unwrap();
        assert!((payload.accuracy_score - 0.0).abs() < f64::EPSILON);
        let junit = export("22", &wrong, |structure, run| to_junit(structure, &[*run]));
        assert!(junit.contains("failures=\"1\"") && junit.contains("<failure message=\"end node: expected &lt;sales&gt; &amp; &quot;more&quot;, not technical\">"), "{junit}");
        assert!(
            export("22", &wrong, |structure, run| to_csv(structure, &[*run])).contains(",failed,0.0000,")
        );
        let right = ends_at("technical");
        let payload = export("22", &right, |structure, run| qa_export(structure, run, "t-1", "c")).unwrap();
        assert_eq!(
            serde_json::to_value(&payload).unwrap(),
            json!({
                "testId": "t-1", "simulationId": "=sim-1,\"x\"", "flowId": "support-line", "durationMs": 1000,
                "efficiencyScore": 2.0 / 3.0, "accuracyScore": 1.0, "unreachableBranches": [],
                "timestamp": "2026-11-21T07:00:00Z", "auditCorrelation": "c",
            })
        );
        assert!(
            export("22", &right, |structure, run| to_junit(structure, &[*run])).contains("failures=\"0\"")
        );
        let nothing = Expectation::default();
        assert_eq!(
            export("22", &nothing, |structure, run| qa_export(structure, run, "t", "")),
            Err(NothingExpected)
        );
        assert!(
            export("22", &nothing, |structure, run| to_junit(structure, &[*run])).contains("skipped=\"1\"")
        );
    }

    #[test]
    fn csv_and_json_hold_what_happened() {
        let csv = export("922", &ends_at("technical"), |structure, run| to_csv(structure, &[*run]));
        let lines: Vec<&str> = csv.split("\r\n").collect();
        assert_eq!(lines[0].split(',').count(), 20);
        assert_eq!(
            lines[1],
            "\"'=sim-1,\"\"x\"\"\",support-line,2026-11-21T07:00:00Z,922,completed,passed,1.0000,0.6500,0.7500,4,3,1,1500,3,7,3,11,technical,,"
        );
        let report = export("9", &ends_at("x"), |structure, run| to_json(structure, &[*run]));
        let report: Value = serde_json::from_str(&report).unwrap();
        let run = &report["runs"][0];
        assert_eq!((&run["verdict"], &run["accuracy"]), (&json!("failed"), &json!(0.0)));
        assert_eq!(run["nodeCoverage"], json!({ "reached": 2, "of": 7, "ratio": 2.0 / 7.0 }));
        assert_eq!(run["result"]["executionPath"][0]["decision"], "no match");
        assert_eq!(run["nodesNeverReached"][0], "support");
    }

    proptest! {
        #[test]
        fn escaped_text_is_xml_and_says_the_same(text in any::<String>(), attribute: bool) {
            let xml = escaped(&text, attribute);
            prop_assert!(!xml.contains(['<', '>', '"', '\'']));
            prop_assert!(xml.chars().all(|symbol| symbol == '\t' || symbol == '\n' || symbol >= ' '));
            let back = xml.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'")
                .replace("&#9;", "\t").replace("&#10;", "\n").replace("&#13;", "\r").replace("&amp;", "&");
            let storable: String = text.chars().map(|symbol| match symbol {
                '\t' | '\n' | '\r' => symbol,
                '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
                other if other < ' ' => '\u{fffd}',
                other => other,
            }).collect();
            prop_assert_eq!(back, storable);
        }

        #[test]
        fn a_csv_field_is_one_field(text in any::<String>()) {
            let field = quoted(&text);
            if let Some(inner) = field.strip_prefix('"') {
                prop_assert_eq!(inner.strip_suffix('"').unwrap().replace("\"\"", "\""), text);
            } else {
                prop_assert!(field == text && !field.contains(['"', ',', '\r', '\n']));
            }
        }
    }
}
