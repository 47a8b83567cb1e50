use axum::{Json as Answer, extract::State, http::StatusCode};
use serde_json::json;
use shared::{
    ids::InteractionId,
    wire::{CallStatus, PlaceCall, PlacedCall, Problem},
};

use super::{
    extract::{Correlation, Id, Json},
    sandbox::sandbox_only,
};
use crate::{config::Service, cxone::UpstreamRequest, error::ApiError, retry::RetriedBy, state::AppState};

/// Said in other profiles than the sandbox.
const CALLERS: &str = "calls are placed by callers in this profile; attach to one by its call id";

/// Places a call to a flow of the stand-in's. Only the sandbox profile has this: calls at CXone come from callers.
#[utoipa::path(
    post,
    path = "/api/calls",
    params(("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    request_body = PlaceCall,
    responses(
        (status = 201, body = PlacedCall),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no such flow", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn place(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(request): Json<PlaceCall>,
) -> Result<(StatusCode, Answer<PlacedCall>), ApiError> {
    sandbox_only(&state, CALLERS)?;
    // A client that places a call wants its events.
    state.hub.want_connection();
    let detail = json!({ "flowId": request.flow_id });
    let placing = {
        let (state, body) = (state.clone(), detail.clone());
        async move {
            let request = UpstreamRequest::post(Service::Interactions, &["sandbox", "calls"], &body);
            let answer = state.cxone.control(request.retried_by(retried_by)).await?;
            let call: PlacedCall = answer.json()?;
            let result = json!({ "interactionId": call.interaction_id, "callId": call.call_id });
            Ok((call, result))
        }
    };
    let call = state.recorded("call.place", &correlation, detail, placing).await?;
    Ok((StatusCode::CREATED, Answer(call)))
}

/// Hangs up a call of the stand-in's.
#[utoipa::path(
    delete,
    path = "/api/calls/{interactionId}",
    params(("interactionId" = String, Path), ("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 204),
        (status = 404, description = "no such call", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn hang_up(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Id(interaction): Id<InteractionId>,
) -> Result<StatusCode, ApiError> {
    sandbox_only(&state, CALLERS)?;
    let detail = json!({ "interactionId": interaction });
    let hanging_up = {
        let state = state.clone();
        async move {
            let path = ["sandbox", "calls", interaction.as_str()];
            let request = UpstreamRequest::delete(Service::Interactions, &path).retried_by(retried_by);
            state.cxone.control(request).await?;
            Ok(((), json!({})))
        }
    };
    state.recorded("call.hangup", &correlation, detail, hanging_up).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the state of a call, as CXone describes it.
#[utoipa::path(
    get,
    path = "/api/interactions/{id}/call",
    params(("id" = String, Path), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 200, body = CallStatus),
        (status = 404, description = "no such interaction", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "voice is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn state(
    State(state): State<AppState>,
    retried_by: RetriedBy,
    Id(interaction): Id<InteractionId>,
) -> Result<Answer<CallStatus>, ApiError> {
    let path = ["api", "v2", "interactions", interaction.as_str(), "call"];
    let answer = state.cxone.ask(UpstreamRequest::get(Service::Voice, &path).retried_by(retried_by)).await?;
    Ok(Answer(answer.json()?))
}
