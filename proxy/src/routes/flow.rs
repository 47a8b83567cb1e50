use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use base::ids::FlowId;
use wire::api::{FlowList, Problem};

use super::extract::Id;
use crate::{config::Service, cxone::UpstreamRequest, error::ApiError, retry::RetriedBy, state::AppState};

/// Lists the flows of the flow service, where it lists them.
#[utoipa::path(
    get,
    path = "/api/flow/definitions",
    params(("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 200, body = FlowList),
        (status = 404, description = "the service lists no flows", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn definitions(
    State(state): State<AppState>,
    retried_by: RetriedBy,
) -> Result<Response, ApiError> {
    fetch(&state, &["api", "v2", "flow", "definitions"], retried_by).await
}

/// Returns one flow: its nodes and branches.
#[utoipa::path(
    get,
    path = "/api/flow/definitions/{flowId}",
    params(("flowId" = String, Path), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 200, body = Object),
        (status = 404, description = "no such flow", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn definition(
    State(state): State<AppState>,
    retried_by: RetriedBy,
    Id(flow): Id<FlowId>,
) -> Result<Response, ApiError> {
    fetch(&state, &["api", "v2", "flow", "definitions", flow.as_str()], retried_by).await
}

/// Passes a document on as it was received: importers may add forms that the proxy does not know.
async fn fetch(state: &AppState, path: &[&str], retried_by: RetriedBy) -> Result<Response, ApiError> {
    let answer = state.cxone.ask(UpstreamRequest::get(Service::Flow, path).retried_by(retried_by)).await?;
    // Only that it is JSON is checked, since it is sent as such.
    answer.json::<serde::de::IgnoredAny>()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}
