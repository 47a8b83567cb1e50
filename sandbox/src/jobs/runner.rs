//! A job queue on the runtime's clock.

use std::sync::{Arc, Mutex, MutexGuard};

use shared::time::Instant;
use tokio::{sync::Notify, time::sleep_until};
use tokio_util::sync::CancellationToken;

use super::queue::{Job, JobEnd, JobQueue, JobQueueConfig, JobRefused, Schedule, TooManyActiveJobs};
use crate::clock::Clock;

/// A job queue on the runtime's clock. Its service spawns [`Self::run`], which also takes the reported changes out of it.
#[derive(Debug)]
pub(crate) struct Jobs<T> {
    clock: Clock,
    queue: Mutex<JobQueue<T>>,
    /// Wakes [`Self::run`] after a submission.
    submitted: Notify,
}

impl<T> Jobs<T> {
    pub(crate) fn new(clock: Clock, config: JobQueueConfig) -> Self {
        Self { clock, queue: Mutex::new(JobQueue::new(config)), submitted: Notify::new() }
    }

    /// Queues a job and returns its identifier.
    pub(crate) fn submit(&self, end: JobEnd, payload: T) -> Result<Arc<str>, TooManyActiveJobs> {
        let id = self.lock().submit(self.clock.now(), end, payload)?;
        self.submitted.notify_one();
        Ok(id)
    }

    /// Queues a job whose identifier and times are its client's.
    pub(crate) fn submit_as(
        &self,
        id: &str,
        schedule: Schedule,
        end: JobEnd,
        payload: T,
    ) -> Result<(), JobRefused> {
        self.lock().submit_as(self.clock.now(), id, schedule, end, payload)?;
        self.submitted.notify_one();
        Ok(())
    }

    /// Returns every job that is kept in its present state, the oldest first.
    pub(crate) fn all(&self) -> Vec<Job<T>> {
        let mut queue = self.lock();
        queue.handle_timeout(self.clock.now());
        queue.all().cloned().collect()
    }

    /// Returns the number of jobs that wait or run.
    pub(crate) fn active(&self) -> usize {
        let mut queue = self.lock();
        queue.handle_timeout(self.clock.now());
        queue.active()
    }

    /// Returns a job in its present state.
    pub(crate) fn job(&self, id: &str) -> Option<Job<T>> {
        let mut queue = self.lock();
        queue.handle_timeout(self.clock.now());
        queue.job(id).cloned()
    }

    /// Calls `observe` at every change of a job's state until `shutdown`, which cancels the jobs that are active.
    ///
    /// The queue waits for `observe`: an observer that sends a webhook hands it to a task of its own.
    pub(crate) async fn run(&self, shutdown: &CancellationToken, mut observe: impl FnMut(Job<T>)) {
        loop {
            let next = self.advance(&mut observe);
            let deadline = next.map(|at| self.clock.deadline(at));
            tokio::select! {
                // A shutdown goes first, then new jobs, which may have an earlier deadline.
                biased;
                () = shutdown.cancelled() => break,
                () = self.submitted.notified() => {}
                () = sleep_until(deadline.unwrap_or_else(tokio::time::Instant::now)), if deadline.is_some() => {}
            }
        }
        self.lock().cancel_all();
        self.advance(&mut observe);
    }

    /// Makes the changes that are due, reports them, and returns the time of the next one.
    fn advance(&self, observe: &mut impl FnMut(Job<T>)) -> Option<Instant> {
        let (changes, next) = {
            let mut queue = self.lock();
            queue.handle_timeout(self.clock.now());
            (std::iter::from_fn(|| queue.poll_change()).collect::<Vec<_>>(), queue.poll_timeout())
        };
        // Without the lock: an observer may look a job up.
        changes.into_iter().for_each(observe);
        next
    }

    fn lock(&self) -> MutexGuard<'_, JobQueue<T>> {
        self.queue.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;
    use crate::jobs::JobState;

    fn config() -> JobQueueConfig {
        JobQueueConfig {
            id_prefix: "job-",
            seed: 1,
            min_time: Duration::from_secs(3),
            max_time: Duration::from_secs(3),
            max_active: None,
            max_kept: 10,
        }
    }

    /// A change of a job's state, as the observer saw it.
    type Change = (&'static str, JobState, tokio::time::Instant);

    /// Starts a queue whose changes of state arrive in the returned channel.
    fn observed(shutdown: &CancellationToken) -> (Arc<Jobs<&'static str>>, UnboundedReceiver<Change>) {
        let (sender, receiver) = unbounded_channel();
        let jobs = Arc::new(Jobs::new(Clock::new(), config()));
        let (running, shutdown) = (Arc::clone(&jobs), shutdown.clone());
        tokio::spawn(async move {
            let observe = |job: Job<&'static str>| {
                sender.send((*job.payload, job.state, tokio::time::Instant::now())).unwrap();
            };
            running.run(&shutdown, observe).await;
        });
        (jobs, receiver)
    }

    #[tokio::test(start_paused = true)]
    async fn the_observer_is_called_at_every_change_at_its_time() {
        let (jobs, mut changes) = observed(&CancellationToken::new());
        let began = tokio::time::Instant::now();
        jobs.submit(JobEnd::Completed, "first").unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let second = jobs.submit(JobEnd::Failed, "second").unwrap();
        let mut seen = Vec::new();
        while seen.len() < 6 {
            let (payload, state, at) = changes.recv().await.unwrap();
            seen.push((payload, state, (at - began).as_millis()));
        }
        assert_eq!(
            seen,
            [
                ("first", JobState::Queued, 0),
                ("second", JobState::Queued, 500),
                ("first", JobState::Running, 1_000),
                ("second", JobState::Running, 1_500),
                ("first", JobState::Completed, 3_000),
                ("second", JobState::Failed, 3_500),
            ]
        );
        assert_eq!(jobs.job(&second).unwrap().state, JobState::Failed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_cancels_the_jobs_that_are_active() {
        let shutdown = CancellationToken::new();
        let (jobs, mut changes) = observed(&shutdown);
        jobs.submit(JobEnd::Completed, "ended").unwrap();
        jobs.submit(JobEnd::Never, "endless").unwrap();
        tokio::time::sleep(Duration::from_mins(1)).await;
        shutdown.cancel();
        let mut seen = Vec::new();
        while let Some((payload, state, _)) = changes.recv().await {
            seen.push((payload, state));
        }
        assert_eq!(seen.last(), Some(&("endless", JobState::Cancelled)));
        assert_eq!(seen.iter().filter(|(payload, _)| *payload == "ended").count(), 3);
    }
}
