//! Forgetting what was kept long enough.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// Time between two looks for what is too old.
const INTERVAL: Duration = Duration::from_hours(1);

/// Removes events and submissions that are older than `days`, now and every hour, until `shutdown` is cancelled.
pub(crate) async fn keep(store: Store, days: u32, shutdown: CancellationToken) {
    loop {
        match store.forget_older(days).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, days, "old events are forgotten"),
            Err(error) => tracing::warn!(%error, "old events are not forgotten"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}
