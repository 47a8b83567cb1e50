//! The audit trail.

use base::ids::CorrelationId;
use serde::{Deserialize, Serialize};

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Sequence number in the trail, from 1.
    pub seq: u64,
    /// Time of writing (RFC 3339).
    pub timestamp: String,
    /// Name of the change: `call.place`, `voice.open`.
    pub action: String,
    /// Identifier that the entries of one request share.
    pub correlation_id: CorrelationId,
    /// Outcome of the change.
    pub outcome: AuditOutcome,
    /// Everything else that is known of the change, without secrets.
    #[serde(default)]
    pub detail: serde_json::Value,
    /// SHA-256 of the line before, in hex.
    pub prev: String,
    /// SHA-256 of this line without this field, in hex.
    pub hash: String,
}

/// Outcome of an audited change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AuditOutcome {
    /// The change was made.
    Ok,
    /// CXone or the proxy declined the change.
    Refused,
    /// Something broke, so that the change was not made or its result is unknown.
    Failed,
}

impl AuditOutcome {
    /// Returns the outcome's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// A page of the audit trail, as `GET /api/audit` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// Entries that match the query: oldest first where `after` was given, newest first otherwise.
    pub entries: Vec<AuditEntry>,
    /// Value of `after` for the next page towards the end of the trail; absent where no newer entry matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
    /// Value of `before` for the next page towards the beginning of the trail; absent where no older entry matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<u64>,
}

/// Position of the newest entry, as `GET /api/audit/head` answers, to be kept where the trail's writer cannot reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditHead {
    /// Sequence number of the newest entry; 0 where there is none.
    pub seq: u64,
    /// SHA-256 of the newest entry, in hex; 64 zeros where there is none.
    pub hash: String,
}

/// Result of the check of the whole trail, as `GET /api/audit/verify` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditCheck {
    /// Number of lines that were checked.
    pub entries: u64,
    /// Hash of the last sound line; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_hash: Option<String>,
    /// Damaged lines, in order.
    pub faults: Vec<AuditFault>,
}

/// A damaged line of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditFault {
    /// Number of the line, from 1.
    pub line: u64,
    /// Description of the damage.
    pub reason: String,
}
