use std::time::Instant;

use axum::{Json as Answer, extract::State};
use serde_json::{Value, json};
use shared::wire::{FieldError, Problem, QaExport, QaExported};

use super::{
    extract::Json,
    simulations::{millis, require},
};
use crate::{error::ApiError, id::CorrelationId, state::AppState};

/// The longest identifier of a test, a flow or a simulation, in characters.
const LONGEST_ID: usize = 256;
/// More branches than a flow has.
const MOST_BRANCHES: usize = 100_000;

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

/// Reads an export, or says what is wrong with every field.
fn read(body: &Value) -> Result<QaExport, Vec<FieldError>> {
    let mut errors = Vec::new();
    let field = |name: &str| body.get(name).filter(|value| !value.is_null());
    for name in ["testId", "simulationId", "flowId"] {
        let fits = field(name).and_then(Value::as_str).is_some_and(|text| {
            !text.trim().is_empty()
                && text.chars().count() <= LONGEST_ID
                && !text.chars().any(char::is_control)
        });
        require(&mut errors, fits, name, "must be a text of 1 to 256 characters");
    }
    let duration = field("durationMs").and_then(Value::as_u64).is_some();
    require(&mut errors, duration, "durationMs", "must be a whole number of milliseconds");
    for name in ["efficiencyScore", "accuracyScore"] {
        let fits = field(name).and_then(Value::as_f64).is_some_and(|score| (0.0..=1.0).contains(&score));
        require(&mut errors, fits, name, "must be a number from 0 to 1");
    }
    let branches = field("unreachableBranches").is_none_or(|value| {
        value.as_array().is_some_and(|list| list.len() <= MOST_BRANCHES && list.iter().all(Value::is_string))
    });
    require(&mut errors, branches, "unreachableBranches", "must be a list of texts");
    let timestamp = field("timestamp").is_none_or(|value| {
        value.as_str().is_some_and(|text| text.is_empty() || text.parse::<jiff::Timestamp>().is_ok())
    });
    require(&mut errors, timestamp, "timestamp", "must be a time as RFC 3339 has it");
    let correlation = field("auditCorrelation")
        .is_none_or(|value| value.as_str().is_some_and(|text| text.chars().count() <= LONGEST_ID));
    require(&mut errors, correlation, "auditCorrelation", "must be a text of at most 256 characters");
    if !errors.is_empty() {
        return Err(errors);
    }
    // What was null is left to its default.
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    serde_json::from_value(body).map_err(|error| vec![FieldError::new("", error.to_string())])
}
