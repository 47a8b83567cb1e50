use std::time::Duration;

use crate::{
    config::Service,
    retry::{Idempotency, Retryable},
};

/// Failure to get a token.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{service}: {kind}")]
pub struct TokenError {
    /// Service whose token was wanted.
    pub service: Service,
    /// Kind of the failure.
    pub kind: TokenErrorKind,
}

/// Kind of a failure to get a token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TokenErrorKind {
    /// The service is not configured.
    #[error("not configured: {}", .0.join(", "))]
    NotConfigured(Vec<String>),
    /// The endpoint found the request malformed (400).
    #[error("the token endpoint found the request malformed (HTTP 400{}); check token_style and token_url", code(.0.as_deref()))]
    Malformed(Option<&'static str>),
    /// The endpoint refused the client's credentials (401).
    #[error("the token endpoint refused the client's credentials (HTTP 401); check the client id and secret")]
    Credentials,
    /// The client lacks scopes (403).
    #[error("the client lacks scopes (HTTP 403); it needs: {0}")]
    Scopes(String),
    /// The endpoint asks to slow down (429).
    #[error("the token endpoint asks to slow down (HTTP 429)")]
    RateLimited {
        /// Time after which the endpoint may be asked again, where it named one.
        retry_after: Option<Duration>,
    },
    /// The endpoint failed (5xx).
    #[error("the token endpoint failed (HTTP {status}); the fault is CXone's")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// Time after which the endpoint may be asked again, where it named one.
        retry_after: Option<Duration>,
    },
    /// The endpoint answered with any other status.
    #[error("the token endpoint answered with HTTP {0}, which no token endpoint should; check token_url")]
    Unexpected(u16),
    /// The endpoint answered with success, but without a token.
    #[error("the token endpoint's answer holds no token ({0}); check token_url")]
    NoToken(&'static str),
    /// The endpoint cannot be reached, or the connection broke.
    #[error("the token endpoint cannot be reached ({0}); check token_url and the network")]
    Network(String),
}

fn code(code: Option<&str>) -> String {
    code.map(|code| format!(", {code}")).unwrap_or_default()
}

impl TokenError {
    /// Returns true when another attempt may succeed without a change of the configuration.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            TokenErrorKind::RateLimited { .. }
            | TokenErrorKind::Unavailable { .. }
            | TokenErrorKind::Network(_) => true,
            TokenErrorKind::NotConfigured(_)
            | TokenErrorKind::Malformed(_)
            | TokenErrorKind::Credentials
            | TokenErrorKind::Scopes(_)
            | TokenErrorKind::Unexpected(_)
            | TokenErrorKind::NoToken(_) => false,
        }
    }

    /// Returns the time for which the endpoint wants to be left alone, where it named one.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            TokenErrorKind::RateLimited { retry_after } | TokenErrorKind::Unavailable { retry_after, .. } => {
                retry_after
            }
            TokenErrorKind::NotConfigured(_)
            | TokenErrorKind::Malformed(_)
            | TokenErrorKind::Credentials
            | TokenErrorKind::Scopes(_)
            | TokenErrorKind::Unexpected(_)
            | TokenErrorKind::NoToken(_)
            | TokenErrorKind::Network(_) => None,
        }
    }

    /// Returns the endpoint's HTTP status, where it answered.
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            TokenErrorKind::Malformed(_) => Some(400),
            TokenErrorKind::Credentials => Some(401),
            TokenErrorKind::Scopes(_) => Some(403),
            TokenErrorKind::RateLimited { .. } => Some(429),
            TokenErrorKind::Unavailable { status, .. } | TokenErrorKind::Unexpected(status) => Some(status),
            TokenErrorKind::NoToken(_) => Some(200),
            TokenErrorKind::NotConfigured(_) | TokenErrorKind::Network(_) => None,
        }
    }
}

impl Retryable for TokenError {
    /// A token request is idempotent: a token that nobody uses does no harm.
    fn is_retryable(&self, _: Idempotency) -> bool {
        self.is_retryable()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after()
    }
}
