use axum::{
    extract::State,
    http::{Method, header},
    response::{IntoResponse as _, Response},
};
use shared::wire::{FlowList, Problem};

use super::extract::Id;
use crate::{config::Service, cxone::Repeat, error::ApiError, state::AppState};

/// The flows that the flow service knows, where it lists them.
#[utoipa::path(
    get,
    path = "/api/flow/definitions",
    responses(
        (status = 200, body = FlowList),
        (status = 404, description = "the service lists no flows", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn definitions(State(state): State<AppState>) -> Result<Response, ApiError> {
    fetch(&state, &["api", "v2", "flow", "definitions"]).await
}

/// One flow: its nodes and branches.
#[utoipa::path(
    get,
    path = "/api/flow/definitions/{flowId}",
    params(("flowId" = String, Path)),
    responses(
        (status = 200, body = Object),
        (status = 404, description = "no such flow", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "flow is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn definition(State(state): State<AppState>, Id(flow): Id) -> Result<Response, ApiError> {
    fetch(&state, &["api", "v2", "flow", "definitions", &flow]).await
}

/// Passes the document on as it came: importers may add forms that the proxy does not know.
async fn fetch(state: &AppState, path: &[&str]) -> Result<Response, ApiError> {
    let answer = state.cxone.ask(Service::Flow, Method::GET, path, None, Repeat::Safely).await?;
    // Only that it is JSON is checked, since it is sent as such.
    answer.json::<serde::de::IgnoredAny>()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}
