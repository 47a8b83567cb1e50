//! The five token endpoints.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Request, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use crate::{
    oauth::{self, Ask, Denial},
    services::{Offer as _, Service},
    state::AppState,
};

/// RFC 6749 section 5.1.
#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
}

/// Answers a request for a token of `service`.
pub(crate) async fn issue(
    service: Service,
    State(app): State<Arc<AppState>>,
    request: Request<Body>,
) -> Response {
    /// More than any client's form.
    const MAX_BODY: usize = 16 * 1024;
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, Denial::malformed("the body is too large")).into_response();
    };
    match Ask::read(service.token_style(), &parts.headers, &body)
        .and_then(|ask| oauth::decide(service, &app.config, &ask))
    {
        Ok(scopes) => {
            tracing::debug!(service = service.name(), "token issued");
            let scope = scopes.join(" ");
            let answer = Answer {
                access_token: app.tokens.issue(service, scopes),
                token_type: "Bearer",
                expires_in: app.config.token_ttl.as_secs(),
                scope,
            };
            ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        Err(denial) => {
            tracing::debug!(service = service.name(), %denial, "token refused");
            denial.into_response()
        }
    }
}
