//! What every request can reach.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config,
    audit::{Audit, Entry},
    cxone::Cxone,
    definitions::Definitions,
    error::ApiError,
    id::CorrelationId,
    metrics::Metrics,
    middleware::{Access, Names},
    qa::Qa,
    relay::Hub,
    routes::Assets,
    runs::Runs,
};

/// Shared by all requests.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) cxone: Cxone,
    pub(crate) hub: Hub,
    pub(crate) audit: Audit,
    pub(crate) metrics: Metrics,
    pub(crate) qa: Qa,
    pub(crate) runs: Runs,
    pub(crate) definitions: Definitions,
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

    /// Does `work` to its end, even where the client goes away meanwhile: what was changed must be recorded.
    pub(crate) async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.tasks.spawn(work).await.unwrap_or_else(|_| {
            let detail = "a fault of dialbench's own; its log says more";
            Err(ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, detail))
        })
    }

    /// Writes to the audit trail; what was done is not acknowledged where that fails.
    pub(crate) async fn record(
        &self,
        action: &'static str,
        correlation: &CorrelationId,
        outcome: &'static str,
        detail: serde_json::Value,
    ) -> Result<(), ApiError> {
        let entry = Entry { action, correlation: correlation.clone(), outcome, detail };
        self.audit.record(entry).await.map_err(|error| {
            let detail =
                format!("the audit log cannot be written, so nothing is changed or confirmed: {error}");
            ApiError::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail)
        })
    }
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
