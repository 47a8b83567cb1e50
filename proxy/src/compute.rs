//! Work that takes so long that the runtime's workers must not do it: compiling and running flows.

use std::{num::NonZeroUsize, sync::Arc, thread::available_parallelism};

use tokio::sync::Semaphore;

/// Bounded pool for long computations.
#[derive(Clone, Debug)]
pub(crate) struct Compute(Arc<Semaphore>);

impl Default for Compute {
    /// Returns a pool that runs as many computations at a time as the machine has processors; more wait.
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZeroUsize::get))))
    }
}

impl Compute {
    /// Runs `work` on a thread for blocking work and returns its result. A panic is passed on to the caller.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let permit = Arc::clone(&self.0).acquire_owned().await.expect("the semaphore is never closed");
        let task = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller that goes away does not make room for more.
            let _permit = permit;
            work()
        });
        match task.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(result) => result,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The runtime stops, and this task with it.
            Err(Err(_)) => std::future::pending().await,
        }
    }
}
