use tokio_util::sync::CancellationToken;

use crate::{config::Tuning, metrics::Metrics};

/// Surroundings that every relay needs.
#[derive(Clone)]
pub(crate) struct Context {
    /// Counters.
    pub(crate) metrics: Metrics,
    /// Times and sizes.
    pub(crate) tuning: Tuning,
    /// Cancelled when the proxy shuts down.
    pub(crate) shutdown: CancellationToken,
}
