//! The audit trail.

use base::{ids::CorrelationId, lenient::named};
use serde::{Deserialize, Deserializer, Serialize};

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Sequence number in the trail, from 1.
    pub seq: u64,
    /// Time of writing (RFC 3339).
    pub timestamp: String,
    /// Name of the change: `call.place`, `voice.open`; with `.intent` behind it, of the intention that was written before it.
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
    /// The change is intended: the entry was on disk before it. Another entry, whose detail names this one's number as
    /// `intent`, has the result.
    Pending,
    /// The change was intended, and what came of it is not known, because the proxy ended before.
    Unknown,
}

impl AuditOutcome {
    /// Returns the outcome's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
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
    /// Damages, in the order of the lines; the first thousand of them.
    pub faults: Vec<AuditFault>,
    /// Number of damages that are not listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unlisted_faults: u64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it by reference, which for wasm32 is the smaller"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A damage of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditFault {
    /// Number of the line at which it is noticed, from 1.
    pub line: u64,
    /// Kind of the damage.
    pub kind: AuditDamage,
    /// Description of the damage.
    pub reason: String,
}

/// Kind of a damage of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditDamage {
    /// The last line has no end.
    Torn,
    /// The line is no entry.
    Unreadable,
    /// The line's hash is not that of its content.
    Changed,
    /// Entries are missing before the line.
    Missing,
    /// The line's number was given before.
    Repeated,
    /// The line's number is right, and yet it was not written after the line before it.
    Detached,
    /// Entries are missing at the end.
    CutOff,
    /// The file is another one, or was written anew.
    Replaced,
}

impl AuditDamage {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Torn,
        Self::Unreadable,
        Self::Changed,
        Self::Missing,
        Self::Repeated,
        Self::Detached,
        Self::CutOff,
        Self::Replaced,
    ];

    /// Returns the kind's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Torn => "torn",
            Self::Unreadable => "unreadable",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Detached => "detached",
            Self::CutOff => "cut_off",
            Self::Replaced => "replaced",
        }
    }
}

impl<'de> Deserialize<'de> for AuditDamage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &Self::ALL, Self::name)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_kind_of_damage_has_one_name_everywhere() {
        for kind in AuditDamage::ALL {
            let json = serde_json::to_value(kind).unwrap();
            assert_eq!(json, kind.name());
            assert_eq!(serde_json::from_value::<AuditDamage>(json).unwrap(), kind);
        }
    }
}
