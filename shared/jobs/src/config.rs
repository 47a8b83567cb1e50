//! Waits and limits of a job.

use core::time::Duration;

use crate::{Backoff, Jitter};

/// Waits and limits of a job; the defaults are those of a flow's simulation.
#[derive(Clone, Copy, Debug)]
pub struct JobConfig {
    /// Wait before each poll of a job that goes well (1 s, doubling to 16 s). Full jitter halves what a bound allows on
    /// average: with 16 s, fifteen polls last about 100 s.
    pub poll: PollInterval,
    /// Wait after an attempt that failed: 1 s, doubling to 16 s.
    pub retry: Backoff,
    /// Lower end of every jittered wait (250 ms). Full jitter begins at zero, but a poll right after a submission finds
    /// nothing and still uses up one of few attempts.
    pub min_wait: Duration,
    /// Maximum time for which a `Retry-After` is obeyed (60 s).
    pub max_retry_after: Duration,
    /// Maximum number of times the job is submitted (15); waiting for a place does not count.
    pub max_submissions: u32,
    /// Maximum number of polls (15).
    pub max_polls: u32,
    /// Maximum time that one request may take (60 s); then it counts as lost.
    pub request_timeout: Duration,
    /// Maximum time from acceptance to the end (30 min: longer than fifteen polls can last).
    pub timeout: Duration,
    /// Maximum time for which a job waits for a place at the service (10 min).
    pub place_timeout: Duration,
    /// Time for which a submission that may have arrived is waited for to be pushed, before it counts as unknown. Zero, the
    /// default, where nothing is pushed.
    pub push_timeout: Duration,
}

impl Default for JobConfig {
    fn default() -> Self {
        let backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(16) };
        Self {
            poll: PollInterval::Backoff(backoff),
            retry: backoff,
            min_wait: Duration::from_millis(250),
            max_retry_after: Duration::from_mins(1),
            max_submissions: 15,
            max_polls: 15,
            request_timeout: Duration::from_mins(1),
            timeout: Duration::from_mins(30),
            place_timeout: Duration::from_mins(10),
            push_timeout: Duration::ZERO,
        }
    }
}

impl JobConfig {
    /// Returns the wait before a poll when `polls` have been made.
    pub(super) fn poll_wait(&self, polls: u32, jitter: &mut Jitter) -> Duration {
        match self.poll {
            PollInterval::Fixed(interval) => interval,
            PollInterval::Backoff(backoff) => self.jittered(backoff, polls, jitter),
        }
    }

    /// Returns the wait after the `failures`-th failure in a row, counted from 0; not less than the service asked for.
    pub(super) fn retry_wait(
        &self,
        failures: u32,
        retry_after: Option<Duration>,
        jitter: &mut Jitter,
    ) -> Duration {
        let wait = self.jittered(self.retry, failures, jitter);
        retry_after.map_or(wait, |asked| wait.max(asked.min(self.max_retry_after)))
    }

    /// Full jitter above [`Self::min_wait`]. The whole range is drawn from, rather than short waits being raised to the
    /// minimum: that would bring those together whom the jitter has parted.
    fn jittered(&self, backoff: Backoff, attempt: u32, jitter: &mut Jitter) -> Duration {
        let bound = backoff.bound(attempt);
        let min = self.min_wait.min(bound);
        min + bound.saturating_sub(min).mul_f64(jitter.next_unit())
    }
}

/// Wait before each poll of a job that goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollInterval {
    /// Growing, with full jitter: jobs that were submitted together are not polled together.
    Backoff(Backoff),
    /// Always the same.
    Fixed(Duration),
}
