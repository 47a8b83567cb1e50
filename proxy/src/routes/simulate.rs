use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::{Method, StatusCode},
};
use serde_json::json;
use shared::{
    menu::{CompiledFlow, FlowDefinition, seed_flow},
    simulate::{Simulation, simulate},
    wire::{FieldError, SimulateDtmf, SimulatedDtmf},
};

use super::extract::{Id, Json};
use crate::{config::Service, cxone::Repeat, error::ApiError, id::CorrelationId, state::AppState};

/// `POST /simulate/dtmf`: seed 000's simulator. Without a `flowId` the seed's own flow is run, which needs no CXone.
pub(crate) async fn dtmf(
    State(state): State<AppState>,
    correlation: CorrelationId,
    Json(request): Json<SimulateDtmf>,
) -> Result<Answer<SimulatedDtmf>, ApiError> {
    let simulation =
        Simulation::from_request(&request, state.config.limits.dtmf_sequence).map_err(ApiError::fields)?;
    let flow = flow(&state, request.flow_id.as_deref()).await?;
    let answer = simulate(&flow, &simulation)
        .map_err(|error| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    let detail = json!({
        "interactionId": simulation.interaction_id,
        "flowId": flow.definition().flow_id,
        "digits": answer.sequence.len(),
        "actions": answer.actions,
    });
    state.record("simulate.dtmf", &correlation, "ok", detail).await?;
    Ok(Answer(answer))
}

async fn flow(state: &AppState, id: Option<&str>) -> Result<Arc<CompiledFlow>, ApiError> {
    let seed = seed_flow();
    let Some(id) = id.filter(|id| *id != seed.definition().flow_id) else { return Ok(seed) };
    Id::check(id, "flowId")?;
    let path = ["api", "v2", "flow", "definitions", id];
    let answer = state.cxone.ask(Service::Flow, Method::GET, &path, None, Repeat::Safely).await?;
    let definition: FlowDefinition = answer.json()?;
    CompiledFlow::compile(definition).map(Arc::new).map_err(|errors| {
        let what = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
        let message = format!("the flow cannot be run: {}", what.collect::<Vec<_>>().join("; "));
        ApiError::fields(vec![FieldError::new("flowId", message)])
    })
}
