use std::time::Duration;

use super::Paused;
use crate::{
    auth::TokenError,
    config::Service,
    retry::{Idempotency, Retryable},
};

/// Failure of a request to one of CXone's services.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// The service is not configured.
    #[error("{service} is not configured: {}", missing.join(", "))]
    NotConfigured { service: Service, missing: Vec<String> },
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The service asked to be left alone.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// The service answered with an error.
    #[error("{service} answered with HTTP {status}{}", message.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Status {
        service: Service,
        status: u16,
        retry_after: Option<Duration>,
        message: Option<String>,
        /// The errors that the answer lists one by one.
        complaints: Vec<String>,
    },
    /// The service did not answer; `is_unsent` is true when no connection was made.
    #[error("{service} cannot be reached: {message}")]
    Network { service: Service, message: String, is_timeout: bool, is_unsent: bool },
    /// The service's answer does not have the form that the contract gives it.
    #[error("{service} answered with something unexpected: {message}")]
    Unreadable { service: Service, message: String },
}

impl UpstreamError {
    /// Returns the status of the service's answer, where it answered.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::NotConfigured { .. }
            | Self::Token(_)
            | Self::Paused(_)
            | Self::Network { .. }
            | Self::Unreadable { .. } => None,
        }
    }

    /// Returns true where the service may have acted on the request all the same.
    pub(crate) const fn is_doubtful(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 500..),
            Self::Network { is_unsent, .. } => !*is_unsent,
            Self::Unreadable { .. } => true,
            Self::NotConfigured { .. } | Self::Token(_) | Self::Paused(_) => false,
        }
    }
}

impl Retryable for UpstreamError {
    /// Token errors are not retryable here: the token source has made its own attempts.
    fn is_retryable(&self, idempotency: Idempotency) -> bool {
        let is_idempotent = idempotency == Idempotency::Idempotent;
        match self {
            Self::Status { status: 429, .. } | Self::Paused(_) => true,
            Self::Status { status, .. } => is_idempotent && matches!(status, 500 | 502..=504),
            Self::Network { is_unsent, .. } => is_idempotent || *is_unsent,
            Self::NotConfigured { .. } | Self::Token(_) | Self::Unreadable { .. } => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Token(error) => error.retry_after(),
            Self::Paused(paused) => Some(paused.left),
            Self::NotConfigured { .. } | Self::Network { .. } | Self::Unreadable { .. } => None,
        }
    }
}
