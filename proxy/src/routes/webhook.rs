use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};

use super::extract::unread;
use crate::{error::ApiError, state::AppState, webhook};

/// Maximum size of an event in bytes.
pub(crate) const MAX_EVENT_BYTES: usize = 64 << 10;

/// `POST /webhook/simulation-events`: takes an event of a simulation of the dialer. It answers 204 once the event is
/// committed, also for one that was before.
pub(crate) async fn take(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let result = stored(&state, &headers, body).await;
    state.metrics.webhook(match &result {
        Ok(true) => "stored",
        Ok(false) => "duplicate",
        Err((name, _)) => name,
    });
    result.map(|_| StatusCode::NO_CONTENT).map_err(|(_, error)| error)
}

/// Stores an event; true where it is new. An error has its name in the metrics.
async fn stored(
    state: &AppState,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<bool, (&'static str, ApiError)> {
    if !state.door.is_open() {
        let detail =
            "events are taken from beyond this machine only with a secret: configure webhook.secret_env";
        return Err(("closed", ApiError::new(StatusCode::FORBIDDEN, detail)));
    }
    let body = body.map_err(|rejection| ("unread", unread(&rejection)))?;
    let now = jiff::Timestamp::now();
    let id = state.door.verifier.verify(headers, &body, now.as_second()).map_err(|rejection| {
        tracing::debug!(%rejection, "an event is refused");
        (rejection.name(), ApiError::new(StatusCode::UNAUTHORIZED, rejection.to_string()))
    })?;
    // Behind the signature, which is of the body as it was sent.
    let shown = state.cxone.redactor().body(body.clone());
    let event = webhook::event(id, &shown, now.as_millisecond()).map_err(|error| ("malformed", error))?;
    state.store.append(event).await.map_err(|error| ("failed", error.into()))
}
