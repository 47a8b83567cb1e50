//! Exports to a QA platform.

use base::lenient::null_is_default;
use serde::{Deserialize, Serialize};

/// Verdict of a run for a QA platform. `POST /api/qa/exports` takes it and hands it on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaExport {
    /// Identifier of the test at the QA platform.
    pub test_id: String,
    /// Identifier of the simulation.
    pub simulation_id: String,
    /// Identifier of the flow.
    pub flow_id: String,
    /// Time that the caller spent in the flow, in milliseconds.
    pub duration_ms: u64,
    /// Efficiency score, 0–1: decision points by steps, less 0.1 for each repeat.
    pub efficiency_score: f64,
    /// Share of the expectations that held, 0–1.
    pub accuracy_score: f64,
    /// Branches of the flow that no input reaches.
    #[serde(default, deserialize_with = "null_is_default")]
    pub unreachable_branches: Vec<String>,
    /// Time of the export (RFC 3339); the proxy's clock where it is empty.
    #[serde(default)]
    pub timestamp: String,
    /// Correlation identifier in the audit trail; the proxy's own where it is empty.
    #[serde(default)]
    pub audit_correlation: String,
}

/// Answer of the QA platform to an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaExported {
    /// HTTP status of the answer, 200–299.
    pub status: u16,
    /// Text of the answer, shortened where it is long.
    pub answer: String,
    /// Number of requests that were sent.
    pub attempts: u32,
    /// Time until the answer, in milliseconds.
    pub duration_ms: u64,
    /// Correlation identifier in the audit trail.
    pub audit_correlation: String,
    /// Time of the export (RFC 3339).
    pub timestamp: String,
}
