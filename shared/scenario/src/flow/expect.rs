//! What is expected of a run, and whether it happened.

use std::collections::{HashMap, HashSet};

use base::{field_error::FieldErrors, json};
use ivr::{FlowDefinition, Resolution};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wire::cxone::{NodeExecution, SimulationResult, SimulationStatus};

use super::variable::VariableDraft;
use crate::flow::variable::{self};
use crate::report::Check;

/// What is expected of a run. Nothing of it is sent to CXone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Expectation {
    /// The node at which it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_node: Option<String>,
    /// The decisions, in this order; others may come between them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<ExpectedDecision>,
    /// The actions, in this order; others may come between them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Variables' values at the end.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
}

/// A decision that is expected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExpectedDecision {
    /// The node.
    pub node: String,
    /// What is decided there, as a trace has it: `2`, `timeout`, `= gold`.
    pub decision: String,
}

/// An [`Expectation`] as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExpectationDraft {
    /// The node at which the run ends; empty where any will do.
    pub end_node: String,
    /// The decisions, in order.
    pub decisions: Vec<ExpectedDecision>,
    /// The actions, in order, separated by commas.
    pub actions: String,
    /// Variables' values at the end.
    pub variables: Vec<VariableDraft>,
}

impl ExpectationDraft {
    /// Reports whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns an expectation as it would have been typed.
    pub fn from_expectation(expectation: &Expectation) -> Self {
        Self {
            end_node: expectation.end_node.clone().unwrap_or_default(),
            decisions: expectation.decisions.clone(),
            actions: expectation.actions.join(", "),
            variables: variable::to_drafts(&expectation.variables),
        }
    }

    /// Returns the expectation, or every field's error: `decisions[1].node`, `variables.x`.
    pub fn parse(&self) -> Result<Expectation, FieldErrors> {
        let mut errors = FieldErrors::new();
        for (index, expected) in self.decisions.iter().enumerate() {
            for (name, text) in [("node", &expected.node), ("decision", &expected.decision)] {
                if text.trim().is_empty() {
                    errors.refuse(format!("decisions[{index}].{name}"), "must not be empty");
                }
            }
        }
        if self.variables.iter().any(|variable| variable.name.trim().is_empty()) {
            errors.refuse("variables.", "a variable needs a name");
        }
        let variables = variable::to_map(&self.variables, "variables", &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Expectation {
            end_node: trimmed(&self.end_node),
            decisions: (self.decisions.iter())
                .map(|expected| ExpectedDecision {
                    node: expected.node.trim().into(),
                    decision: expected.decision.trim().into(),
                })
                .collect(),
            actions: self.actions.split(',').filter_map(trimmed).collect(),
            variables,
        })
    }
}

impl Expectation {
    /// Reports whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns what no run of `flow` can fulfil: nodes and actions that it lacks.
    pub fn check(&self, flow: &FlowDefinition) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let mut node = |field: String, id: &str| {
            errors.require(
                flow.nodes.iter().any(|node| node.id == id),
                &field,
                &format!("names no node of the flow: {id}"),
            );
        };
        if let Some(id) = &self.end_node {
            node("endNode".into(), id);
        }
        for (index, expected) in self.decisions.iter().enumerate() {
            node(format!("decisions[{index}].node"), &expected.node);
        }
        let of_entries = [Resolution::NoMatch, Resolution::TimedOut, Resolution::TimedOutPartial];
        let taken = |action: &str| {
            flow.nodes.iter().any(|node| node.action.as_deref() == Some(action))
                || of_entries.iter().any(|resolution| resolution.action() == Some(action))
        };
        for action in self.actions.iter().filter(|action| !taken(action)) {
            errors.refuse("actions", format!("no node of the flow takes the action {action}"));
        }
        errors
    }

    /// Returns what `result` did, as what is expected of the next run.
    pub fn from_result(result: &SimulationResult) -> Self {
        let decided = |step: &NodeExecution| {
            Some(ExpectedDecision { node: step.node_id.clone(), decision: step.decision.clone()? })
        };
        Self {
            end_node: result.execution_path.last().map(|step| step.node_id.clone()),
            decisions: result.execution_path.iter().filter_map(decided).collect(),
            actions: result.actions().map(str::to_owned).collect(),
            variables: result.variables.clone(),
        }
    }
}

