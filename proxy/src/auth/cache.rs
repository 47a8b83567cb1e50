use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, future::Shared};
use reqwest::Client;
use shared::link::Backoff;
use tokio::task::JoinHandle;

use super::{AccessToken, TokenError, TokenErrorKind, request};
use crate::{
    config::{Service, ServiceConfig},
    cxone::jittered,
    metrics::Metrics,
};

/// A request is sent at most this often before its callers are told.
const ATTEMPTS: u32 = 3;
/// Between attempts.
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_millis(300) };
/// The longest `Retry-After` that callers are kept waiting for; after a longer one they are told.
const LONGEST_PATIENCE: Duration = Duration::from_secs(5);
/// The longest that a `Retry-After` keeps the endpoint from being asked.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// After a failure its reason stands for this long, so that a crowd of callers asks once, not one after another.
const FAILURE_STANDS: Duration = Duration::from_millis(100);

type Outcome = Result<Arc<AccessToken>, TokenError>;
type Flight = Shared<
    futures_util::future::Map<
        JoinHandle<Outcome>,
        fn(Result<Outcome, tokio::task::JoinError>) -> Option<Outcome>,
    >,
>;

/// The token of one service: kept until shortly before its end, and asked for by one request however many callers wait.
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
    /// A source that has not asked yet. `timeout` bounds each request.
    pub(crate) fn new(http: Client, config: ServiceConfig, timeout: Duration, metrics: Metrics) -> Self {
        Self(Arc::new(Inner { http, config, timeout, metrics, state: Mutex::default() }))
    }

    /// The service.
    pub fn service(&self) -> Service {
        self.0.config.service
    }

    /// A token with some life left in it.
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

    /// `token` was refused: it is not handed out again. A newer one stays.
    pub fn refused(&self, token: &Arc<AccessToken>) {
        let mut state = self.lock();
        if state.token.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, token)) {
            state.token = None;
        }
    }

    /// What is known already, or what to wait for.
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

    /// The request runs as a task of its own: a caller that gives up does not take the others' token with it.
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
                let pause = error.retry_after().map_or(FAILURE_STANDS, |asked| asked.min(LONGEST_PAUSE));
                state.failure = Some((error.clone(), now + pause.max(FAILURE_STANDS)));
                // Renewal begins a margin before the end: until then the old token does.
                state.token.clone().filter(|token| token.is_alive(now)).ok_or(error)
            }
        }
    }

    async fn ask(&self) -> Result<AccessToken, TokenError> {
        let inner = &self.0;
        let service = inner.config.service;
        let mut attempt = 0;
        loop {
            let asked = request::ask(&inner.http, &inner.config, inner.timeout).await;
            let error = match asked {
                Ok(token) => {
                    inner.metrics.token_request(service, "ok");
                    return Ok(token);
                }
                Err(kind) => TokenError { service, kind },
            };
            if !matches!(error.kind, TokenErrorKind::NotConfigured(_)) {
                inner.metrics.token_request(service, "failed");
            }
            attempt += 1;
            let wait = jittered(BACKOFF, attempt - 1).max(error.retry_after().unwrap_or_default());
            if attempt == ATTEMPTS || !error.is_retryable() || wait > LONGEST_PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
