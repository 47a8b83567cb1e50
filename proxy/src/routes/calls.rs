use axum::{
    Json as Answer,
    extract::State,
    http::{Method, StatusCode},
};
use serde_json::json;
use shared::wire::{CallStatus, PlaceCall, PlacedCall, Problem};

use super::extract::{Id, Json};
use crate::{
    config::{Profile, Service},
    cxone::Repeat,
    error::ApiError,
    id::CorrelationId,
    state::AppState,
};

/// Places a call to a flow of the stand-in's. Only the sandbox profile has this: CXone's own calls come from callers.
#[utoipa::path(
    post,
    path = "/api/calls",
    params(("x-dialbench" = String, Header, description = "1")),
    request_body = PlaceCall,
    responses(
        (status = 201, body = PlacedCall),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no such flow", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn place(
    State(state): State<AppState>,
    correlation: CorrelationId,
    Json(request): Json<PlaceCall>,
) -> Result<(StatusCode, Answer<PlacedCall>), ApiError> {
    sandbox_only(&state)?;
    // Whoever places a call wants its events.
    state.hub.start();
    let placing = place_recorded(state.clone(), correlation, request.flow_id);
    state.see_through(placing).await.map(|call| (StatusCode::CREATED, Answer(call)))
}

async fn place_recorded(
    state: AppState,
    correlation: CorrelationId,
    flow_id: String,
) -> Result<PlacedCall, ApiError> {
    let body = json!({ "flowId": flow_id });
    let placed = state
        .cxone
        .control(Method::POST, &["sandbox", "calls"], Some(&body))
        .await
        .and_then(|answer| answer.json::<PlacedCall>())
        .map_err(ApiError::from);
    let (outcome, detail) = match &placed {
        Ok(call) => {
            ("ok", json!({ "flowId": flow_id, "interactionId": call.interaction_id, "callId": call.call_id }))
        }
        Err(error) => (
            error.outcome(),
            json!({ "flowId": flow_id, "status": error.status(), "reason": error.detail() }),
        ),
    };
    state.record("call.place", &correlation, outcome, detail).await?;
    placed
}

/// Hangs up a call of the stand-in's.
#[utoipa::path(
    delete,
    path = "/api/calls/{interactionId}",
    params(("interactionId" = String, Path), ("x-dialbench" = String, Header, description = "1")),
    responses(
        (status = 204),
        (status = 404, description = "no such call", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn hang_up(
    State(state): State<AppState>,
    correlation: CorrelationId,
    Id(interaction): Id,
) -> Result<StatusCode, ApiError> {
    sandbox_only(&state)?;
    state.see_through(hang_up_recorded(state.clone(), correlation, interaction)).await
}

async fn hang_up_recorded(
    state: AppState,
    correlation: CorrelationId,
    interaction: String,
) -> Result<StatusCode, ApiError> {
    let hung_up = state
        .cxone
        .control(Method::DELETE, &["sandbox", "calls", &interaction], None)
        .await
        .map_err(ApiError::from);
    let (outcome, detail) = match &hung_up {
        Ok(_) => ("ok", json!({ "interactionId": interaction })),
        Err(error) => (
            error.outcome(),
            json!({ "interactionId": interaction, "status": error.status(), "reason": error.detail() }),
        ),
    };
    state.record("call.hangup", &correlation, outcome, detail).await?;
    hung_up.map(|_| StatusCode::NO_CONTENT)
}

/// How a call stands, as CXone says it.
#[utoipa::path(
    get,
    path = "/api/interactions/{id}/call",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = CallStatus),
        (status = 404, description = "no such interaction", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "voice is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn state(
    State(state): State<AppState>,
    Id(interaction): Id,
) -> Result<Answer<CallStatus>, ApiError> {
    let path = ["api", "v2", "interactions", &interaction, "call"];
    let answer = state.cxone.ask(Service::Voice, Method::GET, &path, None, Repeat::Safely).await?;
    Ok(Answer(answer.json()?))
}

fn sandbox_only(state: &AppState) -> Result<(), ApiError> {
    match state.config.profile {
        Profile::Sandbox => Ok(()),
        Profile::Tutorial => {
            let detail = "calls are placed by callers in this profile; attach to one by its call id";
            Err(ApiError::new(StatusCode::CONFLICT, detail))
        }
    }
}
