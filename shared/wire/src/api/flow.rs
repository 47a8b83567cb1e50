//! Flows.

use serde::{Deserialize, Serialize};

/// A flow in the list of flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlowSummary {
    /// Identifier of the flow.
    pub flow_id: String,
    /// Name of the flow.
    pub name: String,
    /// Purpose of the flow, for people.
    #[serde(default)]
    pub description: String,
}

/// The flows that the flow service lists, as `GET /api/flow/definitions` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowList {
    /// The flows.
    pub flows: Vec<FlowSummary>,
}
