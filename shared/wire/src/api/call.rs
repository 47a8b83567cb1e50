//! Calls.

use base::ids::{CallId, FlowId, InteractionId};
use serde::{Deserialize, Serialize};

/// Request to place a call: `POST /api/calls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlaceCall {
    /// The flow that answers.
    pub flow_id: FlowId,
}

/// A call that was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacedCall {
    /// The interaction, whose events come on `/ws/interactions`.
    pub interaction_id: InteractionId,
    /// The call, whose voice is on `/ws/voice/{callId}`.
    pub call_id: CallId,
}
