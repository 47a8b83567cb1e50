use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, future::Shared};
use jobs::{Backoff, RetryPolicy};
use reqwest::Client;
use tokio::task::JoinHandle;

use super::{AccessToken, TokenError, TokenErrorKind, request};
use crate::{
    config::{Service, ServiceConfig},
    metrics::Metrics,
    retry::{Idempotency, retry},
};

/// Attempts to get a token before its callers get the error.
const RETRY_POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    backoff: Backoff { base: Duration::from_millis(100), cap: Duration::from_millis(300) },
    max_retry_after: MAX_ENDPOINT_PAUSE,
    max_wait: Duration::from_secs(5),
};
/// Maximum time for which a `Retry-After` keeps the endpoint from being asked.
const MAX_ENDPOINT_PAUSE: Duration = Duration::from_mins(1);
/// Minimum time for which a failure answers further callers, so that a crowd of them asks once, not one after another.
const MIN_FAILURE_LIFETIME: Duration = Duration::from_millis(100);

type Outcome = Result<Arc<AccessToken>, TokenError>;
type Flight = Shared<
    futures_util::future::Map<
        JoinHandle<Outcome>,
        fn(Result<Outcome, tokio::task::JoinError>) -> Option<Outcome>,
    >,
>;

/// Token of one service: kept until shortly before its end, and asked for by one request however many callers wait.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    http: Client,
    config: ServiceConfig,
    timeout: Duration,
    metrics: Metrics,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<AccessToken>>,
    flight: Option<Flight>,
    failure: Option<(TokenError, Instant)>,
}

impl TokenSource {
    /// Returns a source that has not asked yet. `timeout` bounds each request.
    pub(crate) fn new(http: Client, config: ServiceConfig, timeout: Duration, metrics: Metrics) -> Self {
        Self(Arc::new(Inner { http, config, timeout, metrics, state: Mutex::default() }))
    }

    /// Returns the service.
    pub fn service(&self) -> Service {
        self.0.config.service
    }

    /// Returns a token that has not expired, and asks for one where there is none.
    pub async fn token(&self) -> Outcome {
        loop {
            let flight = match self.decide() {
                Ok(decided) => return decided,
                Err(flight) => flight,
            };
            if let Some(outcome) = flight.await {
                return outcome;
            }
            // The task was stopped by a panic or a shutdown; whoever still waits asks again.
            self.lock().flight = None;
            tokio::task::yield_now().await;
        }
    }

    /// Forgets `token`, which was refused. A newer one stays.
    pub fn refused(&self, token: &Arc<AccessToken>) {
        let mut state = self.lock();
        if state.token.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, token)) {
            state.token = None;
        }
    }

    /// Returns the present token or failure, or the request to wait for.
    fn decide(&self) -> Result<Outcome, Flight> {
        let mut state = self.lock();
        let now = Instant::now();
        let alive = state.token.clone().filter(|token| token.is_alive(now));
        if let Some(token) = alive.clone().filter(|token| token.is_fresh(now)) {
            return Ok(Ok(token));
        }
        if let Some((error, until)) = &state.failure
            && now < *until
        {
            return Ok(alive.ok_or_else(|| error.clone()));
        }
        Err(state.flight.get_or_insert_with(|| self.start()).clone())
    }

    /// Starts a request as a task of its own, so that a caller that gives up does not take the others' token with it.
    fn start(&self) -> Flight {
        let source = self.clone();
        let task = tokio::spawn(async move {
            let asked = source.ask().await;
            source.settle(asked)
        });
        let outcome: fn(_) -> _ = Result::ok;
        task.map(outcome).shared()
    }

    fn settle(&self, asked: Result<AccessToken, TokenError>) -> Outcome {
        let mut state = self.lock();
        state.flight = None;
        match asked {
            Ok(token) => {
                let token = Arc::new(token);
                state.token = Some(Arc::clone(&token));
                state.failure = None;
                Ok(token)
            }
            Err(error) => {
                tracing::warn!(service = %error.service, error = %error.kind, "no token");
                let now = Instant::now();
                let pause =
                    error.retry_after().map_or(MIN_FAILURE_LIFETIME, |asked| asked.min(MAX_ENDPOINT_PAUSE));
                state.failure = Some((error.clone(), now + pause.max(MIN_FAILURE_LIFETIME)));
                // Renewal begins a margin before the end: until then the old token does.
                state.token.clone().filter(|token| token.is_alive(now)).ok_or(error)
            }
        }
    }

    async fn ask(&self) -> Result<AccessToken, TokenError> {
        retry(RETRY_POLICY, Idempotency::Idempotent, |_| self.ask_once()).await
    }

    async fn ask_once(&self) -> Result<AccessToken, TokenError> {
        let inner = &self.0;
        let service = inner.config.service;
        let asked = request::ask(&inner.http, &inner.config, inner.timeout).await;
        match &asked {
            Ok(_) => inner.metrics.token_request(service, "ok"),
            Err(TokenErrorKind::NotConfigured(_)) => {}
            Err(_) => inner.metrics.token_request(service, "failed"),
        }
        asked.map_err(|kind| TokenError { service, kind })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
