//! The flow simulator.

use base::ids::SimulationId;
use ivr::trace::SimulationStatus;
use serde::{Deserialize, Serialize};

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
