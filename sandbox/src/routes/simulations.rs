//! The flow simulator's requests.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use scenario::flow::SimulationRequest;
use serde_json::Value;
use wire::cxone::{SimulationJob, SimulationResult, SimulationStatus};

use crate::{auth, faults::FaultPoint, refusal::Refusal, scope::Scope, services::Service, state::AppState};

/// POST `/api/v2/flow/simulator`
pub(crate) async fn submit(
    State(app): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Flow, &[Scope::FlowSimulatorRun])?;
    let bad = |detail: String| Refusal::new(StatusCode::BAD_REQUEST, detail);
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| bad(format!("the body is no JSON: {error}")))?;
    let request =
        SimulationRequest::from_json(&body, &app.config.limits).map_err(|errors| bad(errors.to_string()))?;
    let flow =
        app.flows.find(request.flow_id()).ok_or_else(|| Refusal::not_found("there is no such flow"))?;
    let fault = app.faults.take_job_fault(FaultPoint::Simulator, Service::Flow);
    let id = app
        .simulator
        .submit(flow, &request, fault)
        .map_err(|error| Refusal::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()))?;
    let url = format!("/{}/api/v2/flow/simulator/{id}", Service::Flow.name());
    let job = SimulationJob {
        simulation_id: id.parse().expect("the stand-in's own identifiers are valid"),
        status: SimulationStatus::Queued,
        result_url: Some(url.clone()),
    };
    Ok((StatusCode::CREATED, [(header::LOCATION, url)], Json(job)).into_response())
}

/// GET `/api/v2/flow/simulator/{simulationId}`
pub(crate) async fn result(
    State(app): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<SimulationResult>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Flow, &[Scope::FlowSimulatorRead])?;
    app.simulator.result(&id).map(Json).ok_or_else(|| Refusal::not_found("there is no such simulation"))
}
