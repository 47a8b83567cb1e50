use tokio_util::sync::CancellationToken;

use crate::{
    config::{EventFilter, Tuning},
    metrics::Metrics,
};

/// Surroundings that every relay needs.
#[derive(Clone)]
pub(crate) struct Context {
    /// Counters.
    pub(crate) metrics: Metrics,
    /// Times and sizes.
    pub(crate) tuning: Tuning,
    /// Filters that are sent with the subscription to events.
    pub(crate) filters: Vec<EventFilter>,
    /// Cancelled when the proxy shuts down.
    pub(crate) shutdown: CancellationToken,
}
