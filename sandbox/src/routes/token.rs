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
    oauth::{self, TokenError, TokenRequest},
    services::{Service, ServiceContract as _},
    state::AppState,
};

/// The successful response of a token endpoint (RFC 6749 section 5.1).
#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
}

/// POST to a service's token endpoint.
pub(crate) async fn issue(
    service: Service,
    State(app): State<Arc<AppState>>,
    request: Request<Body>,
) -> Response {
    /// Maximum size of a token request's body.
    const MAX_BODY_BYTES: usize = 16 * 1024;
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, TokenError::invalid_request("the body is too large"))
            .into_response();
    };
    match TokenRequest::read(service.token_style(), &parts.headers, &body)
        .and_then(|ask| oauth::granted_scopes(service, &app.config, &ask))
    {
        Ok(scopes) => {
            tracing::debug!(service = service.name(), "token issued");
            let scope = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
            let answer = TokenResponse {
                access_token: app.tokens.issue(service, scopes),
                token_type: "Bearer",
                expires_in: app.config.token_ttl.as_secs(),
                scope,
            };
            ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        Err(error) => {
            tracing::debug!(service = service.name(), %error, "token refused");
            error.into_response()
        }
    }
}
