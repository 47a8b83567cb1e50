//! The control routes of the prompts that the media gateway can play.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use prompt::catalogue::{PromptList, PromptSummary};

use crate::{auth, media::UploadError, refusal::Refusal, scope::Scope, services::Service, state::AppState};

/// Maximum size of an uploaded prompt in bytes.
pub(crate) const MAX_UPLOAD_BYTES: usize = 32 << 20;

type App = State<Arc<AppState>>;

/// GET `/sandbox/media/prompts`
pub(crate) async fn list(State(app): App, headers: HeaderMap) -> Result<Json<PromptList>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::MediaRead])?;
    Ok(Json(PromptList { prompts: app.media.prompts.list() }))
}

/// PUT `/sandbox/media/prompts/{promptId}`: a WAV file.
pub(crate) async fn upload(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PromptSummary>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::MediaManage])?;
    let wav = body.map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))?;
    app.media.prompts.upload(&id, wav).map(Json).map_err(|error| {
        let status = match error {
            UploadError::Unplayable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            UploadError::Own | UploadError::Full => StatusCode::CONFLICT,
        };
        Refusal::new(status, error.to_string())
    })
}

/// GET `/sandbox/media/prompts/{promptId}/audio`: a WAV file.
pub(crate) async fn audio(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::MediaRead])?;
    let prompt = app.media.prompts.find(&id).ok_or_else(|| Refusal::not_found("there is no such prompt"))?;
    Ok(wav(prompt.wav().clone()))
}

/// Answers with a WAV file.
pub(super) fn wav(bytes: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "audio/wav")], bytes).into_response()
}
