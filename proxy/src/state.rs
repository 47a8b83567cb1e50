//! State that every request can reach.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use base::ids::{CorrelationId, SimulationId};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wire::api::AuditOutcome;

use crate::{
    access::Access,
    assets::Assets,
    audit::{Audit, Entry},
    compute::Compute,
    config::Config,
    cxone::Cxone,
    definitions::Definitions,
    error::ApiError,
    media::{EventCopies, Media},
    metrics::Metrics,
    names::Names,
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
    pub(crate) page_slots: Arc<Semaphore>,
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

    /// Makes a change and records it as `action`, even where the client goes away meanwhile. The result is returned once the
    /// entry is on disk; a change that cannot be recorded is not acknowledged.
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
        mut detail: Value,
        change: impl Future<Output = Result<(T, Value), ApiError>>,
    ) -> Result<T, ApiError> {
        let began = Instant::now();
        let changed = change.await;
        detail["durationMs"] = millis(began.elapsed()).into();
        let (outcome, result) = match changed {
            Ok((value, Value::Object(more))) => {
                for (key, value) in more {
                    detail[key] = value;
                }
                (AuditOutcome::Ok, Ok(value))
            }
            Ok((value, _)) => (AuditOutcome::Ok, Ok(value)),
            Err(error) => {
                detail["status"] = error.status().into();
                detail["reason"] = error.detail().into();
                (error.outcome(), Err(error))
            }
        };
        self.record(action, correlation, outcome, detail).await?;
        result
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
        let entry = Entry { action, correlation: correlation.clone(), outcome, detail };
        self.audit.record(entry).await.map_err(|error| {
            let detail =
                format!("the audit log cannot be written, so nothing is changed or confirmed: {error}");
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        })
    }
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
