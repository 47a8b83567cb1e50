use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::{
    field_error::FieldErrors,
    ids::{CorrelationId, IdempotencyKey, SimulationId},
};
use scenario::dialer::DialerRequest;
use serde_json::{Value, json};
use wire::{
    api::{AuditOutcome, Problem},
    cxone::{DialerSimulation, MetricsAggregation},
};

use super::extract::{Correlation, Id, Json, parse_id};
use crate::{
    config::Service,
    cxone::UpstreamRequest,
    dialer::{Dispatch, KEY_HEADER, SIMULATIONS},
    error::ApiError,
    id,
    json::passed_on,
    retry::RetriedBy,
    state::{AppState, millis},
};

/// Begins a simulation of the dialer. Its body is CXone's own; where it names no `webhookUrl`, the proxy's own is put in. Every
/// wrong field is named before CXone is asked. With the same `Idempotency-Key` it is the same simulation, whichever proxy is
/// asked: what may have arrived is not sent again, and found by its events.
#[utoipa::path(
    post,
    path = "/api/dialer/simulations",
    params(
        ("x-dialbench" = String, Header, description = "1"),
        ("idempotency-key" = Option<String>, Header, description = "made up by the client, a new one for each simulation; without it every request is a simulation of its own"),
        ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself"),
    ),
    request_body = Object,
    responses(
        (status = 201, body = DialerSimulation),
        (status = 409, description = "as many simulations are active as the organisation may have", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "wrong fields, or a key that was used for another request", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "CXone asks for patience", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "dialer is not configured, or database or audit log cannot be written", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "the simulation may have been begun: `type` says so; the same key asks again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Answer<DialerSimulation>), ApiError> {
    let key = key(&headers)?;
    let request = match DialerRequest::from_json(&body, &state.config.limits) {
        Ok(request) => request,
        Err(errors) => return Err(refused(&state, &correlation, &key, errors).await?),
    };
    let mut body = serde_json::to_value(&request).expect("a request has string keys only");
    if let (None, Some(url)) = (request.webhook_url(), state.door.url()) {
        body["webhookUrl"] = url.into();
    }
    let dispatch = Dispatch { key, body, correlation, retried_by };
    // Whoever asked may go away; the submission is seen through.
    let submitting = {
        let state = state.clone();
        async move { dispatch.submit(&state).await }
    };
    let simulation = state.tasks.spawn(submitting).await.unwrap_or_else(|_| {
        let detail = "a fault of dialbench's own; its log says more";
        Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
    })?;
    Ok((StatusCode::CREATED, Answer(simulation)))
}

fn key(headers: &HeaderMap) -> Result<IdempotencyKey, ApiError> {
    let Some(value) = headers.get(KEY_HEADER) else {
        return Ok(id::random().try_into().expect("32 hex digits are an identifier"));
    };
    // As a structured field the key has quotes around it.
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    parse_id(text.to_owned(), "Idempotency-Key")
}

/// Records that a request was refused, and returns the error for the client.
async fn refused(
    state: &AppState,
    correlation: &CorrelationId,
    key: &IdempotencyKey,
    errors: FieldErrors,
) -> Result<ApiError, ApiError> {
    let detail = json!({ "idempotencyKey": key, "errors": errors });
    state.record("dialer.validate", correlation, AuditOutcome::Refused, detail).await?;
    Ok(ApiError::fields(errors))
}

/// Returns a simulation's progress.
#[utoipa::path(
    get,
    path = "/api/dialer/simulations/{id}",
    params(("id" = String, Path), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 200, body = DialerSimulation),
        (status = 404, description = "no such simulation", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "CXone's answer makes no sense", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "dialer is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn simulation(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Id(id): Id<SimulationId>,
) -> Result<Response, ApiError> {
    let [api, version, dialer, simulations] = SIMULATIONS;
    let path = [api, version, dialer, simulations, id.as_str()];
    let answer = state.cxone.ask(UpstreamRequest::get(Service::Dialer, &path).retried_by(retried_by)).await?;
    let simulation: DialerSimulation = answer.json()?;
    if simulation.state.stage().is_over()
        && let Err(error) = record_end(&state, &correlation, &id, &simulation).await
    {
        // Reading goes on where nothing can be written; the next question records it.
        tracing::error!(error = error.detail(), simulation = %id, "the end of a simulation is not recorded");
    }
    // As it was received: newer fields may be of use to a script.
    Ok(([(header::CONTENT_TYPE, "application/json")], passed_on(answer.body)).into_response())
}

/// Writes a simulation's end to the audit trail, once, whichever proxy sees it.
async fn record_end(
    state: &AppState,
    own: &CorrelationId,
    id: &SimulationId,
    simulation: &DialerSimulation,
) -> Result<(), ApiError> {
    let Some(duration) = state.store.over(id).await? else { return Ok(()) };
    let correlation = state.correlation(id, own).await;
    let detail = json!({
        "simulationId": id,
        "state": simulation.state.as_str(),
        "callsAttempted": simulation.calls_attempted,
        "callsCompleted": simulation.calls_completed,
        "complianceBypassed": simulation.compliance_bypassed,
        "errors": simulation.errors,
        "durationMs": millis(duration),
    });
    let recorded = state.record("dialer.track", &correlation, AuditOutcome::Ok, detail).await;
    if recorded.is_err() {
        state.store.not_over(id).await?;
    }
    recorded
}

/// Hands a simulation's metrics to CXone's dashboards.
#[utoipa::path(
    post,
    path = "/api/dialer/metrics",
    params(("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    request_body = MetricsAggregation,
    responses(
        (status = 202, description = "CXone has them"),
        (status = 422, description = "wrong fields", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "CXone's answer makes no sense", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "dialer is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn metrics(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(aggregation): Json<MetricsAggregation>,
) -> Result<StatusCode, ApiError> {
    check(&aggregation).map_err(ApiError::fields)?;
    let correlation = state.correlation(&aggregation.simulation_id, &correlation).await;
    let body = serde_json::to_value(&aggregation).expect("metrics have string keys only");
    let posting = {
        let (state, body) = (state.clone(), body.clone());
        async move {
            let path = ["api", "v2", "dialer", "metrics", "aggregations"];
            let request = UpstreamRequest::post(Service::Dialer, &path, &body).retried_by(retried_by);
            let answer = state.cxone.ask(request).await?;
            Ok(((), json!({ "status": answer.status })))
        }
    };
    state.recorded("dialer.metrics", &correlation, body, posting).await?;
    Ok(StatusCode::ACCEPTED)
}

fn check(MetricsAggregation { metrics, .. }: &MetricsAggregation) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::new();
    if metrics.completed_calls > metrics.total_calls {
        errors.refuse("metrics.completedCalls", "must not be more than totalCalls");
    }
    if !(metrics.average_latency_ms >= 0.0 && metrics.average_latency_ms.is_finite()) {
        errors.refuse("metrics.averageLatencyMs", "must be a number from 0 on");
    }
    if !(0.0..=1.0).contains(&metrics.accuracy_rate) {
        errors.refuse("metrics.accuracyRate", "must be between 0 and 1");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
