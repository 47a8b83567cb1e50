//! A QA platform to export to, for where no real one is configured.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use shared::wire::QaExport;

use crate::{error::Refusal, state::AppState};

/// What was exported, the last while's.
#[derive(Debug, Default)]
pub(crate) struct Qa(Mutex<VecDeque<QaExport>>);

/// POST `/qa/api/v1/test-results`: 201 `{id, received}`, 422 for anything but seed 002's payload.
pub(crate) async fn take(
    State(app): State<Arc<AppState>>,
    body: Result<Json<QaExport>, JsonRejection>,
) -> Result<Response, Refusal> {
    /// Beyond so many the oldest are forgotten.
    const REMEMBERED: usize = 1_000;
    let Json(export) = body.map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))?;
    let mut taken = app.qa.0.lock().expect("no holder panics");
    let id = export.test_id.clone();
    // The test's key makes a repetition harmless.
    taken.retain(|known| known.test_id != id);
    taken.push_back(export);
    if taken.len() > REMEMBERED {
        taken.pop_front();
    }
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "received": true }))).into_response())
}

/// GET `/sandbox/qa`: what was exported, oldest first.
pub(crate) async fn list(State(app): State<Arc<AppState>>) -> Response {
    Json(app.qa.0.lock().expect("no holder panics").clone()).into_response()
}
