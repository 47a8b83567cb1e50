//! State that every request can reach.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use base::ids::{CorrelationId, SimulationId};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wire::api::AuditOutcome;

use crate::{
    access::Access,
    assets::Assets,
    audit::{Audit, AuditError, Entry, Intention},
    compute::Compute,
    config::Config,
    cxone::Cxone,
    definitions::Definitions,
    error::ApiError,
    media::{EventCopies, Media},
    metrics::Metrics,
    names::Names,
    page_slots::PageSlots,
    qa::Qa,
    relay::{self, Hub},
    runs::Runs,
    store::Store,
    webhook::Door,
};

/// State that all requests share.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) cxone: Cxone,
    pub(crate) hub: Hub,
    pub(crate) audit: Audit,
    pub(crate) metrics: Metrics,
    pub(crate) qa: Qa,
    pub(crate) media: Media,
    pub(crate) event_copies: EventCopies,
    pub(crate) runs: Runs,
    pub(crate) store: Store,
    pub(crate) door: Door,
    pub(crate) definitions: Definitions,
    pub(crate) compute: Compute,
    pub(crate) assets: Assets,
    pub(crate) names: Names,
    pub(crate) access: Option<Access>,
    /// Pages that may still be opened.
    pub(crate) page_slots: PageSlots,
    /// Voice relays that may still be opened.
    pub(crate) voice_slots: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl AppState {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Returns the surroundings of a relay.
    pub(crate) fn relay_context(&self) -> relay::Context {
        relay::Context {
            metrics: self.metrics.clone(),
            tuning: self.config.tuning.clone(),
            filters: self.config.event_filters.clone(),
            shutdown: self.shutdown.clone(),
        }
    }

    /// Makes a change, even where the client goes away meanwhile, and records it as `action`: its intention before, its result
    /// after. The result is returned once it is on disk.
    ///
    /// `detail` describes the request. `change` returns its value and what the entry says of the result besides; of an error
    /// the entry has status and reason.
    pub(crate) async fn recorded<T: Send + 'static>(
        &self,
        action: &'static str,
        correlation: &CorrelationId,
        detail: Value,
        change: impl Future<Output = Result<(T, Value), ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (state, correlation) = (self.clone(), correlation.clone());
        let work = async move { state.recorded_while_asked(action, &correlation, detail, change).await };
        self.tasks.spawn(work).await.unwrap_or_else(|_| {
            let detail = "a fault of dialbench's own; its log says more";
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
        })
    }

    /// Does the same as [`Self::recorded`], but stops where the client goes away: for a change that is of use to that client
    /// alone.
    pub(crate) async fn recorded_while_asked<T>(
        &self,
        action: &'static str,
        correlation: &CorrelationId,
        detail: Value,
        change: impl Future<Output = Result<(T, Value), ApiError>>,
    ) -> Result<T, ApiError> {
        let intention = self.intend(action, correlation, detail).await?;
        carry_out(intention, change).await
    }

    /// Records that a change is intended. Without that on disk nothing may be changed.
    pub(crate) async fn intend(
        &self,
        action: &'static str,
        correlation: &CorrelationId,
        detail: Value,
    ) -> Result<Intention, ApiError> {
        self.audit.intend(action, correlation, detail).await.map_err(|error| unrecorded(&error))
    }

    /// Returns the correlation id of a simulation, of a flow or of the dialer; `own` where it was not submitted by us.
    pub(crate) async fn correlation(&self, id: &SimulationId, own: &CorrelationId) -> CorrelationId {
        if let Some(correlation) = self.runs.correlation(id) {
            return correlation;
        }
        let stored = self.store.correlation(id).await.unwrap_or_else(|error| {
            tracing::warn!(%error, simulation = %id, "a simulation's correlation id is not known");
            None
        });
        stored.unwrap_or_else(|| own.clone())
    }

    /// Writes an entry to the audit trail.
    pub(crate) async fn record(
        &self,
        action: &'static str,
        correlation: &CorrelationId,
        outcome: AuditOutcome,
        detail: Value,
    ) -> Result<(), ApiError> {
        let entry = Entry { action: action.into(), correlation: correlation.clone(), outcome, detail };
        self.audit.record(entry).await.map(drop).map_err(|error| unrecorded(&error))
    }
}

/// Makes the change that `intention` is of, and records its result.
///
/// A result that cannot be written down is said to be so: the change was made.
pub(crate) async fn carry_out<T>(
    intention: Intention,
    change: impl Future<Output = Result<(T, Value), ApiError>>,
) -> Result<T, ApiError> {
    let began = Instant::now();
    let changed = change.await;
    let mut fields = Map::from_iter([("durationMs".to_owned(), millis(began.elapsed()).into())]);
    let (outcome, result) = match changed {
        Ok((value, result)) => (AuditOutcome::Ok, Ok((value, result))),
        Err(error) => {
            fields.insert("status".into(), error.status().into());
            fields.insert("reason".into(), error.detail().into());
            (error.outcome(), Err(error))
        }
    };
    if let Ok((_, Value::Object(more))) = &result {
        fields.extend(more.clone());
    }
    let intent = intention.seq();
    let recorded = intention.conclude(outcome, fields).await;
    match (result, recorded) {
        (Ok((value, _)), Ok(())) => Ok(value),
        (Err(error), Ok(())) => Err(error),
        (Ok((_, result)), Err(unwritten)) => Err(ApiError::result_unrecorded(intent, &result, &unwritten)),
        (Err(error), Err(unwritten)) => {
            Err(error.adding(&format!("and that cannot be recorded in the audit trail: {unwritten}")))
        }
    }
}

fn unrecorded(error: &AuditError) -> ApiError {
    let detail = format!("the audit log cannot be written, so nothing is changed or confirmed: {error}");
    // Nothing was sent: sending it again does nothing twice.
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail).unsent(true)
}

/// Returns a duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
