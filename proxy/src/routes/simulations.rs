use std::time::Instant;

use axum::{
    Json as Answer,
    extract::State,
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use shared::{
    flow::{SimulationRequest, check_depth},
    wire::{Problem, SimulationJob, SimulationResult},
};

use super::extract::{Id, Json};
use crate::{config::Service, cxone::Repeat, error::ApiError, id::CorrelationId, runs::End, state::AppState};

/// Submits a simulation. Its body is CXone's own: `flowId`, `dtmfSequence` (single digits), `variableStateMatrix`,
/// `mediaAssetReferences`; every wrong field is named before CXone's
/// simulator is asked, a path that is too deep for the limits among it. It is sent again only after 429 and where no
/// connection was made, since a simulation carries no key.
#[utoipa::path(
    post,
    path = "/api/flow/simulations",
    params(("x-dialbench" = String, Header, description = "1")),
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
    correlation: CorrelationId,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Answer<SimulationJob>), ApiError> {
    let limits = &state.config.limits;
    let request = SimulationRequest::from_json(&body, limits).map_err(ApiError::fields)?;
    if let Some(flow) = state.definitions.find(&state.cxone, request.flow_id()).await {
        check_depth(&flow, &request, limits.flow_depth).map_err(ApiError::fields)?;
    }
    let submitting = submit_recorded(state.clone(), correlation, request);
    state.see_through(submitting).await.map(|job| (StatusCode::CREATED, Answer(job)))
}

async fn submit_recorded(
    state: AppState,
    correlation: CorrelationId,
    request: SimulationRequest,
) -> Result<SimulationJob, ApiError> {
    let began = Instant::now();
    let path = ["api", "v2", "flow", "simulator"];
    let submitted = state
        .cxone
        .ask(Service::Flow, Method::POST, &path, Some(&request.to_json()), Repeat::IfUnheard)
        .await
        .and_then(|answer| answer.json::<SimulationJob>())
        .map_err(ApiError::from);
    let mut detail = json!({
        "flowId": request.flow_id(),
        "digits": request.digits().len(),
        "variables": request.variables().len(),
        "mediaReferences": request.media().len(),
        "durationMs": millis(began),
    });
    let outcome = match &submitted {
        Ok(job) => {
            state.runs.submitted(&job.simulation_id, &correlation);
            detail["simulationId"] = job.simulation_id.clone().into();
            "ok"
        }
        Err(error) => {
            detail["status"] = error.status().into();
            detail["reason"] = error.detail().into();
            error.outcome()
        }
    };
    state.record("simulation.submit", &correlation, outcome, detail).await?;
    let mut job = submitted?;
    // CXone's own address is for whoever holds a token.
    job.result_url = Some(format!("/api/flow/simulations/{}", job.simulation_id));
    Ok(job)
}

/// How a simulation stands; its trace once it is over.
#[utoipa::path(
    get,
    path = "/api/flow/simulations/{id}",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = SimulationResult),
        (status = 404, description = "no such simulation", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "CXone's answer makes no sense", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured, or the simulator is overloaded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn result(
    State(state): State<AppState>,
    correlation: CorrelationId,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let path = ["api", "v2", "flow", "simulator", &id];
    let answer = state.cxone.ask(Service::Flow, Method::GET, &path, None, Repeat::Safely).await?;
    let result: SimulationResult = answer.json()?;
    if result.status.is_over() {
        record_result(&state, &correlation, &id, &result).await?;
    }
    // As it came: importers may know more fields.
    Ok(([(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}

/// Writes a simulation's end to the audit trail, once.
async fn record_result(
    state: &AppState,
    own: &CorrelationId,
    id: &str,
    result: &SimulationResult,
) -> Result<(), ApiError> {
    let correlation = state.runs.correlation(id, own);
    let End::New(took) = state.runs.over(id, own) else { return Ok(()) };
    let took = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let detail = json!({
        "simulationId": id,
        "status": result.status.name(),
        "steps": result.execution_path.len(),
        "simulatedMs": result.duration_ms,
        "reason": result.error_message,
        // From the submission to here; where that was not seen, what the simulation says of itself.
        "durationMs": took.unwrap_or(result.duration_ms),
    });
    let recorded = state.record("simulation.result", &correlation, "ok", detail).await;
    if recorded.is_err() {
        state.runs.not_over(id);
    }
    recorded
}

pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
