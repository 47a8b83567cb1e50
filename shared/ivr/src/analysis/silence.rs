//! A caller who presses nothing at all.

use std::sync::Arc;

use serde_json::Map;

use crate::{compile::CompiledFlow, execute, trace::SimulationStatus};

/// Maximum number of nodes over which the caller is followed, however many there are.
const MAX_STEPS: usize = 20_000;

/// Returns the nodes between which a caller goes round and round who never presses a key, in their order. It is empty where
/// the flow lets go of such a caller.
pub fn endless_silence(flow: &Arc<CompiledFlow>) -> Vec<String> {
    let nodes = &flow.definition().nodes;
    // Each node as often as it may be repeated, twice: enough for a round that begins anywhere.
    let asked = nodes.iter().map(|node| 1 + node.entry().map_or(0, |entry| entry.max_retries as usize));
    let most = (2 * asked.sum::<usize>() + 2).min(MAX_STEPS);
    let run = execute(flow, &[], &Map::new(), most);
    if run.status != SimulationStatus::Failed {
        return Vec::new();
    }
    let mut walked: Vec<String> = run.execution_path.into_iter().map(|step| step.node_id).collect();
    // A node that asks again is one node.
    walked.dedup();
    let last = walked.len() - 1;
    let before = walked[..last].iter().rposition(|node| *node == walked[last]);
    walked.split_off(before.map_or(last, |before| before + 1))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::support_line;

    fn check(nodes: &Value, round: &[&str]) {
        let flow = json!({ "flowId": "f", "name": "", "start": "a", "nodes": nodes });
        let flow = CompiledFlow::compile(serde_json::from_value(flow).unwrap()).unwrap();
        assert_eq!(endless_silence(&Arc::new(flow)), round, "{nodes}");
    }

    #[test]
    fn a_caller_who_says_nothing_is_let_go_or_goes_round() {
        let menu = |id: &str, to: &str| {
            json!({ "id": id, "type": "menu", "maxRetries": 0,
                    "branches": [{ "on": "digits", "value": "1", "to": "end" }, { "on": "timeout", "to": to }] })
        };
        let end = json!({ "id": "end", "type": "hangup" });
        check(&json!([menu("a", "end"), end]), &[]);
        check(&json!([menu("a", "a"), end]), &["a"]);
        check(&json!([menu("a", "b"), menu("b", "c"), menu("c", "b"), end]), &["c", "b"]);
        assert_eq!(endless_silence(&support_line()), [""; 0], "it hangs up after its repetitions");
    }

    #[test]
    fn many_repetitions_are_no_round() {
        let patient = json!({ "id": "a", "type": "menu", "maxRetries": 20,
                              "branches": [{ "on": "digits", "value": "1", "to": "end" }] });
        check(&json!([patient, { "id": "end", "type": "hangup" }]), &[]);
    }
}
