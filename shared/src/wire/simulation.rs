//! Flow simulations, as CXone and the proxy send them.

use serde::{Deserialize, Serialize};

pub use crate::flow::trace::{NodeExecution, SimulationResult, SimulationStatus};
use crate::lenient::null_is_default;

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

/// Seed 002's `QAExportPayload`: a run's verdict for a QA platform. `POST /api/qa/exports` takes it and hands it on.
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
    /// Seed 002's score, 0–1.
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
