//! The DTMF simulator of `POST /simulate/dtmf`.

use serde::{Deserialize, Serialize};

/// Request to run digits through a flow: `POST /simulate/dtmf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulateDtmf {
    /// Identifier of the interaction that the digits belong to.
    pub interaction_id: String,
    /// The digits, with pauses where a caller would wait: `,` and `w` for 2 s, `w800ms` for that long, `p` for a prompt,
    /// which takes no time here.
    pub digits: String,
    /// Identifier of the flow; without it the built-in flow is run.
    #[serde(default)]
    pub flow_id: Option<String>,
    /// Time between digits in milliseconds (500).
    #[serde(default)]
    pub gap_ms: Option<u32>,
}

/// Result of a [`SimulateDtmf`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimulatedDtmf {
    /// Always `simulated`.
    pub status: String,
    /// The digits.
    pub sequence: String,
    /// Time that the run took on the simulated clock, in milliseconds.
    pub duration: u64,
    /// The actions that were taken, in order.
    pub actions: Vec<String>,
    /// The nodes that were reached, in order.
    pub path: Vec<String>,
    /// True when a sequence was corrected.
    pub corrected: bool,
}
