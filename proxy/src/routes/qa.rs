use std::time::Instant;

use axum::{Json as Answer, extract::State};
use serde_json::{Value, json};
use shared::{
    json::{self, Node},
    wire::{FieldErrors, Problem, QaExport, QaExported},
};

use super::{extract::Json, simulations::millis};
use crate::{error::ApiError, id::CorrelationId, state::AppState};

/// Maximum number of characters of the identifier of a test, a flow or a simulation.
const MAX_ID_CHARS: usize = 256;
/// Maximum number of branches; no flow has more.
const MAX_BRANCHES: usize = 100_000;

/// Hands a run's verdict to the configured QA platform, and to no other address. The proxy's clock and correlation id
/// stand in for a `timestamp` and an `auditCorrelation` that are empty.
#[utoipa::path(
    post,
    path = "/api/qa/exports",
    params(("x-dialbench" = String, Header, description = "1")),
    request_body = QaExport,
    responses(
        (status = 200, body = QaExported),
        (status = 422, description = "wrong fields", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "the platform refused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "no platform is configured, or it is overloaded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    correlation: CorrelationId,
    Json(body): Json<Value>,
) -> Result<Answer<QaExported>, ApiError> {
    let mut export = read(&body).map_err(ApiError::fields)?;
    state.qa.endpoint()?;
    let correlation = state.runs.correlation(&export.simulation_id, &correlation);
    if export.timestamp.is_empty() {
        export.timestamp = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
    if export.audit_correlation.is_empty() {
        export.audit_correlation = correlation.0.clone();
    }
    state.see_through(export_recorded(state.clone(), correlation, export)).await.map(Answer)
}

async fn export_recorded(
    state: AppState,
    correlation: CorrelationId,
    export: QaExport,
) -> Result<QaExported, ApiError> {
    let began = Instant::now();
    let taken = state.qa.export(&export).await;
    let mut detail = json!({
        "testId": export.test_id,
        "simulationId": export.simulation_id,
        "flowId": export.flow_id,
        "accuracyScore": export.accuracy_score,
        "efficiencyScore": export.efficiency_score,
        "auditCorrelation": export.audit_correlation,
        "durationMs": millis(began),
    });
    let outcome = match &taken {
        Ok(taken) => {
            detail["status"] = taken.status.into();
            detail["attempts"] = taken.attempts.into();
            "ok"
        }
        Err(error) => {
            detail["status"] = error.status().into();
            detail["reason"] = error.detail().into();
            error.outcome()
        }
    };
    state.record("qa.export", &correlation, outcome, detail).await?;
    let taken = taken?;
    Ok(QaExported {
        status: taken.status,
        answer: taken.answer,
        attempts: taken.attempts,
        duration_ms: u64::try_from(taken.took.as_millis()).unwrap_or(u64::MAX),
        audit_correlation: export.audit_correlation,
        timestamp: export.timestamp,
    })
}

/// Reads an export, or says what is wrong with every field. Fields that are not known are left out.
fn read(body: &Value) -> Result<QaExport, FieldErrors> {
    json::read(body, |node| {
        let fields = node.object()?;
        let id = |name| fields.get(name).text_of(1..=MAX_ID_CHARS).map(str::to_owned);
        let (test_id, simulation_id, flow_id) = (id("testId"), id("simulationId"), id("flowId"));
        let duration_ms = fields.get("durationMs").whole(0..=u64::MAX);
        let efficiency_score = fields.get("efficiencyScore").number(0.0..=1.0);
        let accuracy_score = fields.get("accuracyScore").number(0.0..=1.0);
        let branches = fields.get("unreachableBranches");
        let listed = branches.list(MAX_BRANCHES, "branches");
        let texts = listed.iter().map(|branch| branch.value()?.as_str().map(str::to_owned));
        let unreachable_branches = texts.collect::<Option<Vec<_>>>();
        if unreachable_branches.is_none() {
            branches.refuse("must be a list of texts");
        }
        let timestamp = fields.get("timestamp");
        let timestamp_text = timestamp.optional().and_then(Node::text).unwrap_or_default();
        if !timestamp_text.is_empty() && timestamp_text.parse::<jiff::Timestamp>().is_err() {
            timestamp.refuse("must be a time as RFC 3339 has it");
        }
        let correlation = fields.get("auditCorrelation");
        let correlation = correlation.optional().and_then(|node| node.text_of(0..=MAX_ID_CHARS));
        Some(QaExport {
            test_id: test_id?,
            simulation_id: simulation_id?,
            flow_id: flow_id?,
            duration_ms: duration_ms?,
            efficiency_score: efficiency_score?,
            accuracy_score: accuracy_score?,
            unreachable_branches: unreachable_branches?,
            timestamp: timestamp_text.to_owned(),
            audit_correlation: correlation.unwrap_or_default().to_owned(),
        })
    })
}
