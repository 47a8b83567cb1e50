//! The requests for flow definitions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use ivr::{CompiledFlow, FlowDefinition};
use wire::api::{FlowList, FlowSummary};

use crate::{auth, refusal::Refusal, scope::Scope, services::Service, state::AppState};

/// GET `/api/v2/flow/definitions`
pub(crate) async fn list(
    State(app): State<Arc<AppState>>,
    headers: HeaderMap,
) -> Result<Json<FlowList>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Flow, &[Scope::FlowRead])?;
    let summary = |flow: &CompiledFlow| {
        let FlowDefinition { flow_id, name, description, .. } = flow.definition().clone();
        FlowSummary { flow_id, name, description }
    };
    Ok(Json(FlowList { flows: app.flows.all().map(summary).collect() }))
}

/// GET `/api/v2/flow/definitions/{flowId}`
pub(crate) async fn definition(
    State(app): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<FlowDefinition>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Flow, &[Scope::FlowRead])?;
    let flow = app.flows.find(&id).ok_or_else(|| Refusal::not_found("there is no such flow"))?;
    Ok(Json(flow.definition().clone()))
}
