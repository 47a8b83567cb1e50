//! Flow simulations, as CXone and the proxy send them; see `docs/contract.md`.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::ids::SimulationId;

/// A simulation that was accepted, as `POST /api/v2/flow/simulator` and `POST /api/flow/simulations` answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulationJob {
    /// Identifier of the simulation, for `GET …/{simulationId}`.
    pub simulation_id: SimulationId,
    /// Stage of the simulation.
    pub status: SimulationStatus,
    /// Address of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
}

/// Stage of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SimulationStatus {
    /// Waits for its turn.
    Queued,
    /// Is being executed.
    Running,
    /// Reached the end of the flow.
    Completed,
    /// Could not be executed to its end; the result's `errorMessage` gives the reason.
    Failed,
}

impl SimulationStatus {
    /// Returns true when the simulation will not change any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Returns the stage's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// State of a simulation with its trace, as `GET …/{simulationId}` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulationResult {
    /// Stage of the simulation.
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
    /// Reason of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

impl SimulationResult {
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
    /// Kind of the node: `menu`, `decision`, `prompt`, …
    #[serde(default)]
    pub node_type: String,
    /// Values that the node was given.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub input: Map<String, Value>,
    /// Values that the node set.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub output: Map<String, Value>,
    /// Edge that was taken, where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Time that the caller spent at the node, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
}

/// A recording or a text that a simulation refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MediaReference {
    /// Identifier among the media assets.
    pub asset_id: String,
    /// Kind of the asset.
    #[serde(rename = "type")]
    pub kind: MediaKind,
}

/// Kind of a media asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A recording.
    Audio,
    /// A text that is spoken.
    Tts,
    /// A film.
    Video,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Audio, Self::Tts, Self::Video];

    /// Returns the kind's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Tts => "tts",
            Self::Video => "video",
        }
    }
}

/// Verdict of a run for a QA platform. `POST /api/qa/exports` takes it and hands it on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaExport {
    /// Identifier of the test at the QA platform.
    pub test_id: String,
    /// Identifier of the simulation.
    pub simulation_id: String,
    /// Identifier of the flow.
    pub flow_id: String,
    /// Time that the caller spent in the flow, in milliseconds.
    pub duration_ms: u64,
    /// Efficiency score, 0–1: decision points by steps, less 0.1 for each repeat.
    pub efficiency_score: f64,
    /// Share of the expectations that held, 0–1.
    pub accuracy_score: f64,
    /// Branches of the flow that no input reaches.
    #[serde(default, deserialize_with = "null_is_default")]
    pub unreachable_branches: Vec<String>,
    /// Time of the export (RFC 3339); the proxy's clock where it is empty.
    #[serde(default)]
    pub timestamp: String,
    /// Correlation identifier in the audit trail; the proxy's own where it is empty.
    #[serde(default)]
    pub audit_correlation: String,
}

/// Answer of the QA platform to an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaExported {
    /// HTTP status of the answer, 200–299.
    pub status: u16,
    /// Text of the answer, shortened where it is long.
    pub answer: String,
    /// Number of requests that were sent.
    pub attempts: u32,
    /// Time until the answer, in milliseconds.
    pub duration_ms: u64,
    /// Correlation identifier in the audit trail.
    pub audit_correlation: String,
    /// Time of the export (RFC 3339).
    pub timestamp: String,
}

/// Reads null as the default: Go writes an empty slice or map as null.
fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
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
