//! The QA platform's request, and the control route that lists its exports.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use wire::api::QaExport;

use super::extract::{Body, read};
use crate::{refusal::Refusal, state::AppState};

/// POST `/qa/api/v1/test-results`: 201 `{id, received}`, 422 for anything but a test result.
pub(crate) async fn store(
    State(app): State<Arc<AppState>>,
    body: Body<QaExport>,
) -> Result<Response, Refusal> {
    let export = read(body)?;
    let id = export.test_id.clone();
    app.qa.store(export);
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "received": true }))).into_response())
}

/// GET `/sandbox/qa`: the stored exports, oldest first.
pub(crate) async fn list(State(app): State<Arc<AppState>>) -> Response {
    Json(app.qa.all()).into_response()
}
