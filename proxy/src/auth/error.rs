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
    /// The endpoint refused the request (400 or 401) for another reason than the client's credentials.
    #[error("the token endpoint refused the request (HTTP {status}{}); {}", named(*code), advice(*code))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Reason that the endpoint named.
        code: Option<OauthCode>,
    },
    /// The endpoint refused the client's credentials (401, or 400 with `invalid_client`).
    #[error("the token endpoint refused the client's credentials (HTTP {status}); {fault}")]
    Credentials {
        /// The HTTP status.
        status: u16,
        /// Likely fault.
        fault: ClientFault,
    },
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

/// Reason for which an endpoint refuses a request (RFC 6749, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OauthCode {
    /// The request is malformed.
    InvalidRequest,
    /// The client is unknown, or its credentials are wrong.
    InvalidClient,
    /// The grant is not valid.
    InvalidGrant,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// The endpoint does not know this grant.
    UnsupportedGrantType,
    /// A scope is unknown or not granted.
    InvalidScope,
}

impl OauthCode {
    const ALL: [Self; 6] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
    ];

    /// Returns the code's name in an answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    /// Returns the code that is called `name`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

/// Likely fault of credentials that were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFault {
    /// They are wrong.
    Wrong,
    /// They are wrong, or the endpoint does not decode what HTTP Basic carries encoded.
    WrongOrNotDecoded,
}

impl std::fmt::Display for ClientFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("check the client id and secret")?;
        match self {
            Self::Wrong => Ok(()),
            Self::WrongOrNotDecoded => f.write_str(
                "; they have characters that Basic credentials carry form-encoded (RFC 6749, section 2.3.1), which \
                 some servers do not decode: if they are right, try token_style = \"form_body\"",
            ),
        }
    }
}

fn named(code: Option<OauthCode>) -> String {
    code.map(|code| format!(", {}", code.name())).unwrap_or_default()
}

/// Returns what to do about a refusal.
const fn advice(code: Option<OauthCode>) -> &'static str {
    match code {
        Some(OauthCode::InvalidClient) => "check the client id and secret",
        Some(OauthCode::InvalidScope) => "check scopes",
        Some(OauthCode::UnauthorizedClient) => "have the client allowed the grant client_credentials",
        Some(OauthCode::UnsupportedGrantType) => {
            "it does not know the grant client_credentials; check token_url"
        }
        Some(OauthCode::InvalidRequest | OauthCode::InvalidGrant) | None => {
            "the request was malformed for it; check token_style and token_url"
        }
    }
}

impl TokenError {
    /// Returns true when another attempt may succeed without a change of the configuration.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            TokenErrorKind::RateLimited { .. }
            | TokenErrorKind::Unavailable { .. }
            | TokenErrorKind::Network(_) => true,
            TokenErrorKind::NotConfigured(_)
            | TokenErrorKind::Refused { .. }
            | TokenErrorKind::Credentials { .. }
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
            | TokenErrorKind::Refused { .. }
            | TokenErrorKind::Credentials { .. }
            | TokenErrorKind::Scopes(_)
            | TokenErrorKind::Unexpected(_)
            | TokenErrorKind::NoToken(_)
            | TokenErrorKind::Network(_) => None,
        }
    }

    /// Returns the error with `left` in place of the wait that the endpoint named, where it named one.
    pub(super) fn counted_down(mut self, left: Duration) -> Self {
        match &mut self.kind {
            TokenErrorKind::RateLimited { retry_after } | TokenErrorKind::Unavailable { retry_after, .. } => {
                *retry_after = retry_after.map(|_| left);
            }
            TokenErrorKind::NotConfigured(_)
            | TokenErrorKind::Refused { .. }
            | TokenErrorKind::Credentials { .. }
            | TokenErrorKind::Scopes(_)
            | TokenErrorKind::Unexpected(_)
            | TokenErrorKind::NoToken(_)
            | TokenErrorKind::Network(_) => {}
        }
        self
    }

    /// Returns the endpoint's HTTP status, where it answered.
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            TokenErrorKind::Scopes(_) => Some(403),
            TokenErrorKind::RateLimited { .. } => Some(429),
            TokenErrorKind::Refused { status, .. }
            | TokenErrorKind::Credentials { status, .. }
            | TokenErrorKind::Unavailable { status, .. }
            | TokenErrorKind::Unexpected(status) => Some(status),
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
