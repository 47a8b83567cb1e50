//! The clock by which the voice stream's worker says when something came, carried on in this thread.

use core::time::Duration;

use base::time::Instant;

/// The worker's last word, and the samples that were played since: this thread has no clock but the sound card's.
pub(crate) struct ArrivalClock {
    last: Instant,
    samples_since: u64,
    rate: f64,
}

impl ArrivalClock {
    /// A clock for a sound card of `rate` Hz, at its epoch.
    pub(crate) fn new(rate: f64) -> Self {
        Self { last: Instant::ZERO, samples_since: 0, rate }
    }

    /// Sets the clock to what the worker says.
    pub(crate) fn set(&mut self, at: Instant) {
        self.last = at;
        self.samples_since = 0;
    }

    /// Moves the clock on by samples that were played.
    pub(crate) fn advance(&mut self, samples: usize) {
        self.samples_since += samples as u64;
    }

    /// Returns the time.
    pub(crate) fn now(&self) -> Instant {
        self.last + Duration::from_secs_f64(self.samples_since as f64 / self.rate)
    }
}
