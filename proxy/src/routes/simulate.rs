use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use base::{field_error::FieldErrors, ids::FlowId};
use ivr::{CompiledFlow, FlowDefinition, support_line};
use scenario::simulate::{Simulation, simulate};
use serde_json::json;
use wire::api::{AuditOutcome, SimulateDtmf, SimulatedDtmf};

use super::extract::{Correlation, Json, parse_id};
use crate::{config::Service, cxone::UpstreamRequest, error::ApiError, retry::RetriedBy, state::AppState};

/// `POST /simulate/dtmf`: runs digits through a flow without a call. Without a `flowId` the built-in flow is run, which
/// needs no CXone.
pub(crate) async fn dtmf(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(request): Json<SimulateDtmf>,
) -> Result<Answer<SimulatedDtmf>, ApiError> {
    let simulation =
        Simulation::from_request(&request, state.config.limits.dtmf_sequence).map_err(ApiError::fields)?;
    let flow = flow(&state, request.flow_id, retried_by).await?;
    let detail = json!({
        "interactionId": simulation.interaction_id,
        "flowId": flow.definition().flow_id,
    });
    let run = state.compute.run(move || simulate(&flow, &simulation)).await;
    let answer = run.map_err(|error| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    let mut detail = detail;
    detail["digits"] = answer.sequence.len().into();
    detail["actions"] = json!(answer.actions);
    state.record("simulate.dtmf", &correlation, AuditOutcome::Ok, detail).await?;
    Ok(Answer(answer))
}

/// Returns the flow `id`, compiled.
async fn flow(
    state: &AppState,
    id: Option<String>,
    retried_by: RetriedBy,
) -> Result<Arc<CompiledFlow>, ApiError> {
    let built_in = support_line();
    let Some(id) = id.filter(|id| *id != built_in.definition().flow_id) else { return Ok(built_in) };
    let id: FlowId = parse_id(id, "flowId")?;
    let path = ["api", "v2", "flow", "definitions", id.as_str()];
    let answer = state.cxone.ask(UpstreamRequest::get(Service::Flow, &path).retried_by(retried_by)).await?;
    let compile = move || {
        let definition: FlowDefinition = answer.json()?;
        CompiledFlow::compile(definition).map(Arc::new).map_err(|errors| {
            let reasons = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
            let message = format!("the flow cannot be run: {}", reasons.collect::<Vec<_>>().join("; "));
            ApiError::fields(FieldErrors::one("flowId", message))
        })
    };
    state.compute.run(compile).await
}
