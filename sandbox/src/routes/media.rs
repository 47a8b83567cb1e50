//! The media gateway's requests, and the control routes that show what it did.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use prompt::{
    control::ControlPayload,
    event,
    reply::{ActiveSessions, GatewayReply},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::prompts::wav;
use crate::{
    auth,
    connection::Connection,
    faults::FaultPoint,
    jobs::{Job, JobRefused},
    media::{PlaybackState, Session, refusals},
    refusal::Refusal,
    scope::Scope,
    services::Service,
    state::AppState,
};

type App = State<Arc<AppState>>;

/// POST `/api/v2/media/sessions`
pub(crate) async fn submit(
    State(app): App,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let began = Instant::now();
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::MediaManage])?;
    if !app.media.admit(connection.peer().ip()) {
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many media posts in a second"));
    }
    let body: Value = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(error) => return Ok(refused(&[format!("the body is no JSON: {error}")])),
    };
    let payload = match ControlPayload::from_json(&body, &app.config.limits) {
        Ok(payload) => payload,
        Err(errors) => return Ok(refused(&refusals(&body, &errors))),
    };
    let Some(prompt) = app.media.prompts.find(payload.prompt_id().as_str()) else {
        return Ok(refused(&[format!("promptId is unknown: {}", payload.prompt_id())]));
    };
    let fault = app.faults.take_job_fault(FaultPoint::Media, Service::Media);
    let (id, format_verified) = (payload.session_id().clone(), payload.playback_config().format_verification);
    let state = match app.media.play(payload, prompt, fault.as_ref()) {
        Ok(state) => state,
        Err(refusal) => return Ok(conflict(id.as_str(), refusal)),
    };
    let is_playing = state != PlaybackState::Failed;
    let reply = GatewayReply {
        id,
        playback_state: state.name().into(),
        format_verified: format_verified && is_playing,
        buffer_preloaded: is_playing,
        latency_ms: Some((began.elapsed().as_secs_f64() * 10_000.0).round() / 10.0),
    };
    Ok((StatusCode::CREATED, Json(reply)).into_response())
}

fn refused(errors: &[String]) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "errors": errors }))).into_response()
}

fn conflict(id: &str, refusal: JobRefused) -> Response {
    let message = match refusal {
        JobRefused::TooMany(too_many) => {
            format!("Exceeds maximum concurrent stream limit of {}", too_many.limit)
        }
        JobRefused::IdTaken => format!("Session {id} already exists"),
    };
    (StatusCode::CONFLICT, Json(json!({ "message": message }))).into_response()
}

/// Parameters of GET `/api/v2/media/sessions`.
#[derive(Deserialize)]
pub(crate) struct Which {
    status: Option<String>,
}

/// GET `/api/v2/media/sessions`: the number of sessions of a status, or of all.
pub(crate) async fn count(
    State(app): App,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Json<ActiveSessions>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::MediaRead])?;
    let count = match which.status.as_deref() {
        Some("active") => app.media.active(),
        Some(_) => return Err(Refusal::new(StatusCode::BAD_REQUEST, "status must be active")),
        None => app.media.sessions().len(),
    };
    Ok(Json(ActiveSessions { total_count: u64::try_from(count).unwrap_or(u64::MAX) }))
}

/// POST `/api/v2/analytics/events/custom`
pub(crate) async fn analytics(State(app): App, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::AnalyticsWrite])?;
    let bad = |detail: String| Refusal::new(StatusCode::BAD_REQUEST, detail);
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| bad(format!("the body is no JSON: {error}")))?;
    let checked = event::check(&body).map_err(|errors| bad(errors.to_string()))?;
    if !checked.is_timed {
        return Err(bad("timestamp must be given".into()));
    }
    app.media.tell(body);
    Ok((StatusCode::ACCEPTED, Json(json!({ "accepted": true }))).into_response())
}

/// GET `/sandbox/analytics`: the events that came, oldest first.
pub(crate) async fn events(State(app): App) -> Response {
    Json(app.media.events()).into_response()
}

/// GET `/sandbox/media/sessions`: the sessions that were made, oldest first.
pub(crate) async fn list(State(app): App) -> Json<Vec<Value>> {
    let view = |job: &Job<Session>| {
        json!({
            "id": &*job.id,
            "promptId": job.payload.payload.prompt_id(),
            "playbackState": PlaybackState::from(job.state).name(),
            "payload": job.payload.payload,
        })
    };
    Json(app.media.sessions().iter().map(view).collect())
}

/// GET `/sandbox/media/sessions/{sessionId}/audio`: what was played, as a WAV file.
pub(crate) async fn audio(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Media, &[Scope::MediaRead])?;
    let rendering = tokio::task::spawn_blocking(move || app.media.played(&id));
    let broken = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the prompt could not be rendered");
    match rendering.await.map_err(broken)? {
        Some(Ok(bytes)) => Ok(wav(bytes)),
        Some(Err(reason)) => Err(Refusal::not_found(reason)),
        None => Err(Refusal::not_found("there is no such session")),
    }
}
