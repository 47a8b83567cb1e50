use axum::{
    Json as Answer,
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::ids::PromptId;
use prompt::catalogue::{PromptList, PromptSummary};
use serde_json::json;
use wire::api::Problem;

use super::{
    extract::{Correlation, Id, stopped},
    sandbox::sandbox_only,
};
use crate::{config::Service, cxone::UpstreamRequest, error::ApiError, retry::RetriedBy, state::AppState};

/// Said in other profiles than the sandbox.
pub(super) const OWN_GATEWAY: &str =
    "prompts and what is played of them are CXone's in this profile; only the stand-in gives them out";
/// Maximum size of a prompt or of what was played of it, in bytes: half an hour as 8 kHz 16-bit PCM is 29 MB.
const MAX_AUDIO_BYTES: usize = 32 << 20;

/// Lists the prompts that the stand-in's gateway can play.
#[utoipa::path(
    get,
    path = "/api/media/prompts",
    responses(
        (status = 200, body = PromptList),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    retried_by: RetriedBy,
) -> Result<Answer<PromptList>, ApiError> {
    sandbox_only(&state, OWN_GATEWAY)?;
    let request =
        UpstreamRequest::get(Service::Media, &["sandbox", "media", "prompts"]).retried_by(retried_by);
    Ok(Answer(state.cxone.control(request).await?.json()?))
}

/// Gives the stand-in's gateway a prompt to play: a WAV file of at most 32 MiB. One of the same identifier that was uploaded
/// before is replaced.
#[utoipa::path(
    put,
    path = "/api/media/prompts/{promptId}",
    params(("promptId" = String, Path), ("x-dialbench" = String, Header, description = "1")),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses(
        (status = 200, body = PromptSummary),
        (status = 409, description = "not the sandbox profile, or one of the stand-in's own prompts", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "no WAV file that can be played", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn upload(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Id(id): Id<PromptId>,
    request: Request,
) -> Result<Answer<PromptSummary>, ApiError> {
    sandbox_only(&state, OWN_GATEWAY)?;
    let max = state.config.tuning.max_prompt;
    let bytes = to_bytes(request.into_body(), max).await.map_err(|error| {
        let too_large = || {
            let detail = format!("a prompt has at most {} MiB", max >> 20);
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        };
        stopped(&error).unwrap_or_else(too_large)
    })?;
    let detail = json!({ "promptId": id, "bytes": bytes.len() });
    let uploading = {
        let state = state.clone();
        async move {
            let path = ["sandbox", "media", "prompts", id.as_str()];
            let request = UpstreamRequest::put(Service::Media, &path, "audio/wav", bytes);
            let summary: PromptSummary = state.cxone.control(request.retried_by(retried_by)).await?.json()?;
            let result = json!({ "promptMs": summary.duration_ms });
            Ok((summary, result))
        }
    };
    state.recorded("prompt.upload", &correlation, detail, uploading).await.map(Answer)
}

/// Returns one of the stand-in's prompts as a WAV file; one that was uploaded, as it came.
#[utoipa::path(
    get,
    path = "/api/media/prompts/{promptId}/audio",
    params(("promptId" = String, Path)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "audio/wav"),
        (status = 404, description = "no such prompt", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not the sandbox profile", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn audio(
    State(state): State<AppState>,
    retried_by: RetriedBy,
    Id(id): Id<PromptId>,
) -> Result<Response, ApiError> {
    sandbox_only(&state, OWN_GATEWAY)?;
    let path = ["sandbox", "media", "prompts", id.as_str(), "audio"];
    wav(&state, UpstreamRequest::get(Service::Media, &path).retried_by(retried_by)).await
}

/// Passes a WAV file of the stand-in's on.
pub(super) async fn wav(state: &AppState, request: UpstreamRequest<'_>) -> Result<Response, ApiError> {
    let answer = state.cxone.control(request.max_answer_bytes(MAX_AUDIO_BYTES + (4 << 10))).await?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], answer.body).into_response())
}
