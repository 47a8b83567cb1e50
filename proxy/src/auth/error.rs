use std::time::Duration;

use crate::config::Service;

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{service}: {kind}")]
pub struct TokenError {
    /// The service whose token was wanted.
    pub service: Service,
    /// What happened.
    pub kind: TokenErrorKind,
}

/// What the token endpoint did.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TokenErrorKind {
    /// The service is not configured.
    #[error("not configured: {}", .0.join(", "))]
    NotConfigured(Vec<String>),
    /// 400.
    #[error("the token endpoint found the request malformed (HTTP 400{}); check token_style and token_url", code(.0.as_deref()))]
    Malformed(Option<&'static str>),
    /// 401.
    #[error("the token endpoint refused the client's credentials (HTTP 401); check the client id and secret")]
    Credentials,
    /// 403.
    #[error("the client lacks scopes (HTTP 403); it needs: {0}")]
    Scopes(String),
    /// 429.
    #[error("the token endpoint asks to slow down (HTTP 429)")]
    RateLimited {
        /// When it may be asked again, where it said so.
        retry_after: Option<Duration>,
    },
    /// 5xx.
    #[error("the token endpoint failed (HTTP {status}); the fault is CXone's")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// When it may be asked again, where it said so.
        retry_after: Option<Duration>,
    },
    /// Any other status.
    #[error("the token endpoint answered with HTTP {0}, which no token endpoint should; check token_url")]
    Unexpected(u16),
    /// Success, but with a body that holds no token.
    #[error("the token endpoint's answer holds no token ({0}); check token_url")]
    NoToken(&'static str),
    /// No connection, or it broke.
    #[error("the token endpoint cannot be reached ({0}); check token_url and the network")]
    Network(String),
}

fn code(code: Option<&str>) -> String {
    code.map(|code| format!(", {code}")).unwrap_or_default()
}

impl TokenError {
    /// Whether asking again may help without anything being changed.
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

    /// How long the endpoint wants to be left alone, where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            TokenErrorKind::RateLimited { retry_after } | TokenErrorKind::Unavailable { retry_after, .. } => {
                retry_after
            }
            _ => None,
        }
    }

    /// The endpoint's HTTP status, where it answered.
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
