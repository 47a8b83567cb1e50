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

/// POST `/sandbox/outage`: answers, on the one connection that is spared, once the outage has begun.
pub(crate) async fn begin(
    State(app): State<Arc<AppState>>,
    Extension(connection): Extension<Connection>,
    body: Body<OutageBody>,
) -> Result<Response, Refusal> {
    /// Ten minutes; longer is a mistake.
    const LONGEST_MS: u64 = 600_000;
    let OutageBody { ms } = read(body)?;
    if ms > LONGEST_MS {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "ms must be at most 600000"));
    }
    app.outages.begin(Duration::from_millis(ms), Some(connection.id())).await;
    Ok((StatusCode::ACCEPTED, [(header::CONNECTION, "close")]).into_response())
}
