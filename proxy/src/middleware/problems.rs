use std::any::Any;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{error::ApiError, state::AppState};

/// Maximum number of bytes that are read of an error's text. axum's own are shorter.
const MAX_ERROR_TEXT_BYTES: usize = 4 << 10;

/// Turns every error that is no problem document yet, such as those of axum and of the time limit, into one. Its headers,
/// such as `Allow`, stay.
pub(crate) async fn problems(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    // Documents such as /readyz's are JSON, and the page explains a wrong address itself.
    let is_document = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.ends_with("json") || kind.starts_with("text/html"));
    if !is_error || is_document {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_ERROR_TEXT_BYTES).await.unwrap_or_default();
    let text = str::from_utf8(&text).unwrap_or_default().trim();
    let detail = match status {
        _ if !text.is_empty() => text.to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => "this address does not take this method".to_owned(),
        StatusCode::NOT_FOUND => "there is nothing at this address".to_owned(),
        StatusCode::GATEWAY_TIMEOUT => {
            // The rest of a body that came too slowly is not waited for.
            parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            format!("no answer within {} s", state.config.tuning.request_timeout.as_secs())
        }
        _ => "the request could not be served".to_owned(),
    };
    let (problem, body) = ApiError::new(status, detail).into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(problem.headers);
    Response::from_parts(parts, body)
}

/// Answers 500 to a request whose handler panicked. The panic's message is in the log, not in the answer.
#[expect(clippy::needless_pass_by_value, reason = "the panic layer gives it by value")]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref().map(String::as_str));
    tracing::error!(panic = message, "a handler panicked");
    let detail = "a fault of dialbench's own; its log says more";
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
}
