//! The request limit of every service.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{connection::Connection, refusal::Refusal, services::Service, state::AppState};

/// The limit that every service has.
pub(crate) async fn limit(
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
