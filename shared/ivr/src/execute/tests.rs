//! Runs through flows, as traces.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

use super::*;
use crate::{support_line, trace::NodeExecution};

fn run_through(flow: &Arc<CompiledFlow>, digits: &str, variables: &Value) -> SimulationResult {
    let digits: Vec<Digit> = digits.chars().map(|digit| Digit::try_from(digit).unwrap()).collect();
    execute(flow, &digits, variables.as_object().unwrap(), 200)
}

/// `root 2`, `sub 1`, `end`: each step's node and decision.
fn path(result: &SimulationResult) -> Vec<String> {
    let step = |step: &NodeExecution| match &step.decision {
        Some(decision) => format!("{} {decision}", step.node_id),
        None => step.node_id.clone(),
    };
    result.execution_path.iter().map(step).collect()
}

fn flow(nodes: &Value) -> Arc<CompiledFlow> {
    let flow = json!({ "flowId": "f", "name": "", "start": "a", "variables": { "v": 1 }, "nodes": nodes });
    Arc::new(CompiledFlow::compile(serde_json::from_value(flow).unwrap()).unwrap())
}

#[test]
fn the_support_line_s_trace_is_the_contract_s() {
    let result = run_through(&support_line(), "92212", &json!({ "other": [1] }));
    assert_eq!(path(&result), ["root no match", "root 2", "support 2", "technical"]);
    assert_eq!(result.status, SimulationStatus::Completed);
    assert_eq!(result.variables, json!({ "other": [1] }).as_object().unwrap().clone());
    assert_eq!(result.duration_ms, 1_500);
    let step = serde_json::to_value(&result.execution_path[1]).unwrap();
    assert_eq!((&step["nodeType"], &step["input"]), (&json!("menu"), &json!({ "digits": "2" })));
    assert_eq!((&step["output"]["branch"], &step["output"]["to"]), (&json!(1), &json!("support")));
    assert_eq!(step["durationMs"], 500);
    let last = serde_json::to_value(&result.execution_path[3]).unwrap();
    assert_eq!(
        (&last["output"]["outcome"], &last["output"]["unusedDigits"]),
        (&json!("transferred"), &json!("12"))
    );
}

#[test]
fn silence_runs_the_flow_to_its_end() {
    let result = run_through(&support_line(), "", &json!({}));
    assert_eq!(path(&result), ["root timeout", "root timeout", "root retries exhausted", "goodbye"]);
    let actions: Vec<&str> = result.actions().collect();
    assert_eq!(actions[..3], ["timeout_repeat_prompt"; 3]);
}

#[test]
fn entries_are_traced_with_what_was_heard_and_taken() {
    let flow = flow(&json!([
        { "id": "a", "type": "collect", "variable": "n", "minDigits": 2, "maxDigits": 3, "terminator": "#",
          "branches": [{ "on": "collected", "to": "b" }, { "on": "maxLength", "to": "c" }] },
        { "id": "b", "type": "decision", "variable": "n",
          "branches": [{ "on": "case", "value": "12", "to": "c" }, { "on": "default", "to": "d" }] },
        { "id": "c", "type": "menu", "terminator": "*", "branches": [{ "on": "digits", "value": "123", "to": "d" }] },
        { "id": "d", "type": "hangup" },
    ]));
    let check = |digits: &str, expect: &[&str]| {
        assert_eq!(path(&run_through(&flow, digits, &json!({}))), expect, "{digits}");
    };
    check("1#12#133", &["a no match", "a collected", "b = 12", "c 123", "d"]);
    check("13#", &["a collected", "b otherwise", "d"]);
    check("1234*", &["a too long", "c no match", "c timeout", "c retries exhausted"]);
    let result = run_through(&flow, "12#*", &json!({}));
    let step = &result.execution_path;
    assert_eq!((&step[0].input["terminator"], &step[2].input["terminator"]), (&json!("#"), &json!("*")));
    assert_eq!((&step[0].output["value"], &result.variables["n"]), (&json!("12"), &json!("12")));
    assert_eq!((&step[1].input["value"], &step[1].output["branch"]), (&json!("12"), &json!(0)));
}

#[test]
fn variables_decide_and_depth_is_limited() {
    let flow = flow(&json!([
        { "id": "a", "type": "decision", "variable": "v",
          "branches": [{ "on": "case", "value": 1, "to": "b" }, { "on": "default", "to": "c" }] },
        { "id": "b", "type": "menu", "maxRetries": 0, "branches": [{ "on": "digits", "value": "1", "to": "b" }, { "on": "timeout", "to": "b" }] },
        { "id": "c", "type": "transfer", "target": "q" },
    ]));
    let other = run_through(&flow, "", &json!({ "v": "1" }));
    assert_eq!(path(&other), ["a otherwise", "c"]);
    let endless = run_through(&flow, "1", &json!({}));
    assert_eq!((endless.status, endless.execution_path.len()), (SimulationStatus::Failed, 200));
    assert!(endless.error_message.unwrap().contains("depth limit of 200"));
}
