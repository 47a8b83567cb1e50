//! The DTMF simulator of `POST /simulate/dtmf`.

use serde::{Deserialize, Serialize};

/// `POST /simulate/dtmf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulateDtmf {
    /// The interaction the digits belong to.
    pub interaction_id: String,
    /// The digits.
    pub digits: String,
    /// The flow; the first one where none is named.
    #[serde(default)]
    pub flow_id: Option<String>,
    /// Time between digits in milliseconds (500).
    #[serde(default)]
    pub gap_ms: Option<u32>,
}

/// What [`SimulateDtmf`] led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimulatedDtmf {
    /// `simulated`.
    pub status: String,
    /// The digits.
    pub sequence: String,
    /// The time the run took on the simulated clock, in milliseconds.
    pub duration: u64,
    /// The actions that were taken, in order.
    pub actions: Vec<String>,
    /// The nodes that were reached, in order.
    pub path: Vec<String>,
    /// Whether a sequence was corrected.
    pub corrected: bool,
}
