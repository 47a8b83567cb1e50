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

/// `GET /api/audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// Entries, oldest first.
    pub entries: Vec<AuditEntry>,
    /// What to give as `after` for the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
}
