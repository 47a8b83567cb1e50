use axum::{Json as Answer, extract::State};
use serde_json::{Value, json};
use shared::{
    ids::{SimulationId, check_id},
    wire::{FieldError, Problem, QaExport, QaExported},
};

use super::{
    extract::{Correlation, Json},
    simulations::require,
};
use crate::{
    error::ApiError,
    retry::RetriedBy,
    state::{AppState, millis},
};

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
    let correlation = state.runs.correlation(&simulation, &correlation);
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

/// Reads an export and its simulation's identifier, or lists the errors of all fields.
fn read(body: &Value) -> Result<(QaExport, SimulationId), Vec<FieldError>> {
    let mut errors = Vec::new();
    let field = |name: &str| body.get(name).filter(|value| !value.is_null());
    for name in ["testId", "simulationId", "flowId"] {
        match field(name).and_then(Value::as_str).map(check_id) {
            Some(Ok(())) => {}
            Some(Err(error)) => errors.push(FieldError::new(name, error.to_string())),
            None => errors.push(FieldError::new(name, "must be a text")),
        }
    }
    let duration = field("durationMs").and_then(Value::as_u64).is_some();
    require(&mut errors, duration, "durationMs", "must be a whole number of milliseconds");
    for name in ["efficiencyScore", "accuracyScore"] {
        let fits = field(name).and_then(Value::as_f64).is_some_and(|score| (0.0..=1.0).contains(&score));
        require(&mut errors, fits, name, "must be a number from 0 to 1");
    }
    let branches = field("unreachableBranches").is_none_or(|value| {
        value.as_array().is_some_and(|list| list.len() <= MAX_BRANCHES && list.iter().all(Value::is_string))
    });
    require(&mut errors, branches, "unreachableBranches", "must be a list of texts");
    let timestamp = field("timestamp").is_none_or(|value| {
        value.as_str().is_some_and(|text| text.is_empty() || text.parse::<jiff::Timestamp>().is_ok())
    });
    require(&mut errors, timestamp, "timestamp", "must be a time as RFC 3339 has it");
    let correlation = field("auditCorrelation")
        .is_none_or(|value| value.as_str().is_some_and(|text| text.is_empty() || check_id(text).is_ok()));
    require(&mut errors, correlation, "auditCorrelation", "must be empty or an identifier");
    if !errors.is_empty() {
        return Err(errors);
    }
    // Fields that are null get their defaults.
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    let export: QaExport =
        serde_json::from_value(body).map_err(|error| vec![FieldError::new("", error.to_string())])?;
    let simulation = export.simulation_id.parse();
    let simulation = simulation
        .map_err(|error: shared::ids::IdError| vec![FieldError::new("simulationId", error.to_string())])?;
    Ok((export, simulation))
}
