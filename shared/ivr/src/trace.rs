//! A simulation's trace: the nodes that a run visited, with what came in and what followed. It serialises as CXone's
//! `GET /api/v2/flow/simulator/{simulationId}` answers.

use base::lenient::null_is_default;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Status of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SimulationStatus {
    /// It waits for its turn.
    Queued,
    /// It is being executed.
    Running,
    /// It came to the flow's end.
    Completed,
    /// It could not be executed to its end; the result's `errorMessage` says why.
    Failed,
}

impl SimulationStatus {
    /// Returns true when the simulation is over.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Returns its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// Answer of `GET …/{simulationId}`: the status, and the trace once there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulationResult {
    /// Status of the simulation.
    pub status: SimulationStatus,
    /// The nodes that were executed, in order.
    #[serde(default, deserialize_with = "null_is_default")]
    pub execution_path: Vec<NodeExecution>,
    /// The variables' values at the end.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub variables: Map<String, Value>,
    /// Time that the caller spent in the flow, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// The reason for a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

impl SimulationResult {
    /// Iterates over the actions that were taken, in order: each step's `output.actions`, or its `output.action`.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.execution_path.iter().flat_map(|step| {
            let several = step.output.get("actions").and_then(Value::as_array).map(Vec::as_slice);
            let one = step.output.get("action").filter(|_| several.is_none()).and_then(Value::as_str);
            several.unwrap_or_default().iter().filter_map(Value::as_str).chain(one)
        })
    }

    /// Returns the result of a simulation that has no trace yet.
    pub fn pending(status: SimulationStatus) -> Self {
        Self {
            status,
            execution_path: Vec::new(),
            variables: Map::new(),
            duration_ms: 0,
            error_message: None,
        }
    }
}

/// One step of a trace. A node that asks again is a step each time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeExecution {
    /// The node.
    pub node_id: String,
    /// Type of the node: `menu`, `decision`, `prompt`, …
    #[serde(default)]
    pub node_type: String,
    /// Inputs of the step.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub input: Map<String, Value>,
    /// Outputs of the step.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub output: Map<String, Value>,
    /// The decision that was taken, where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Time that the caller spent there, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_go_sends_is_read() {
        let running = r#"{"status":"running","executionPath":null,"variables":null,"durationMs":0}"#;
        let read: SimulationResult = serde_json::from_str(running).unwrap();
        assert_eq!(read, SimulationResult::pending(SimulationStatus::Running));
        let step = r#"{"nodeId":"n","nodeType":"menu","input":null,"output":{"a":1},"durationMs":3}"#;
        let step: NodeExecution = serde_json::from_str(step).unwrap();
        assert_eq!((step.input.len(), step.output.len(), step.decision), (0, 1, None));
        assert!(serde_json::from_str::<SimulationResult>(r#"{"status":"lost"}"#).is_err());
    }
}
