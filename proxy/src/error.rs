//! Errors as a client of the proxy sees them: RFC 9457.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::wire::{FieldErrors, Problem, UpstreamStatus};

use crate::{
    auth::{TokenError, TokenErrorKind},
    config::Service,
    cxone::{DialError, UpstreamError},
};

/// An error on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Problem>);

impl ApiError {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: FieldErrors::new(),
            upstream: None,
            retry_after_ms: None,
        }))
    }

    /// 422 with what is wrong with which field.
    pub(crate) fn fields(errors: FieldErrors) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string());
        error.0.errors = errors;
        error
    }

    fn upstream(self, service: Service, status: Option<u16>, retry_after: Option<Duration>) -> Self {
        self.upstream_named(service.name(), status, retry_after)
    }

    /// Names who refused, where that is none of CXone's services.
    pub(crate) fn upstream_named(
        mut self,
        service: &str,
        status: Option<u16>,
        retry_after: Option<Duration>,
    ) -> Self {
        self.0.upstream = Some(UpstreamStatus { service: service.into(), status });
        self.0.retry_after_ms = retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// What happened, without the status: for the audit trail.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    /// Whether CXone or the proxy decided this, rather than that something broke.
    pub(crate) fn outcome(&self) -> &'static str {
        if self.0.status < 500 { "refused" } else { "failed" }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = *self.0;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).expect("a problem has string keys only");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = problem.retry_after_ms {
            headers.insert(header::RETRY_AFTER, wait.div_ceil(1_000).into());
        }
        response
    }
}

impl From<UpstreamError> for ApiError {
    fn from(error: UpstreamError) -> Self {
        let detail = error.to_string();
        match error {
            UpstreamError::NotConfigured { service, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).upstream(service, None, None)
            }
            UpstreamError::Token(error) => error.into(),
            UpstreamError::Status { service, status, retry_after, .. } => {
                Self::new(passed_on(status), detail).upstream(service, Some(status), retry_after)
            }
            UpstreamError::Network { service, timeout, .. } => {
                Self::new(unreached(timeout), detail).upstream(service, None, None)
            }
            UpstreamError::Unreadable { service, .. } => {
                Self::new(StatusCode::BAD_GATEWAY, detail).upstream(service, None, None)
            }
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        let status = match &error.kind {
            TokenErrorKind::NotConfigured(_) => StatusCode::SERVICE_UNAVAILABLE,
            TokenErrorKind::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, error.to_string()).upstream(error.service, error.status(), error.retry_after())
    }
}

impl From<DialError> for ApiError {
    fn from(error: DialError) -> Self {
        let detail = error.to_string();
        match error {
            DialError::Token(error) => error.into(),
            DialError::NotConfigured(error) => error.into(),
            DialError::Refused { service, status, retry_after } => {
                Self::new(passed_on(status), detail).upstream(service, Some(status), retry_after)
            }
            DialError::Network { service, timeout, .. } => {
                Self::new(unreached(timeout), detail).upstream(service, None, None)
            }
        }
    }
}

/// A client learns what CXone said of its request. What CXone said of the proxy's credentials, or an answer that no
/// client caused, is a bad gateway.
fn passed_on(upstream: u16) -> StatusCode {
    match upstream {
        400 | 403 | 404 | 409 | 422 | 429 | 503 => {
            StatusCode::from_u16(upstream).expect("these are all statuses")
        }
        504 => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn unreached(timeout: bool) -> StatusCode {
    if timeout { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY }
}
