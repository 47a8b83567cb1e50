use std::any::Any;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{error::ApiError, state::AppState};

/// axum's own error texts are shorter.
const LONGEST_TEXT: usize = 4 << 10;

/// Turns every error that is no problem yet, such as axum's own, into one. Its headers, such as `Allow`, stay.
pub(crate) async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    // Our own documents, such as /readyz's, are JSON and say what they mean.
    let is_document = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.ends_with("json"));
    if !is_error || is_document {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, LONGEST_TEXT).await.unwrap_or_default();
    let text = str::from_utf8(&text).unwrap_or_default().trim();
    let usual = match status {
        StatusCode::METHOD_NOT_ALLOWED => "this address does not take this method",
        StatusCode::NOT_FOUND => "there is nothing at this address",
        _ => "the request could not be served",
    };
    let detail = if text.is_empty() { usual } else { text };
    let (problem, body) = ApiError::new(status, detail).into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(problem.headers);
    Response::from_parts(parts, body)
}

/// Answers 504 to a request that takes too long, so that no handler keeps a connection for ever.
pub(crate) async fn deadline(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = state.config.tuning.request_timeout;
    if let Ok(response) = tokio::time::timeout(limit, next.run(request)).await {
        return response;
    }
    let detail = format!("no answer within {} s", limit.as_secs());
    let mut response = ApiError::new(StatusCode::GATEWAY_TIMEOUT, detail).into_response();
    // The rest of a body that came too slowly is not waited for.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A handler's panic costs its request, not the process. What it said is in the log, not in the answer.
#[expect(clippy::needless_pass_by_value, reason = "the panic layer gives it by value")]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref().map(String::as_str));
    tracing::error!(said, "a handler panicked");
    let detail = "a fault of dialbench's own; its log says more";
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
}
