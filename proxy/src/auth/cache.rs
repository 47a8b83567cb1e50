use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base::time::Instant as Moment;
use futures_util::{FutureExt as _, future::Shared};
use jobs::{Backoff, Renewal, RenewalConfig, RenewalInput, RetryPolicy, Supply};
use reqwest::Client;
use tokio::task::JoinHandle;

use super::{
    AccessToken, Redactor, TokenError, TokenErrorKind,
    request::{self, Grant},
};
use crate::{
    config::{Service, ServiceConfig},
    http::MAX_RETRY_AFTER,
    metrics::Metrics,
    retry::{Idempotency, retry},
};

/// Attempts to get a token before its callers get the error.
const RETRY_POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    backoff: Backoff { base: Duration::from_millis(100), cap: Duration::from_millis(300) },
    max_retry_after: MAX_RETRY_AFTER,
    max_wait: Duration::from_secs(5),
};

type Outcome = Result<Arc<AccessToken>, TokenError>;
type Flight = Shared<
    futures_util::future::Map<
        JoinHandle<Outcome>,
        fn(Result<Outcome, tokio::task::JoinError>) -> Option<Outcome>,
    >,
>;

/// Token of one service: the driver of [`Renewal`]. A token that lives is handed out; the next one is asked for in the
/// background, by one request however many callers there are.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    http: Client,
    config: ServiceConfig,
    timeout: Duration,
    metrics: Metrics,
    redactor: Redactor,
    /// Beginning of the machine's time.
    epoch: Instant,
    state: Mutex<State>,
}

struct State {
    renewal: Renewal,
    token: Option<Arc<AccessToken>>,
    flight: Option<Flight>,
    failure: Option<TokenError>,
    has_warned: bool,
}

/// Next step of a caller who wants a token.
enum Step {
    /// The caller has the token, or the failure of the last request.
    Decided(Outcome),
    /// The caller waits for the request under way.
    Wait(Flight),
}

impl TokenSource {
    /// Returns a source that has not asked yet. `timeout` bounds each request; tokens are made known to `redactor`.
    pub(crate) fn new(
        http: Client,
        config: ServiceConfig,
        timeout: Duration,
        metrics: Metrics,
        redactor: Redactor,
    ) -> Self {
        let renewal = RenewalConfig {
            margin: Duration::from_secs(config.refresh_margin_s),
            max_retry_after: MAX_RETRY_AFTER,
            ..RenewalConfig::default()
        };
        let state = State {
            renewal: Renewal::new(renewal, rand::random()),
            token: None,
            flight: None,
            failure: None,
            has_warned: false,
        };
        let (epoch, state) = (Instant::now(), Mutex::new(state));
        Self(Arc::new(Inner { http, config, timeout, metrics, redactor, epoch, state }))
    }

    /// Returns the service.
    pub fn service(&self) -> Service {
        self.0.config.service
    }

    /// Returns a token that has not expired, and waits for one where there is none.
    pub async fn token(&self) -> Outcome {
        loop {
            let flight = match self.step() {
                Step::Decided(outcome) => return outcome,
                Step::Wait(flight) => flight,
            };
            if let Some(outcome) = self.landed(flight).await {
                return outcome;
            }
        }
    }

    /// Returns the token to try after a service answered a request with `token` by HTTP `status`. After 401, `token` is dead.
    /// After 403, it may be: it stays in use until there is a newer one. Returns `None` where no other token would help.
    pub async fn token_after(
        &self,
        token: &Arc<AccessToken>,
        status: Option<u16>,
    ) -> Result<Option<Arc<AccessToken>>, TokenError> {
        match status {
            Some(401) => {
                self.refused(token);
                self.token().await.map(Some)
            }
            Some(403) => Ok(self.token_after_doubt(token).await),
            Some(_) | None => Ok(None),
        }
    }

    /// Notes that a token of [`Self::token_after`] was answered with an error by HTTP `status`: a second 403 is believed for a
    /// while.
    pub fn note_second_refusal(&self, status: Option<u16>) {
        if status == Some(403) {
            self.lock().renewal.handle_input(self.now(), RenewalInput::DoubtUnfounded);
        }
    }

    fn refused(&self, token: &Arc<AccessToken>) {
        let mut state = self.lock();
        if state.has(token) {
            state.renewal.handle_input(self.now(), RenewalInput::Refused);
            state.token = None;
        }
    }

