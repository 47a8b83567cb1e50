//! The control route of outages.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::extract::{Body, read};
use crate::{connection::Connection, refusal::Refusal, state::AppState};

/// The body of POST `/sandbox/outage`.
#[derive(Deserialize)]
pub(crate) struct OutageBody {
    ms: u64,
}

/// POST `/sandbox/outage`: answers once the outage has begun, on the only connection that is not cut.
pub(crate) async fn begin(
    State(app): State<Arc<AppState>>,
    Extension(connection): Extension<Connection>,
    body: Body<OutageBody>,
) -> Result<Response, Refusal> {
    /// Maximum length of an outage: ten minutes.
    const MAX_OUTAGE_MS: u64 = 600_000;
    let OutageBody { ms } = read(body)?;
    if ms > MAX_OUTAGE_MS {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "ms must be at most 600000"));
    }
    app.outages.begin(Duration::from_millis(ms), Some(connection.id())).await;
    Ok((StatusCode::ACCEPTED, [(header::CONNECTION, "close")]).into_response())
}
