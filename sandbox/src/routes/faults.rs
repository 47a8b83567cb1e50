//! The control routes of faults.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use super::extract::{Body, read};
use crate::{
    faults::{FaultRule, SeededFaults},
    refusal::Refusal,
    state::AppState,
};

type App = State<Arc<AppState>>;

#[derive(Serialize)]
struct ArmedFault {
    id: u64,
}

/// POST `/sandbox/faults`
pub(crate) async fn arm(State(app): App, body: Body<FaultRule>) -> Result<Response, Refusal> {
    let rule = read(body)?;
    rule.validate().map_err(|errors| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string()).with_errors(errors)
    })?;
    let id = app.faults.arm(rule);
    Ok((StatusCode::CREATED, Json(ArmedFault { id })).into_response())
}

/// GET `/sandbox/requests`: the number of requests at each point, refused ones included.
pub(crate) async fn requests(State(app): App) -> Response {
    Json(app.faults.request_counts()).into_response()
}

/// GET `/sandbox/faults`
pub(crate) async fn list(State(app): App) -> Response {
    Json(app.faults.list()).into_response()
}

/// DELETE `/sandbox/faults/{id}`
pub(crate) async fn disarm(State(app): App, Path(id): Path<u64>) -> Result<StatusCode, Refusal> {
    if app.faults.disarm(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("there is no such fault; it may have struck"))
    }
}

/// DELETE `/sandbox/faults`
pub(crate) async fn disarm_all(State(app): App) -> StatusCode {
    app.faults.disarm_all();
    StatusCode::NO_CONTENT
}

/// POST `/sandbox/faults/seeded`
pub(crate) async fn seeded(State(app): App, body: Body<SeededFaults>) -> Result<StatusCode, Refusal> {
    let seeded = read(body)?;
    if !(0.0..=1.0).contains(&seeded.rate) {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "rate must be between 0 and 1"));
    }
    app.faults.set_seeded((seeded.rate > 0.0).then_some(seeded));
    Ok(StatusCode::NO_CONTENT)
}
