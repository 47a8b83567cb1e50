//! Errors of the routes, as clients get them: RFC 9457.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base::field_error::FieldErrors;
use serde_json::Value;
use wire::api::{AuditOutcome, Problem, UpstreamName, UpstreamStatus};

use crate::{
    audit::AuditError,
    auth::{TokenError, TokenErrorKind},
    config::Service,
    cxone::{DialError, Paused, UpstreamError},
};

/// Kind of the problem where a change was made and its result could not be recorded.
const RESULT_NOT_RECORDED: &str = "docs/contract.md#result-not-recorded";

/// Error on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Problem>);

impl ApiError {
    /// Returns an error with this status and description.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: detail.into(),
            technical: None,
            errors: FieldErrors::new(),
            upstream: None,
            unsent: false,
            retry_after_ms: None,
        }))
    }

    /// Returns an error 422 that lists the wrong fields.
    pub(crate) fn fields(errors: FieldErrors) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string());
        error.0.errors = errors;
        error
    }

    /// Returns the error of a change that was made, and whose result the audit trail does not have. `intent` is the number of
    /// the entry with its intention.
    pub(crate) fn result_unrecorded(intent: u64, result: &Value, error: &AuditError) -> Self {
        let detail = format!(
            "it was done, but its result cannot be written to the audit log, which has the intention as entry {intent}: {error}; the result is {result}"
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            .kind(RESULT_NOT_RECORDED, "Done, but not recorded")
    }

    /// Names the kind of problem, for a status that has several.
    pub(crate) fn kind(mut self, kind: &str, title: &str) -> Self {
        self.0.kind = kind.into();
        self.0.title = title.into();
        self
    }

    /// Says in a few words what happened, where the status's name would not.
    fn titled(mut self, title: &str) -> Self {
        self.0.title = title.into();
        self
    }

    /// Says it in the words of the system or the service, too.
    fn technical(mut self, technical: String) -> Self {
        self.0.technical = Some(technical);
        self
    }

    /// Returns the error of a service that answered with this status.
    fn answered(service: Service, status: u16, detail: String, retry_after: Option<Duration>) -> Self {
        let problem = Self::new(passed_on(status), detail).upstream(service, Some(status), retry_after);
        if problem.status() < 500 { problem } else { problem.titled("CXone answered with an error") }
    }

    /// Returns the error of a service that does not answer.
    fn unreached(service: Service, is_timeout: bool, message: String) -> Self {
        let (status, how) = if is_timeout {
            (StatusCode::GATEWAY_TIMEOUT, "did not answer in time")
        } else {
            (StatusCode::BAD_GATEWAY, "cannot be reached")
        };
        let detail = format!(
            "CXone's service {service} {how}. Check that it runs and that service.{service}.base_url in the configuration is its address"
        );
        Self::new(status, detail)
            .titled("CXone does not answer")
            .technical(message)
            .upstream(service, None, None)
    }

    /// Lists the wrong fields.
    pub(crate) fn with_errors(mut self, errors: FieldErrors) -> Self {
        self.0.errors = errors;
        self
    }

    /// Says when another try is worthwhile.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Adds a sentence to the description.
    pub(crate) fn adding(mut self, sentence: &str) -> Self {
        self.0.detail = format!("{}; {sentence}", self.0.detail);
        self
    }

    /// Names the service behind the proxy that caused the error, with the status and wait that it gave.
    pub(crate) fn upstream(
        mut self,
        service: impl Into<UpstreamName>,
        status: Option<u16>,
        retry_after: Option<Duration>,
    ) -> Self {
        self.0.upstream = Some(UpstreamStatus { service: service.into(), status });
        self.0.retry_after_ms = retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Says whether the request certainly did not get past the proxy.
    pub(crate) fn unsent(mut self, unsent: bool) -> Self {
        self.0.unsent = unsent;
        self
    }

    /// Returns the description of the error.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Returns the HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    /// Returns the outcome for the audit trail: refused where CXone or the proxy decided, failed where something broke.
    pub(crate) fn outcome(&self) -> AuditOutcome {
        if self.0.status < 500 { AuditOutcome::Refused } else { AuditOutcome::Failed }
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
                Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).upstream(service, None, None).unsent(true)
            }
            UpstreamError::Token(error) => error.into(),
            UpstreamError::Paused(paused) => paused.into(),
            UpstreamError::Status { service, status, retry_after, .. } => {
                Self::answered(service, status, detail, retry_after)
            }
            UpstreamError::Network { service, message, is_timeout, is_unsent } => {
                Self::unreached(service, is_timeout, message).unsent(is_unsent)
            }
            UpstreamError::Unreadable { service, .. } => {
                let problem = Self::new(StatusCode::BAD_GATEWAY, detail).upstream(service, None, None);
                problem.titled("CXone's answer cannot be read")
            }
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        let status = match &error.kind {
            TokenErrorKind::NotConfigured(_) => StatusCode::SERVICE_UNAVAILABLE,
            TokenErrorKind::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            TokenErrorKind::Refused { .. }
            | TokenErrorKind::Credentials { .. }
            | TokenErrorKind::Scopes(_)
            | TokenErrorKind::Unavailable { .. }
            | TokenErrorKind::Unexpected(_)
            | TokenErrorKind::NoToken(_)
            | TokenErrorKind::Network(_) => StatusCode::BAD_GATEWAY,
        };
        let problem = Self::new(status, error.to_string());
        // Without a token nothing is sent; a request whose token was refused was not acted on either.
        problem
            .upstream(error.service, error.status(), error.retry_after())
            .unsent(true)
            .titled("No access to CXone")
    }
}

impl From<Paused> for ApiError {
    fn from(paused: Paused) -> Self {
        let Paused { service, status, left } = paused;
        Self::answered(service, status, paused.to_string(), Some(left)).unsent(true)
    }
}

impl From<DialError> for ApiError {
    fn from(error: DialError) -> Self {
        let detail = error.to_string();
        match error {
            DialError::Token(error) => error.into(),
            DialError::Paused(paused) => paused.into(),
            DialError::NotConfigured(error) => error.into(),
            DialError::Refused { service, status, retry_after } => {
                Self::answered(service, status, detail, retry_after)
            }
            DialError::Broken { service, .. } => {
                let problem = Self::new(StatusCode::BAD_GATEWAY, detail).upstream(service, None, None);
                problem.titled("CXone's answer cannot be read")
            }
            DialError::Tunnel { service, .. } => {
                let problem = Self::new(StatusCode::BAD_GATEWAY, detail).upstream(service, None, None);
                problem.titled("CXone cannot be reached")
            }
            DialError::Network { service, message, is_timeout } => {
                Self::unreached(service, is_timeout, message)
            }
        }
    }
}

/// Returns the status that a client gets for CXone's. A client learns CXone's verdict on its own request; a verdict on the
/// proxy's credentials, or an answer that no client caused, becomes 502.
fn passed_on(upstream: u16) -> StatusCode {
    match upstream {
        400 | 403 | 404 | 409 | 422 | 429 | 503 => {
            StatusCode::from_u16(upstream).expect("these are all statuses")
        }
        504 => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}
