//! The prompts that the stand-in's gateway can play.

use base::ids::PromptId;
use serde::{Deserialize, Serialize};

/// Prompts that can be played, as `GET /api/media/prompts` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromptList {
    /// The prompts, in the order of their identifiers.
    pub prompts: Vec<PromptSummary>,
}

/// A prompt that can be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptSummary {
    /// Identifier of the prompt.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub prompt_id: PromptId,
    /// Its length, in ms.
    pub duration_ms: u64,
    /// True when it was uploaded, rather than being one of the stand-in's own.
    pub uploaded: bool,
}
