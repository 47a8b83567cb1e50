//! Definitions and traces of any size.

use ivr::FlowDefinition;
use ivr::trace::{NodeExecution, SimulationResult, SimulationStatus};
use serde_json::{Map, Value, json};

/// Rows of menus, collects, decisions and prompts, each leading on to the next row and some back to the first.
pub(crate) fn definition(count: usize) -> FlowDefinition {
    let name = |at: usize| format!("node-{}", at % count);
    let nodes: Vec<Value> = (0..count)
        .map(|at| {
            let (id, next, further) = (name(at), name(at + 1), name(at * 7 + 3));
            if at + 1 == count {
                return json!({ "id": id, "type": "hangup" });
            }
            match at % 4 {
                0 => json!({ "id": id, "type": "menu", "branches": [
                    { "on": "digits", "value": "1", "to": next }, { "on": "digits", "value": "22", "to": further },
                    { "on": "digits", "value": "*", "to": "node-0" }, { "on": "maxRetries", "to": next } ] }),
                1 => json!({ "id": id, "type": "collect", "variable": format!("v{}", at % 8), "minDigits": 2, "maxDigits": 6,
                    "terminator": "#", "branches": [{ "on": "collected", "to": next }, { "on": "timeout", "to": next }] }),
                2 => json!({ "id": id, "type": "decision", "variable": format!("v{}", (at + 7) % 8), "branches": [
                    { "on": "case", "value": "12", "to": next }, { "on": "default", "to": next } ] }),
                _ => json!({ "id": id, "type": "prompt", "branches": [{ "on": "next", "to": next }] }),
            }
        })
        .collect();
    let flow = json!({ "flowId": "bench", "name": "bench", "start": "node-0", "nodes": nodes });
    serde_json::from_value(flow).expect("the generated flow is well formed")
}

/// A walk over the flow, step by step as the simulator writes it.
pub(crate) fn trace(flow: &FlowDefinition, steps: usize) -> SimulationResult {
    let mut at = 0;
    let execution_path = (0..steps)
        .map(|step| {
            let node = &flow.nodes[at];
            let branch = if node.branches.is_empty() { 0 } else { step / 3 % node.branches.len() };
            let to = node.branches.get(branch).map_or(&*flow.start, |branch| &*branch.to);
            at = to.trim_start_matches("node-").parse().expect("nodes are numbered");
            let mut output = Map::new();
            output.insert("branch".into(), branch.into());
            output.insert("to".into(), to.into());
            NodeExecution {
                node_id: node.id.clone(),
                node_type: node.type_name().into(),
                input: Map::new(),
                output,
                decision: None,
                duration_ms: 1,
            }
        })
        .collect();
    SimulationResult {
        status: SimulationStatus::Completed,
        execution_path,
        variables: Map::new(),
        duration_ms: steps as u64,
        error_message: None,
    }
}