/// The comparison of a run with what was expected of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The share of the checks that held, 0–1; absent where nothing was expected.
    pub accuracy: Option<f64>,
    /// The comparisons, one by one.
    pub checks: Vec<Check>,
}

/// The outcome of a [`Judgement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It came to its end, and everything expected happened.
    Passed,
    /// It failed, or something expected did not happen.
    Failed,
    /// It came to its end, and nothing was expected.
    Unjudged,
}

/// Compares a run with what was expected of it. Decisions and actions are matched in order: their longest common
/// subsequence counts as held.
pub fn judge(result: &SimulationResult, expectation: &Expectation) -> Judgement {
    let mut checks = Vec::new();
    if let Some(expected) = &expectation.end_node {
        let actual = result.execution_path.last().map(|step| step.node_id.clone()).unwrap_or_default();
        let held = result.status == SimulationStatus::Completed && actual == *expected;
        checks.push(Check { about: "end node".into(), expected: expected.clone(), actual, held });
    }
    check_decisions(result, &expectation.decisions, &mut checks);
    let happened: Vec<&str> = result.actions().collect();
    let expected: Vec<&str> = expectation.actions.iter().map(String::as_str).collect();
    for (index, (expected, held)) in expected.iter().zip(in_order(&expected, &happened)).enumerate() {
        let actual = match held {
            true => *expected,
            false if happened.contains(expected) => "at another place",
            false => "did not happen",
        };
        let about = format!("action {}", index + 1);
        checks.push(Check { about, expected: (*expected).to_owned(), actual: actual.to_owned(), held });
    }
    for (name, expected) in &expectation.variables {
        let actual = result.variables.get(name);
        checks.push(Check {
            about: format!("variable {name}"),
            expected: expected.to_string(),
            actual: actual.map_or_else(|| "not set".to_owned(), Value::to_string),
            held: actual.is_some_and(|actual| json::same(actual, expected)),
        });
    }
    let held = checks.iter().filter(|check| check.held).count();
    let accuracy = (!checks.is_empty()).then(|| held as f64 / checks.len() as f64);
    let verdict = match (result.status, accuracy) {
        (SimulationStatus::Completed, None) => Verdict::Unjudged,
        (SimulationStatus::Completed, Some(_)) if held == checks.len() => Verdict::Passed,
        _ => Verdict::Failed,
    };
    Judgement { verdict, accuracy, checks }
}

fn check_decisions(result: &SimulationResult, expected: &[ExpectedDecision], checks: &mut Vec<Check>) {
    let happened: Vec<(&str, &str)> = (result.execution_path.iter())
        .filter_map(|step| Some((&*step.node_id, step.decision.as_deref()?)))
        .collect();
    let mut last: HashMap<&str, &str> = HashMap::new();
    for (node, decision) in &happened {
        last.insert(node, decision);
    }
    let wanted: Vec<(&str, &str)> =
        expected.iter().map(|expected| (&*expected.node, &*expected.decision)).collect();
    for ((node, decision), held) in wanted.iter().zip(in_order(&wanted, &happened)) {
        let actual = match last.get(node) {
            _ if held => decision,
            Some(other) if other != decision => other,
            Some(_) => "at another place",
            None => "the node was not reached",
        };
        checks.push(Check {
            about: format!("decision at {node}"),
            expected: (*decision).to_owned(),
            actual: actual.to_owned(),
            held,
        });
    }
}

