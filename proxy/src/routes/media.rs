use axum::{Json as Answer, extract::State, http::StatusCode, response::Response};
use base::{field_error::FieldErrors, ids::MediaSessionId};
use prompt::{
    control::{ControlPayload, sendable},
    reply::{ActiveSessions, Confirmation, PlaybackReply, number},
};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::api::Problem;

use super::{
    extract::{Correlation, Id, Json, Params},
    prompts::{OWN_GATEWAY, wav},
    sandbox::sandbox_only,
};
use crate::{config::Service, cxone::UpstreamRequest, error::ApiError, retry::RetriedBy, state::AppState};

/// Asks for a media session. Its body is CXone's own control payload. Every wrong field is named before CXone's media
/// gateway is asked, and so is a gateway that plays as many streams as it may. The session's identifier is the request's
/// own key: it may be sent again wherever its answer is missing, and never makes a second session.
#[utoipa::path(
    post,
    path = "/api/media/sessions",
    params(("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    request_body = Object,
    responses(
        (status = 201, body = PlaybackReply),
        (status = 400, description = "the gateway's own errors, by field", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "too many streams, or the session's identifier is taken: `type` says which", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "wrong fields", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "too many posts wait, or CXone asks for patience", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "CXone's answer makes no sense", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "media is not configured, or the gateway is overloaded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Answer<PlaybackReply>), ApiError> {
    let payload = ControlPayload::from_json(&body, &state.config.limits).map_err(ApiError::fields)?;
    let body = sendable(body);
    let config = payload.playback_config();
    let detail = json!({
        "sessionId": payload.session_id(),
        "promptId": payload.prompt_id(),
        "codec": config.codec_preference,
        "volumeMatrix": config.volume_matrix,
    });
    let submitting = {
        let state = state.clone();
        async move {
            let reply = state.media.submit(&state.cxone, &payload, &body, retried_by).await?;
            let result = json!({
                "auditTrail": "control_payload_submitted",
                "latencyMs": reply.latency_ms.map(number),
                "latencySource": reply.latency_source,
                "stabilityRate": reply.stability_rate(),
                "playbackState": reply.playback_state,
                "confirmedBy": match reply.confirmed_by {
                    Confirmation::Answer => "answer",
                    Confirmation::Conflict => "conflict",
                },
            });
            Ok((reply, result))
        }
    };
    let reply = state.recorded("playback.submit", &correlation, detail, submitting).await?;
    Ok((StatusCode::CREATED, Answer(reply)))
}

/// Query of [`active`].
#[derive(Deserialize)]
pub(crate) struct Which {
    status: Option<String>,
}

/// Returns the number of media sessions that play.
#[utoipa::path(
    get,
    path = "/api/media/sessions",
    params(("status" = Option<String>, Query, description = "`active`, the only status that can be asked for"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    responses(
        (status = 200, body = ActiveSessions),
        (status = 422, description = "another status", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "media is not configured", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn active(
    State(state): State<AppState>,
    retried_by: RetriedBy,
    Params(Which { status }): Params<Which>,
) -> Result<Answer<ActiveSessions>, ApiError> {
    if status.is_some_and(|status| status != "active") {
        return Err(ApiError::fields(FieldErrors::one("status", "must be active")));
    }
    let total_count = state.media.active(&state.cxone, retried_by).await?;
    Ok(Answer(ActiveSessions { total_count }))
}

/// Returns what the stand-in's gateway played in a session, as a WAV file.
#[utoipa::path(
    get,
    path = "/api/media/sessions/{id}/audio",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "audio/wav"),
        (status = 404, description = "no such session, or nothing of it to be heard", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn audio(
    State(state): State<AppState>,
    retried_by: RetriedBy,
    Id(id): Id<MediaSessionId>,
) -> Result<Response, ApiError> {
    sandbox_only(&state, OWN_GATEWAY)?;
    let path = ["sandbox", "media", "sessions", id.as_str(), "audio"];
    wav(&state, UpstreamRequest::get(Service::Media, &path).retried_by(retried_by)).await
}
