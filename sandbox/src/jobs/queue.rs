//! The rules of a job queue, without a clock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use shared::time::Instant;

use crate::seeded::Seeded;

/// Divisor of a job's time that gives the time it waits before it runs.
const QUEUED_DIVISOR: u32 = 3;

/// State of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum JobState {
    Queued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl JobState {
    /// Returns true while the job waits or runs.
    pub(crate) const fn is_active(self) -> bool {
        match self {
            Self::Queued | Self::Running => true,
            Self::Completed | Self::Failed | Self::Cancelled => false,
        }
    }
}

/// The end that a job comes to by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobEnd {
    Completed,
    Failed,
    /// The job runs until it is cancelled.
    Never,
}

/// Settings of a job queue.
#[derive(Clone, Debug)]
pub(crate) struct JobQueueConfig {
    /// Beginning of every identifier; 16 hexadecimal digits follow.
    pub(crate) id_prefix: &'static str,
    /// Seed of identifiers and times: the n-th job of two queues with the same seed has the same of both.
    pub(crate) seed: u64,
    /// Shortest time from submission to end.
    pub(crate) min_time: Duration,
    /// Longest time from submission to end; never less than the shortest.
    pub(crate) max_time: Duration,
    /// Maximum number of jobs that wait or run at a time; a further one is refused.
    pub(crate) max_active: Option<usize>,
    /// Maximum number of jobs that can be looked up; the oldest that has ended is dropped first.
    pub(crate) max_kept: usize,
}

/// A job in one of its states.
#[derive(Debug)]
pub(crate) struct Job<T> {
    pub(crate) id: Arc<str>,
    pub(crate) state: JobState,
    /// The service's own data, as they were submitted.
    pub(crate) payload: Arc<T>,
}

impl<T> Clone for Job<T> {
    fn clone(&self) -> Self {
        Self { id: Arc::clone(&self.id), state: self.state, payload: Arc::clone(&self.payload) }
    }
}

/// A job is refused because the queue has as many active jobs as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit} jobs are active already")]
pub(crate) struct TooManyActiveJobs {
    /// Maximum number of active jobs.
    pub(crate) limit: usize,
}

/// A job of a given identifier is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JobRefused {
    #[error(transparent)]
    TooMany(#[from] TooManyActiveJobs),
    /// Another job has the identifier.
    #[error("the identifier is taken")]
    IdTaken,
}

/// Times of a job, counted from its submission.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) runs_after: Duration,
    pub(crate) ends_after: Duration,
}

/// A queue of jobs that all run side by side, each for a time of its own or drawn from the queue's seed.
///
/// Every method that takes the time first makes the changes that are due by then. [`Self::poll_change`] then returns
/// them, and [`Self::poll_timeout`] the time of the next one.
#[derive(Debug)]
pub(crate) struct JobQueue<T> {
    config: JobQueueConfig,
    seeded: Seeded,
    /// Number of jobs submitted so far, which numbers the next one.
    submitted: u64,
    /// Kept jobs by number, so oldest first.
    jobs: BTreeMap<u64, Entry<T>>,
    numbers: HashMap<Arc<str>, u64>,
    /// Time of each active job's next change, unless it never ends.
    timers: BTreeSet<(Instant, u64)>,
    changes: VecDeque<Job<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    job: Job<T>,
    end: JobEnd,
    ends_at: Instant,
}

impl<T> JobQueue<T> {
    pub(crate) fn new(config: JobQueueConfig) -> Self {
        Self {
            seeded: Seeded::new(config.seed),
            config,
            submitted: 0,
            jobs: BTreeMap::new(),
            numbers: HashMap::new(),
            timers: BTreeSet::new(),
            changes: VecDeque::new(),
        }
    }

    /// Queues a job and returns its identifier.
    pub(crate) fn submit(
        &mut self,
        now: Instant,
        end: JobEnd,
        payload: T,
    ) -> Result<Arc<str>, TooManyActiveJobs> {
        self.handle_timeout(now);
        self.check_place()?;
        let id: Arc<str> = format!("{}{:016x}", self.config.id_prefix, self.seeded.next()).into();
        let time = self.draw_time();
        let schedule = Schedule { runs_after: time / QUEUED_DIVISOR, ends_after: time };
        self.insert(now, Arc::clone(&id), schedule, end, payload);
        Ok(id)
    }

