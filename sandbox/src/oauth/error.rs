//! Refused token requests.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The error response of a token endpoint (RFC 6749 section 5.2), with 403 where scopes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub(crate) struct TokenError {
    status: StatusCode,
    code: TokenErrorCode,
    description: &'static str,
}

/// The error codes of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidScope,
    UnsupportedGrantType,
}

impl TokenErrorCode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }
}

impl TokenError {
    pub(crate) const fn invalid_request(description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: TokenErrorCode::InvalidRequest, description }
    }

    pub(super) const fn unsupported_grant_type() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: TokenErrorCode::UnsupportedGrantType,
            description: "only client_credentials",
        }
    }

    pub(super) const fn invalid_client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: TokenErrorCode::InvalidClient,
            description: "unknown client or wrong secret",
        }
    }

    pub(super) const fn invalid_scope(description: &'static str) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: TokenErrorCode::InvalidScope, description }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.code.as_str(), "error_description": self.description });
        let mut response = (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"sandbox\""));
        }
        response
    }
}
