//! Submissions of the dialer: each key is one simulation, whichever proxy it is sent to and however often.

use std::time::Duration;

use axum::http::StatusCode;
use base::{
    field_error::FieldErrors,
    ids::{CorrelationId, IdempotencyKey, SimulationId},
};
use scenario::dialer::SUBMISSION_UNKNOWN;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use wire::{
    api::AuditOutcome,
    cxone::{DialerSimulation, DialerState},
};

use crate::{
    audit::Intention,
    config::Service,
    cxone::{UpstreamError, UpstreamRequest},
    error::ApiError,
    retry::RetriedBy,
    state::{AppState, carry_out},
    store::{Begun, SubmissionState},
};

/// Path of the simulations at CXone.
pub(crate) const SIMULATIONS: [&str; 4] = ["api", "v2", "dialer", "simulations"];
/// Name of the header with the key.
pub(crate) const KEY_HEADER: &str = "idempotency-key";

/// Interval at which another request with the same key is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Time for which another request with the same key is waited for.
const LOOK_PATIENCE: Duration = Duration::from_secs(20);
/// Time after which the fate of a submission may be known.
const UNKNOWN_RETRY: Duration = Duration::from_secs(2);

/// Request for a simulation.
pub(crate) struct Dispatch {
    pub(crate) key: IdempotencyKey,
    /// The body for CXone.
    pub(crate) body: Value,
    pub(crate) correlation: CorrelationId,
    pub(crate) retried_by: RetriedBy,
}

impl Dispatch {
    /// Begins the simulation, or returns the one that was begun with this key. What may have arrived is never sent again.
    pub(crate) async fn submit(&self, state: &AppState) -> Result<DialerSimulation, ApiError> {
        // Before anything is kept: a service that is not configured cannot be asked.
        state.cxone.service(Service::Dialer)?;
        let request = self.body.to_string();
        // All of the proxy's attempts fit into twice the time that a client has.
        let within = state.config.tuning.request_timeout * 2;
        let looked_until = Instant::now() + LOOK_PATIENCE;
        loop {
            let before = match state.store.begin(&self.key, &request, &self.correlation, within).await? {
                Begun::Now => return self.send(state).await,
                Begun::Before(submission) => submission,
            };
            if before.request != request {
                let message = "was used for another request: make up a new one for each simulation";
                return Err(ApiError::fields(FieldErrors::one("Idempotency-Key", message)));
            }
            match before.state {
                SubmissionState::Accepted { simulation, answer } => return Ok(again(simulation, answer)),
                SubmissionState::Sending if Instant::now() < looked_until => sleep(LOOK_INTERVAL).await,
                SubmissionState::Sending => return Err(unknown("it is still being sent")),
                SubmissionState::Unknown => {
                    if !state.store.find_simulation(&self.key).await? {
                        return Err(unknown("no event of it has come yet"));
                    }
                    let detail = json!({ "idempotencyKey": self.key, "foundBy": "events" });
                    state.record("dialer.dispatch", &before.correlation, AuditOutcome::Ok, detail).await?;
                }
            }
        }
    }

    async fn send(&self, state: &AppState) -> Result<DialerSimulation, ApiError> {
        let intention = match self.intend(state).await {
            Ok(intention) => intention,
            Err(error) => return Err(self.failed(state, SendError::Own(error)).await),
        };
        let sending = async {
            let request = UpstreamRequest::post(Service::Dialer, &SIMULATIONS, &self.body);
            let answer = state.cxone.ask(request.retried_by(self.retried_by)).await;
            let (simulation, body) =
                answer.and_then(|answer| Ok((answer.json::<DialerSimulation>()?, answer.body)))?;
            let text = String::from_utf8_lossy(&body);
            if let Err(error) = state.store.accepted(&self.key, &simulation.id, &text).await {
                // It runs all the same, and its events tell of it.
                tracing::error!(%error, simulation = %simulation.id, "an accepted simulation is not stored");
            }
            let result = json!({ "simulationId": simulation.id, "state": simulation.state.as_str() });
            Ok((simulation, result))
        };
        let sending = async {
            match sending.await {
                Ok(sent) => Ok(sent),
                Err(error) => Err(self.failed(state, SendError::Upstream(error)).await),
            }
        };
        carry_out(intention, sending).await
    }

    /// Records that the request is sound, and that it is to be sent.
    async fn intend(&self, state: &AppState) -> Result<Intention, ApiError> {
        let detail = json!({ "idempotencyKey": self.key, "request": shown(&self.body) });
        state.record("dialer.validate", &self.correlation, AuditOutcome::Ok, detail.clone()).await?;
        state.intend("dialer.dispatch", &self.correlation, detail).await
    }

    /// Notes what became of a submission without an answer, and returns the error for the client.
    async fn failed(&self, state: &AppState, error: SendError) -> ApiError {
        let (noted, error) = match error {
            SendError::Upstream(error) if error.is_doubtful() => {
                (state.store.unknown(&self.key).await, unanswered(&error))
            }
            SendError::Upstream(error) => (state.store.take_back(&self.key).await, error.into()),
            SendError::Own(error) => (state.store.take_back(&self.key).await, error),
        };
        if let Err(error) = noted {
            // It counts as unknown once its time is over.
            tracing::error!(%error, "the fate of a submission is not noted");
        }
        error
    }
}

/// Failure to send a submission.
enum SendError {
    /// CXone has none, or nobody knows.
    Upstream(UpstreamError),
    /// Nothing was sent.
    Own(ApiError),
}

/// Returns a request for the audit trail: a webhook's address may hold a secret in its query.
fn shown(body: &Value) -> Value {
    let mut shown = body.clone();
    if let Some(url) = shown.get_mut("webhookUrl")
        && let Some(text) = url.as_str()
    {
        *url = text.split(['?', '#']).next().unwrap_or_default().into();
    }
    shown
}

/// Returns the answer to a request that was answered before.
fn again(simulation: SimulationId, answer: Option<String>) -> DialerSimulation {
    let stored = answer.and_then(|text| serde_json::from_str(&text).ok());
    stored.unwrap_or_else(|| DialerSimulation::new(simulation, DialerState::running()))
}

fn unknown(reason: &str) -> ApiError {
    let detail = format!(
        "the simulation may have been begun, and is not sent again: {reason}; the same key asks for it again"
    );
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, detail)
        .kind(SUBMISSION_UNKNOWN, "It may have been begun")
        .retry_after(UNKNOWN_RETRY)
}

fn unanswered(error: &UpstreamError) -> ApiError {
    let status = match error {
        UpstreamError::Status { status, .. } => Some(*status),
        UpstreamError::NotConfigured { .. }
        | UpstreamError::Token(_)
        | UpstreamError::Paused(_)
        | UpstreamError::Network { .. }
        | UpstreamError::Unreadable { .. } => None,
    };
    unknown(&error.to_string()).upstream(Service::Dialer, status, Some(UNKNOWN_RETRY))
}