/// Returns which of `expected` belong to its longest common subsequence with `happened`. Beyond [`MAX_CELLS`] of the table, a
/// greedy match takes its place.
fn in_order<T: Copy + Eq + std::hash::Hash>(expected: &[T], happened: &[T]) -> Vec<bool> {
    /// 16 million cells of four bytes.
    const MAX_CELLS: usize = 16 << 20;
    let wanted: HashSet<T> = expected.iter().copied().collect();
    let happened: Vec<T> = happened.iter().copied().filter(|item| wanted.contains(item)).collect();
    let mut held = vec![false; expected.len()];
    let width = happened.len() + 1;
    if (expected.len() + 1).saturating_mul(width) > MAX_CELLS {
        let mut from = 0;
        for (index, item) in expected.iter().enumerate() {
            if let Some(at) = happened[from..].iter().position(|other| other == item) {
                held[index] = true;
                from += at + 1;
            }
        }
        return held;
    }
    // longest[i][j]: of what begins at i and at j.
    let mut longest = vec![0u32; (expected.len() + 1) * width];
    for i in (0..expected.len()).rev() {
        for j in (0..happened.len()).rev() {
            longest[i * width + j] = if expected[i] == happened[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < expected.len() && j < happened.len() {
        if expected[i] == happened[j] {
            held[i] = true;
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    held
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn nodes_and_actions_that_the_flow_lacks_are_named() {
        let decision = |node: &str| ExpectedDecision { node: node.into(), decision: "2".into() };
        let expectation = Expectation {
            end_node: Some("nowhere".into()),
            decisions: vec![decision("root"), decision("cellar")],
            actions: ["support", "no_match", "dance"].map(String::from).into(),
            ..Expectation::default()
        };
        let errors = expectation.check(ivr::support_line().definition());
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["endNode", "decisions[1].node", "actions"]);
        assert!(errors.message("actions").unwrap().contains("dance"));
    }

    fn result() -> SimulationResult {
        serde_json::from_value(json!({
            "status": "completed", "durationMs": 5, "variables": { "card": "1234" },
            "executionPath": [
                { "nodeId": "root", "nodeType": "menu", "decision": "2", "output": { "actions": ["menu"] } },
                { "nodeId": "sub", "nodeType": "menu", "decision": "1", "output": { "action": "sub" } },
                { "nodeId": "end", "nodeType": "hangup", "output": { "actions": ["bye", "over"] } },
            ],
        }))
        .unwrap()
    }

    fn check(expectation: &Value, accuracy: Option<f64>, verdict: Verdict) {
        let expectation: Expectation = serde_json::from_value(expectation.clone()).unwrap();
        let judgement = judge(&result(), &expectation);
        assert_eq!((judgement.accuracy, judgement.verdict), (accuracy, verdict), "{:?}", judgement.checks);
    }

    #[test]
    fn accuracy_is_what_held_of_what_was_expected() {
        check(&json!({}), None, Verdict::Unjudged);
        check(&json!({ "endNode": "end" }), Some(1.0), Verdict::Passed);
        check(&json!({ "endNode": "root" }), Some(0.0), Verdict::Failed);
        check(&json!({ "actions": ["menu", "over"] }), Some(1.0), Verdict::Passed);
        check(&json!({ "actions": ["over", "menu"] }), Some(0.5), Verdict::Failed);
        check(&json!({ "variables": { "card": "1234", "x": null } }), Some(0.5), Verdict::Failed);
        let decisions = json!([
            { "node": "root", "decision": "2" }, { "node": "sub", "decision": "2" }, { "node": "end", "decision": "1" },
        ]);
        check(&json!({ "endNode": "end", "decisions": decisions }), Some(0.5), Verdict::Failed);
    }

    #[test]
    fn a_run_passes_what_it_did_itself_and_fails_if_it_failed() {
        let expectation = Expectation::from_result(&result());
        assert_eq!(judge(&result(), &expectation).verdict, Verdict::Passed);
        assert_eq!(ExpectationDraft::from_expectation(&expectation).parse().unwrap(), expectation);
        let failed = SimulationResult { status: SimulationStatus::Failed, ..result() };
        assert_eq!(judge(&failed, &Expectation::default()).verdict, Verdict::Failed);
        assert_eq!(judge(&failed, &expectation).verdict, Verdict::Failed);
    }

    proptest! {
        #[test]
        fn what_holds_is_a_longest_common_subsequence(
            a in prop::collection::vec(0u8..4, 0..8), b in prop::collection::vec(0u8..4, 0..8)
        ) {
            let held: Vec<u8> = a.iter().zip(in_order(&a, &b)).filter(|(_, held)| *held).map(|(x, _)| *x).collect();
            let is_in = |part: &[u8]| {
                let mut rest = b.iter();
                part.iter().all(|item| rest.any(|other| other == item))
            };
            prop_assert!(is_in(&held));
            for mask in 0u32..1 << a.len() {
                let part: Vec<u8> = (0..a.len()).filter(|at| mask >> at & 1 == 1).map(|at| a[at]).collect();
                prop_assert!(part.len() <= held.len() || !is_in(&part));
            }
        }
    }
}
