use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::ids::{CorrelationId, SimulationId};
use scenario::flow::{SimulationRequest, check_depth};
use serde_json::{Value, json};
use wire::{
    api::{AuditOutcome, Problem},
    cxone::{SimulationJob, SimulationResult},
};

use super::extract::{Correlation, Id, Json};
use crate::{
    config::Service,
    cxone::UpstreamRequest,
    error::ApiError,
    json::passed_on,
    retry::RetriedBy,
    runs::End,
    state::{AppState, millis},
};

/// Submits a simulation. Its body is CXone's own: `flowId`, `dtmfSequence` (single digits), `variableStateMatrix`,
/// `mediaAssetReferences`. Every wrong field is named before CXone's simulator is asked, a path that is too deep for the
/// limits among them. The request is sent again only after 429 and where no connection was made, since a simulation carries
/// no key.
#[utoipa::path(
    post,
    path = "/api/flow/simulations",
    params(("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    request_body = Object,
    responses(
        (status = 201, body = SimulationJob),
        (status = 404, description = "no such flow", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "wrong fields", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "CXone asks for patience", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured, or the simulator is overloaded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Answer<SimulationJob>), ApiError> {
    let limits = &state.config.limits;
    let request = SimulationRequest::from_json(&body, limits).map_err(ApiError::fields)?;
    let flow = state.definitions.find(&state.cxone, &state.compute, request.flow_id(), retried_by).await;
    let request = match flow {
        Some(flow) => {
            let max_depth = limits.flow_depth;
            let check = move || check_depth(&flow, &request, max_depth).map(|()| request);
            state.compute.run(check).await.map_err(ApiError::fields)?
        }
        None => request,
    };
    let detail = json!({
        "flowId": request.flow_id(),
        "digits": request.digits().len(),
        "variables": request.variables().len(),
        "mediaReferences": request.media().len(),
    });
    let submitting = {
        let (state, correlation) = (state.clone(), correlation.clone());
        async move {
            let (path, body) = (["api", "v2", "flow", "simulator"], request.to_json());
            let request = UpstreamRequest::post(Service::Flow, &path, &body).retried_by(retried_by);
            let job: SimulationJob = state.cxone.ask(request).await?.json()?;
            state.runs.submitted(&job.simulation_id, &correlation);
            let result = json!({ "simulationId": job.simulation_id });
            Ok((job, result))
        }
    };
    let mut job = state.recorded("simulation.submit", &correlation, detail, submitting).await?;
    // CXone's own address is for clients with a token.
    job.result_url = Some(format!("/api/flow/simulations/{}", job.simulation_id));
    Ok((StatusCode::CREATED, Answer(job)))
}

/// Returns a simulation's stage, and its trace once it is over.
#[utoipa::path(
    get,
    path = "/api/flow/simulations/{id}",
    params(("id" = String, Path), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 200, body = SimulationResult),
        (status = 404, description = "no such simulation", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "CXone's answer makes no sense", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured, or the simulator is overloaded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn result(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Id(id): Id<SimulationId>,
) -> Result<Response, ApiError> {
    let path = ["api", "v2", "flow", "simulator", id.as_str()];
    let answer = state.cxone.ask(UpstreamRequest::get(Service::Flow, &path).retried_by(retried_by)).await?;
    let result: SimulationResult = answer.json()?;
    if result.status.is_over()
        && let Err(error) = record_result(&state, &correlation, &id, &result).await
    {
        // Reading goes on where nothing can be written; the next question records it.
        tracing::error!(error = error.detail(), simulation = %id, "the end of a simulation is not recorded");
    }
    // As it was received: importers may know more fields.
    Ok(([(header::CONTENT_TYPE, "application/json")], passed_on(answer.body)).into_response())
}

/// Writes a simulation's end to the audit trail, once.
async fn record_result(
    state: &AppState,
    own: &CorrelationId,
    id: &SimulationId,
    result: &SimulationResult,
) -> Result<(), ApiError> {
    let correlation = state.runs.correlation(id).unwrap_or_else(|| own.clone());
    let End::New(duration) = state.runs.over(id, own) else { return Ok(()) };
    let detail = json!({
        "simulationId": id,
        "status": result.status.name(),
        "steps": result.execution_path.len(),
        "simulatedMs": result.duration_ms,
        "reason": result.error_message,
        // From the submission to here; where that was made elsewhere, the simulation's own figure.
        "durationMs": duration.map_or(result.duration_ms, millis),
    });
    let recorded = state.record("simulation.result", &correlation, AuditOutcome::Ok, detail).await;
    if recorded.is_err() {
        state.runs.not_over(id);
    }
    recorded
}