    /// Queues a job whose identifier and times are its client's.
    pub(crate) fn submit_as(
        &mut self,
        now: Instant,
        id: &str,
        schedule: Schedule,
        end: JobEnd,
        payload: T,
    ) -> Result<(), JobRefused> {
        self.handle_timeout(now);
        if self.numbers.contains_key(id) {
            return Err(JobRefused::IdTaken);
        }
        self.check_place()?;
        self.insert(now, id.into(), schedule, end, payload);
        // What begins at once has begun.
        self.handle_timeout(now);
        Ok(())
    }

    fn insert(&mut self, now: Instant, id: Arc<str>, schedule: Schedule, end: JobEnd, payload: T) {
        let number = self.submitted;
        self.submitted += 1;
        self.timers.insert((now + schedule.runs_after, number));
        self.numbers.insert(Arc::clone(&id), number);
        let job = Job { id, state: JobState::Queued, payload: Arc::new(payload) };
        self.changes.push_back(job.clone());
        self.jobs.insert(number, Entry { job, end, ends_at: now + schedule.ends_after });
        self.forget_surplus();
    }

    fn check_place(&self) -> Result<(), TooManyActiveJobs> {
        match self.config.max_active {
            Some(limit) if self.active() >= limit => Err(TooManyActiveJobs { limit }),
            Some(_) | None => Ok(()),
        }
    }

    /// Makes the changes of state that are due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, number)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            let entry = self.jobs.get_mut(&number).expect("a job is kept as long as its timer");
            let next = match (entry.job.state, entry.end) {
                (JobState::Queued, end) => {
                    if end != JobEnd::Never {
                        self.timers.insert((entry.ends_at, number));
                    }
                    JobState::Running
                }
                (_, JobEnd::Failed) => JobState::Failed,
                (_, JobEnd::Completed | JobEnd::Never) => JobState::Completed,
            };
            entry.job.state = next;
            self.changes.push_back(entry.job.clone());
        }
    }

    /// Cancels every active job.
    pub(crate) fn cancel_all(&mut self) {
        self.timers.clear();
        for Entry { job, .. } in self.jobs.values_mut().filter(|entry| entry.job.state.is_active()) {
            job.state = JobState::Cancelled;
            self.changes.push_back(job.clone());
        }
    }

    /// Returns the next change of state, as the job after it; a job's first change is its submission.
    pub(crate) fn poll_change(&mut self) -> Option<Job<T>> {
        self.changes.pop_front()
    }

    /// Returns the time to call [`Self::handle_timeout`] at.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Returns a job, unless it is unknown or was dropped in favour of newer ones.
    pub(crate) fn job(&self, id: &str) -> Option<&Job<T>> {
        self.jobs.get(self.numbers.get(id)?).map(|entry| &entry.job)
    }

    /// Returns every job that is kept, the oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Job<T>> {
        self.jobs.values().map(|entry| &entry.job)
    }

    /// Returns the number of jobs that wait or run.
    pub(crate) fn active(&self) -> usize {
        self.jobs.values().filter(|entry| entry.job.state.is_active()).count()
    }

    fn draw_time(&mut self) -> Duration {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let (min, max) = (self.config.min_time, self.config.max_time);
        Duration::from_millis(self.seeded.between(millis(min), millis(max.max(min))))
    }

    /// Drops the oldest job that has ended, or the oldest of all, while there are more than are kept.
    fn forget_surplus(&mut self) {
        while self.jobs.len() > self.config.max_kept {
            let ended = self.jobs.iter().find(|(_, entry)| !entry.job.state.is_active());
            let Some((&number, _)) = ended.or_else(|| self.jobs.first_key_value()) else { return };
            if let Some(entry) = self.jobs.remove(&number) {
                self.numbers.remove(&entry.job.id);
                self.timers.retain(|(_, timed)| *timed != number);
            }
        }
    }
}

#[cfg(test)]
mod tests;
