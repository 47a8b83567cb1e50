//! Calls.

use serde::{Deserialize, Serialize};

/// `POST /api/calls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlaceCall {
    /// The flow that answers.
    pub flow_id: String,
}

/// A call that was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacedCall {
    /// The interaction, whose events come on `/ws/interactions`.
    pub interaction_id: String,
    /// The call, whose voice is on `/ws/voice/{callId}`.
    pub call_id: String,
}

/// `GET /api/interactions/{id}/call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStatus {
    /// The interaction.
    pub interaction_id: String,
    /// The call.
    pub call_id: String,
    /// `connecting`, `streaming`, `disconnecting` or `terminated`.
    pub state: String,
}