    async fn token_after_doubt(&self, token: &Arc<AccessToken>) -> Option<Arc<AccessToken>> {
        let flight = {
            let mut state = self.lock();
            if !state.has(token) {
                return state.token.clone();
            }
            match state.renewal.handle_doubt(self.now()) {
                Supply::Awaited => self.flight(&mut state),
                Supply::Present | Supply::Withheld(_) => return None,
            }
        };
        let newer = self.landed(flight).await?.ok()?;
        (!Arc::ptr_eq(&newer, token)).then_some(newer)
    }

    fn step(&self) -> Step {
        let mut state = self.lock();
        let supply = state.renewal.handle_call(self.now());
        match (supply, &state.token, &state.failure) {
            (Supply::Present, Some(token), _) => {
                let token = Arc::clone(token);
                if state.renewal.poll_output() {
                    // It runs as a task, whoever waits for it.
                    drop(self.start(&mut state));
                }
                Step::Decided(Ok(token))
            }
            (Supply::Withheld(wait), _, Some(failure)) => {
                Step::Decided(Err(failure.clone().counted_down(wait)))
            }
            (Supply::Awaited | Supply::Present | Supply::Withheld(_), _, _) => {
                Step::Wait(self.flight(&mut state))
            }
        }
    }

    /// Returns the request under way, and starts one where there is none.
    fn flight(&self, state: &mut State) -> Flight {
        let is_asked_for = state.renewal.poll_output();
        match &state.flight {
            Some(flight) if !is_asked_for => flight.clone(),
            Some(_) | None => self.start(state),
        }
    }

    /// Starts a request as a task of its own, so that a caller that gives up does not take the others' token with it.
    fn start(&self, state: &mut State) -> Flight {
        let source = self.clone();
        let task = tokio::spawn(async move {
            let asked = source.ask().await;
            source.settle(asked)
        });
        let outcome: fn(_) -> _ = Result::ok;
        state.flight.insert(task.map(outcome).shared()).clone()
    }

    /// Waits for a request's end. `None` stands for a task that was stopped by a panic or a shutdown.
    async fn landed(&self, flight: Flight) -> Option<Outcome> {
        let landed = flight.clone().await;
        if landed.is_none() {
            {
                let mut state = self.lock();
                if state.flight.as_ref().is_some_and(|present| present.ptr_eq(&flight)) {
                    state.flight = None;
                    state.renewal.handle_input(self.now(), RenewalInput::Abandoned);
                }
            }
            tokio::task::yield_now().await;
        }
        landed
    }

    fn settle(&self, asked: Result<Grant, TokenError>) -> Outcome {
        if let Ok(grant) = &asked {
            // Before anybody can send it, and without holding anybody up: it takes some milliseconds.
            self.0.redactor.add_token(self.service(), &grant.token);
        }
        let mut state = self.lock();
        let now = self.now();
        state.flight = None;
        match asked {
            Ok(Grant { token, asked, lifetime, oddity }) => {
                if let Some(oddity) = oddity
                    && !std::mem::replace(&mut state.has_warned, true)
                {
                    let seconds = lifetime.as_secs();
                    tracing::warn!(service = %self.service(), oddity, seconds, "a token's lifetime is assumed");
                }
                let token = Arc::new(token);
                let granted = RenewalInput::Granted { asked: self.moment(asked), lifetime };
                state.renewal.handle_input(now, granted);
                state.token = Some(Arc::clone(&token));
                state.failure = None;
                Ok(token)
            }
            Err(error) => {
                tracing::warn!(service = %error.service, error = %error.kind, "no token");
                let lives = state.renewal.is_alive(now);
                state.renewal.handle_input(now, RenewalInput::Failed(error.retry_after()));
                state.failure = Some(error.clone());
                state.token.clone().filter(|_| lives).ok_or(error)
            }
        }
    }

    async fn ask(&self) -> Result<Grant, TokenError> {
        retry(RETRY_POLICY, Idempotency::Idempotent, |_| self.ask_once()).await
    }

    async fn ask_once(&self) -> Result<Grant, TokenError> {
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

    fn now(&self) -> Moment {
        self.moment(Instant::now())
    }

    fn moment(&self, instant: Instant) -> Moment {
        let since = instant.saturating_duration_since(self.0.epoch);
        Moment::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns true where `token` is the present one.
    fn has(&self, token: &Arc<AccessToken>) -> bool {
        self.token.as_ref().is_some_and(|present| Arc::ptr_eq(present, token))
    }
}
