//! What is exported says what happened, and nothing in it breaks its format.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use ivr::{analysis::analyse, execute, support_line};
use serde_json::{Value, json};
use wire::api::Limits;

use super::*;
use crate::flow::{SimulationRequest, judge};

/// Runs `digits` through the support line, expects `end` and exports what came of it.
fn export<T>(
    digits: &str,
    expectation: &Expectation,
    export: impl FnOnce(&Structure, &ExportedRun<'_>) -> T,
) -> T {
    let flow = support_line();
    let body = json!({ "flowId": "support-line", "dtmfSequence": digits.chars().map(String::from).collect::<Vec<_>>() });
    let request = SimulationRequest::from_json(&body, &Limits::default()).unwrap();
    let result = execute(&flow, request.digits(), request.variables(), 200);
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
    assert!(
        junit.contains("failures=\"1\"")
            && junit.contains(
                "<failure message=\"end node: expected &lt;sales&gt; &amp; &quot;more&quot;, not technical\">"
            ),
        "{junit}"
    );
    assert!(export("22", &wrong, |structure, run| to_csv(structure, &[*run])).contains(",failed,0.0000,"));
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
    assert!(export("22", &right, |structure, run| to_junit(structure, &[*run])).contains("failures=\"0\""));
    let nothing = Expectation::default();
    assert_eq!(
        export("22", &nothing, |structure, run| qa_export(structure, run, "t", "")),
        Err(NothingExpected)
    );
    assert!(export("22", &nothing, |structure, run| to_junit(structure, &[*run])).contains("skipped=\"1\""));
}

#[test]
fn csv_and_json_hold_what_happened() {
    let csv = export("922", &ends_at("technical"), |structure, run| to_csv(structure, &[*run]));
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0].split(',').count(), 20);
    assert!(lines[0].contains(",edgesTaken,edgesReachable,"), "{}", lines[0]);
    assert_eq!(
        lines[1],
        "\"'=sim-1,\"\"x\"\"\",support-line,2026-11-21T07:00:00Z,922,completed,passed,1.0000,0.6500,0.7500,4,3,1,1500,3,7,3,11,technical,,"
    );
    let report = export("9", &ends_at("x"), |structure, run| to_json(structure, &[*run]));
    let report: Value = serde_json::from_str(&report).unwrap();
    let run = &report["runs"][0];
    assert_eq!((&run["verdict"], &run["accuracy"]), (&json!("failed"), &json!(0.0)));
    assert_eq!(run["nodeCoverage"], json!({ "reached": 2, "of": 7, "ratio": 2.0 / 7.0 }));
    assert_eq!(run["edgeCoverage"]["of"], 11);
    assert!(run["edgesNeverTaken"][0].is_string() && report["unreachableEdges"].is_array());
    assert_eq!(run["result"]["executionPath"][0]["decision"], "no match");
    assert_eq!(run["nodesNeverReached"][0], "support");
}
