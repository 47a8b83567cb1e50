//! Repeating requests: the driver of [`Retry`].

use std::time::Duration;

use jobs::{Backoff, Retry, RetryDecision, RetryPolicy};

use crate::http::MAX_RETRY_AFTER;

/// Attempts that the proxy makes for a client that does not repeat its requests itself.
pub(crate) const RETRY_POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    backoff: Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(2) },
    max_retry_after: MAX_RETRY_AFTER,
    max_wait: Duration::from_secs(5),
};

/// Safety of acting on a request twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idempotency {
    /// The request reads, or carries a key of its own: acting on it twice does no harm.
    Idempotent,
    /// The request may only be repeated where the server cannot have acted on it: after 429, or without a connection.
    NotIdempotent,
}

/// Side that repeats a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetriedBy {
    /// The proxy repeats the request where that is safe.
    Proxy,
    /// The client repeats the request, so the proxy asks once.
    Client,
}

impl RetriedBy {
    /// Returns `policy` where the proxy repeats, and a single attempt otherwise.
    pub(crate) const fn policy(self, policy: RetryPolicy) -> RetryPolicy {
        match self {
            Self::Proxy => policy,
            Self::Client => RetryPolicy::ONCE,
        }
    }
}

/// Error that says whether and when another attempt is worthwhile.
pub(crate) trait Retryable {
    /// Returns true when the same request may succeed later and can be sent again as safely as `idempotency` demands.
    fn is_retryable(&self, idempotency: Idempotency) -> bool;

    /// Returns the time for which the server wants to be left alone, where it named one.
    fn retry_after(&self) -> Option<Duration>;
}

/// Makes attempts, numbered from 1, until one succeeds or `policy` gives up. Returns the last attempt's result.
pub(crate) async fn retry<T, E, F>(
    policy: RetryPolicy,
    idempotency: Idempotency,
    mut attempt: impl FnMut(u32) -> F,
) -> Result<T, E>
where
    E: Retryable,
    F: Future<Output = Result<T, E>>,
{
    let mut machine = Retry::new(policy);
    loop {
        let error = match attempt(machine.begin_attempt()).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let is_retryable = error.is_retryable(idempotency);
        match machine.handle_failure(is_retryable, error.retry_after(), rand::random()) {
            RetryDecision::Wait(wait) => tokio::time::sleep(wait).await,
            RetryDecision::GiveUp(reason) => {
                tracing::debug!(?reason, attempts = machine.attempts(), "a request is given up");
                return Err(error);
            }
        }
    }
}
