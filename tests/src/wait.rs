//! Waiting for conditions.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything here takes; reached only by a failure.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(15);

/// Looks until there is something to see; None where there is nothing in time.
pub async fn look<T>(patience: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        sleep(POLL).await;
    }
}

/// Looks until there is something to see, and panics where there is nothing within [`PATIENCE`].
pub async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    match look(PATIENCE, condition).await {
        Some(found) => found,
        None => panic!("not within {PATIENCE:?}: {what}"),
    }
}
