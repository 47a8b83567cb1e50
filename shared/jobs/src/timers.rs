//! The timers of a job, in one table.

use base::time::Instant;

/// The reason for which a timer is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The job must be over by then.
    Deadline,
    /// The request under way must be answered by then.
    Request,
    /// The next request is due.
    Next,
    /// A submission whose answer is missing must have been pushed by then.
    Push,
}

impl Timer {
    /// In the order in which they are handled when several are due: what ends the job first.
    const ALL: [Self; 4] = [Self::Deadline, Self::Push, Self::Request, Self::Next];
}

/// The time at which each timer is due, if it is armed.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn arm(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn stop_all(&mut self) {
        *self = Self::default();
    }

    pub(super) fn at(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    /// Returns the time at which the first of them is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Stops and returns one that is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let due = Timer::ALL.into_iter().find(|timer| self.at(*timer).is_some_and(|at| at <= now))?;
        self.stop(due);
        Some(due)
    }
}
