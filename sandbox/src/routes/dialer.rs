//! The predictive dialer's requests.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::field_error::FieldErrors;
use scenario::dialer::DialerRequest;
use serde_json::{Value, json};
use wire::cxone::{DialerSimulation, DialerState, MetricsAggregation};

use crate::{
    auth,
    dialer::{Campaign, view},
    faults::FaultPoint,
    jobs::Job,
    refusal::Refusal,
    scope::Scope,
    services::Service,
    state::AppState,
};

type App = State<Arc<AppState>>;

/// POST `/api/v2/dialer/simulations`
pub(crate) async fn submit(State(app): App, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Dialer, &[Scope::DialerSimulationsWrite])?;
    let bad = |detail: String| Refusal::new(StatusCode::BAD_REQUEST, detail);
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| bad(format!("the body is no JSON: {error}")))?;
    let unprocessable = |errors: FieldErrors| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string()).with_errors(errors)
    };
    let request = DialerRequest::from_json(&body, &app.config.limits).map_err(unprocessable)?;
    let fault = app.faults.take_job_fault(FaultPoint::Dialer, Service::Dialer);
    // A million calls take a while to lay out.
    let dialer = Arc::clone(&app.dialer);
    let submitting = tokio::task::spawn_blocking(move || dialer.submit(request, fault));
    let broken = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the calls could not be laid out");
    let id = submitting.await.map_err(broken)?.map_err(|_| {
        let limit = app.config.limits.dialer_simulations;
        Refusal::new(StatusCode::CONFLICT, format!("{limit} simulations are active already"))
    })?;
    let url = format!("/{}/api/v2/dialer/simulations/{id}", Service::Dialer.name());
    let id = id.parse().expect("the stand-in's own identifiers are valid");
    let simulation = DialerSimulation::new(id, DialerState::queued());
    let answer = json!({ "id": simulation.id, "state": simulation.state });
    Ok((StatusCode::CREATED, [(header::LOCATION, url)], Json(answer)).into_response())
}

/// GET `/api/v2/dialer/simulations/{simulationId}`
pub(crate) async fn status(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<DialerSimulation>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Dialer, &[Scope::DialerSimulationsRead])?;
    let campaign = app.dialer.campaign(&id);
    campaign.map(|job| Json(view(&job))).ok_or_else(|| Refusal::not_found("there is no such simulation"))
}

/// POST `/api/v2/dialer/metrics/aggregations`
pub(crate) async fn aggregate(State(app): App, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Dialer, &[Scope::DialerMetricsRead])?;
    let metrics: MetricsAggregation = serde_json::from_slice(&body)
        .map_err(|error| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    if app.dialer.campaign(metrics.simulation_id.as_str()).is_none() {
        return Err(Refusal::not_found("there is no such simulation"));
    }
    app.dialer.store(metrics);
    Ok((StatusCode::ACCEPTED, Json(json!({ "accepted": true }))).into_response())
}

/// GET `/sandbox/dialer/simulations`: the simulations that were made, oldest first.
pub(crate) async fn list(State(app): App) -> Json<Vec<Value>> {
    let line = |job: &Job<Campaign>| json!({ "simulation": view(job), "request": job.payload.request });
    Json(app.dialer.campaigns().iter().map(line).collect())
}

/// GET `/sandbox/dialer/metrics`: the metrics that came, oldest first.
pub(crate) async fn metrics(State(app): App) -> Response {
    Json(app.dialer.metrics()).into_response()
}
