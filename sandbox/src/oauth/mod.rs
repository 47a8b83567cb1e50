//! The five token endpoints.

mod form;
mod request;
mod tokens;

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret as _;
use serde::Serialize;

pub(crate) use tokens::Tokens;

use crate::{
    config::SandboxConfig,
    services::{Offer as _, Service},
    state::AppState,
};
use request::{Ask, Credentials};

/// RFC 6749 section 5.1.
#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
}

/// RFC 6749 section 5.2, with the contract's 403 for scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub(crate) struct Denial {
    status: StatusCode,
    code: &'static str,
    description: &'static str,
}

impl Denial {
    const fn malformed(description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "invalid_request", description }
    }

    const fn grant_type() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "unsupported_grant_type",
            description: "only client_credentials",
        }
    }

    const fn client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "invalid_client",
            description: "unknown client or wrong secret",
        }
    }

    const fn scope(description: &'static str) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "invalid_scope", description }
    }
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.code, "error_description": self.description });
        let mut response = (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"sandbox\""));
        }
        response
    }
}

/// Answers a request for a token of `service`.
pub(crate) async fn token(
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
        .and_then(|ask| decide(service, &app.config, &ask))
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

/// Whether the client may have what it asks for, and with which scopes.
fn decide(service: Service, config: &SandboxConfig, ask: &Ask) -> Result<Vec<&'static str>, Denial> {
    if ask.grant_type != "client_credentials" {
        return Err(Denial::grant_type());
    }
    if !knows(config, &ask.credentials) {
        return Err(Denial::client());
    }
    let denied = |scope: &str| config.denied_scopes.iter().any(|denied| denied == scope);
    let Some(asked) = &ask.scope else {
        if service.asks_for_scope() {
            return Err(Denial::malformed("the scope is missing"));
        }
        return Ok(service.scopes().iter().copied().filter(|scope| !denied(scope)).collect());
    };
    let mut granted = Vec::new();
    for asked in asked.split(' ').filter(|asked| !asked.is_empty()) {
        match service.scopes().iter().find(|known| **known == asked) {
            None => return Err(Denial::scope("a scope that this service does not know")),
            Some(scope) if denied(scope) => return Err(Denial::scope("the client lacks a required scope")),
            Some(scope) if granted.contains(scope) => {}
            Some(scope) => granted.push(*scope),
        }
    }
    if granted.is_empty() { Err(Denial::malformed("the scope is empty")) } else { Ok(granted) }
}

fn knows(config: &SandboxConfig, credentials: &Credentials) -> bool {
    let secret = config.client_secret.expose_secret();
    match credentials {
        Credentials::Plain { id, secret: given } => {
            *id == config.client_id && given.expose_secret() == secret
        }
        // RFC 6749 section 2.3.1 has both parts URL-encoded first; the seeds, and most clients, do not.
        Credentials::Basic(pair) => {
            let plain = format!("{}:{secret}", config.client_id);
            let encoded = format!("{}:{}", form::encode(&config.client_id), form::encode(secret));
            let pair = pair.expose_secret();
            pair == plain || pair == encoded
        }
    }
}
