//! The audit trail.

use serde::{Deserialize, Serialize};

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its place in the trail, from 1.
    pub seq: u64,
    /// When (RFC 3339).
    pub timestamp: String,
    /// What was done: `call.place`, `voice.open`.
    pub action: String,
    /// What ties the entries of one request together.
    pub correlation_id: String,
    /// `ok`, `refused` or `failed`.
    pub outcome: String,
    /// Whatever else is known, without secrets.
    #[serde(default)]
    pub detail: serde_json::Value,
    /// SHA-256 of the line before, in hex.
    pub prev: String,
    /// SHA-256 of this line without this field, in hex.
    pub hash: String,
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

/// Result of the check of the whole trail, as `GET /api/audit/verify` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditCheck {
    /// Number of entries that were checked.
    pub entries: u64,
    /// Hash of the last sound entry; absent where there is none.
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
