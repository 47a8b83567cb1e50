//! The control routes that place calls and end them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use wire::api::{PlaceCall, PlacedCall};

use super::extract::{Body, read};
use crate::{auth, refusal::Refusal, scope::Scope, services::Service, state::AppState};

/// POST `/sandbox/calls`
pub(crate) async fn place(
    State(app): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Body<PlaceCall>,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Interactions, &[Scope::InteractionsRead])?;
    let PlaceCall { flow_id } = read(body)?;
    let flow = app.flows.find(flow_id.as_str()).ok_or_else(|| Refusal::not_found("there is no such flow"))?;
    let call = app
        .calls
        .place(Arc::clone(flow))
        .ok_or_else(|| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "there are too many calls"))?;
    let invariant = "the stand-in's own identifiers are valid";
    let placed = PlacedCall {
        interaction_id: call.interaction.parse().expect(invariant),
        call_id: call.id.parse().expect(invariant),
    };
    Ok((StatusCode::CREATED, Json(placed)).into_response())
}

/// DELETE `/sandbox/calls/{interactionId}`
pub(crate) async fn hang_up(
    State(app): State<Arc<AppState>>,
    Path(interaction_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Interactions, &[Scope::InteractionsRead])?;
    let call = app
        .calls
        .by_interaction(&interaction_id)
        .ok_or_else(|| Refusal::not_found("there is no such interaction"))?;
    call.hang_up().await;
    Ok(StatusCode::NO_CONTENT)
}
