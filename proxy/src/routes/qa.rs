use axum::{Json as Answer, extract::State};
use base::{
    field_error::FieldErrors,
    ids::{SimulationId, check_id},
    json::{self, Node},
};
use serde_json::{Value, json};
use wire::api::{Problem, QaExport, QaExported};

use super::extract::{Correlation, Json};
use crate::{
    error::ApiError,
    retry::RetriedBy,
    state::{AppState, millis},
};

/// Maximum length of a test's name in characters. Testers write it, so it may have spaces.
const MAX_TEST_ID_CHARS: usize = 256;
/// Maximum number of branches in an export: more than a flow has.
const MAX_BRANCHES: usize = 100_000;

/// Hands a run's verdict to the configured QA platform, and to no other address. The proxy's clock and correlation id
/// replace a `timestamp` and an `auditCorrelation` that are empty.
#[utoipa::path(
    post,
    path = "/api/qa/exports",
    params(("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks the platform once, because the client repeats the request itself")),
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
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(body): Json<Value>,
) -> Result<Answer<QaExported>, ApiError> {
    let (mut export, simulation) = read(&body).map_err(ApiError::fields)?;
    state.qa.endpoint()?;
    let correlation = state.correlation(&simulation, &correlation).await;
    if export.timestamp.is_empty() {
        export.timestamp = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
    if export.audit_correlation.is_empty() {
        export.audit_correlation = correlation.to_string();
    }
    let detail = json!({
        "testId": export.test_id,
        "simulationId": export.simulation_id,
        "flowId": export.flow_id,
        "accuracyScore": export.accuracy_score,
        "efficiencyScore": export.efficiency_score,
        "auditCorrelation": export.audit_correlation,
    });
    let exporting = {
        let state = state.clone();
        async move {
            let receipt = state.qa.export(&export, retried_by).await?;
            let result = json!({ "status": receipt.status, "attempts": receipt.attempts });
            let exported = QaExported {
                status: receipt.status,
                answer: receipt.answer,
                attempts: receipt.attempts,
                duration_ms: millis(receipt.duration),
                audit_correlation: export.audit_correlation,
                timestamp: export.timestamp,
            };
            Ok((exported, result))
        }
    };
    state.recorded("qa.export", &correlation, detail, exporting).await.map(Answer)
}

/// Reads an export and its simulation's identifier, or lists the errors of all fields. Unknown fields are ignored.
fn read(body: &Value) -> Result<(QaExport, SimulationId), FieldErrors> {
    json::read(body, |node| {
        let fields = node.object()?;
        let test_id = fields.get("testId").text_of(1..=MAX_TEST_ID_CHARS);
        let (simulation_id, flow_id) = (fields.get("simulationId").id(), fields.get("flowId").id());
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
        let correlation_text = correlation.optional().and_then(Node::text).unwrap_or_default();
        if !correlation_text.is_empty() && check_id(correlation_text).is_err() {
            correlation.refuse("must be empty or an identifier");
        }
        let simulation_id = simulation_id?;
        let simulation = simulation_id.parse().ok()?;
        let export = QaExport {
            test_id: test_id?.to_owned(),
            simulation_id,
            flow_id: flow_id?,
            duration_ms: duration_ms?,
            efficiency_score: efficiency_score?,
            accuracy_score: accuracy_score?,
            unreachable_branches: unreachable_branches?,
            timestamp: timestamp_text.to_owned(),
            audit_correlation: correlation_text.to_owned(),
        };
        Some((export, simulation))
    })
}
