//! Flow simulations, as CXone and the proxy send them; see `docs/contract.md`.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// What `POST /api/v2/flow/simulator` and `POST /api/flow/simulations` answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulationJob {
    /// The simulation, to be asked for with `GET …/{simulationId}`.
    pub simulation_id: String,
    /// How it stands.
    pub status: SimulationStatus,
    /// Where its result will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
}

/// How a simulation stands.
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
    /// Whether nothing more will come.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// What `GET …/{simulationId}` answers: the trace, once there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulationResult {
    /// How the simulation stands.
    pub status: SimulationStatus,
    /// The nodes that were executed, in order.
    #[serde(default, deserialize_with = "null_is_default")]
    pub execution_path: Vec<NodeExecution>,
    /// The variables' values at the end.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub variables: Map<String, Value>,
    /// How long the caller was in the flow, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

impl SimulationResult {
    /// A simulation that has nothing to show yet.
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
    /// What kind of node it is: `menu`, `decision`, `prompt`, …
    #[serde(default)]
    pub node_type: String,
    /// What it was given.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub input: Map<String, Value>,
    /// What came of it.
    #[serde(default, deserialize_with = "null_is_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub output: Map<String, Value>,
    /// Which way was taken, where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// How long the caller was there, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
}

/// A recording or a text that a simulation refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MediaReference {
    /// Its identifier among the media assets.
    pub asset_id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: MediaKind,
}

/// What a media asset is.
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
    /// All three.
    pub const ALL: [Self; 3] = [Self::Audio, Self::Tts, Self::Video];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Tts => "tts",
            Self::Video => "video",
        }
    }
}

/// A run's verdict for a QA platform. `POST /api/qa/exports` takes it and hands it on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaExport {
    /// The test's own key.
    pub test_id: String,
    /// The simulation.
    pub simulation_id: String,
    /// The flow.
    pub flow_id: String,
    /// How long the caller was in the flow, in milliseconds.
    pub duration_ms: u64,
    /// The run's efficiency score, 0–1.
    pub efficiency_score: f64,
    /// How much of what was expected happened, 0–1.
    pub accuracy_score: f64,
    /// The flow's branches that no input reaches.
    #[serde(default, deserialize_with = "null_is_default")]
    pub unreachable_branches: Vec<String>,
    /// When (RFC 3339); the proxy's clock where it is empty.
    #[serde(default)]
    pub timestamp: String,
    /// What ties the export to the audit trail; the proxy's own where it is empty.
    #[serde(default)]
    pub audit_correlation: String,
}

/// What the QA platform answered to an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaExported {
    /// Its HTTP status, 200–299.
    pub status: u16,
    /// Its answer's text, shortened where it is long.
    pub answer: String,
    /// How often it was asked.
    pub attempts: u32,
    /// How long that took, in milliseconds.
    pub duration_ms: u64,
    /// What ties the export to the audit trail.
    pub audit_correlation: String,
    /// When it was handed on (RFC 3339).
    pub timestamp: String,
}

/// Go writes an empty slice or map as null.
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
