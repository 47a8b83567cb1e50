//! The middleware that limits the rate of requests.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{connection::Connection, refusal::Refusal, services::Service, state::AppState};

/// Answers 429 to a client that exceeds the request rate of a service.
pub(crate) async fn limit_rate(
    State((app, service)): State<(Arc<AppState>, Service)>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let client = connection.peer().ip();
    if app.rate_limit.admit(client, service, tokio::time::Instant::now()) {
        next.run(request).await
    } else {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many requests in a second").into_response()
    }
}
