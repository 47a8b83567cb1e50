//! The time that a client is waited for.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// Rate in bytes a second at which a client must at least take or send what it is waited for with.
const MIN_BYTES_PER_SECOND: f64 = 1024.0;

/// Time for which a client is still waited for.
///
/// Waiting uses it up, and bytes give it back, a second for each KiB. So a pause is no fault and neither is a slow way, but
/// a client that moves one byte now and then comes to an end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    left: Duration,
    most: Duration,
}

impl Patience {
    /// Returns the patience with a client that may pause for as long as `most`.
    pub(super) fn new(most: Duration) -> Self {
        Self { left: most, most }
    }

    /// Returns the time for which the client is still waited for.
    pub(super) fn left(&self) -> Duration {
        self.left
    }

    /// Takes note that the client was waited for.
    pub(super) fn waited(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    /// Takes note that the client took or sent so many bytes.
    pub(super) fn moved(&mut self, bytes: usize) {
        let given_back = Duration::from_secs_f64(bytes as f64 / MIN_BYTES_PER_SECOND);
        self.left = self.left.saturating_add(given_back).min(self.most);
    }
}

/// Wait for a client within functions that poll.
#[derive(Debug)]
pub(super) struct Wait {
    patience: Patience,
    /// The beginning of the wait under way, and the timer of its end.
    running: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Wait {
    /// Returns a wait for a client that may pause for as long as `most`.
    pub(super) fn new(most: Duration) -> Self {
        Self { patience: Patience::new(most), running: None }
    }

    /// Waits on: it is ready once the client was waited for too long.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = self.patience.left();
        let (_, timer) = self.running.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        timer.as_mut().poll(context)
    }

    /// Ends the wait, if there is one, with what the client took or sent.
    pub(super) fn ended(&mut self, bytes: usize) {
        if let Some((since, _)) = self.running.take() {
            self.patience.waited(since.elapsed());
        }
        self.patience.moved(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the time for which a client is waited for that moves so many bytes at such an interval; `None` where it is
    /// served for an hour.
    fn cut_off_after(bytes: usize, every: Duration) -> Option<Duration> {
        let mut patience = Patience::new(Duration::from_secs(10));
        let mut passed = Duration::ZERO;
        while passed < Duration::from_hours(1) {
            if patience.left() < every {
                return Some(passed + patience.left());
            }
            patience.waited(every);
            patience.moved(bytes);
            passed += every;
        }
        None
    }

    #[test]
    fn a_slow_client_is_served_and_a_drip_is_cut_off() {
        let second = Duration::from_secs(1);
        assert_eq!(cut_off_after(1_024, second), None);
        assert_eq!(cut_off_after(64 << 10, 9 * second), None, "a way with long pauses");
        assert_eq!(cut_off_after(1 << 20, 11 * second), Some(10 * second), "a pause that is too long");
        let drip = cut_off_after(1, second).unwrap();
        assert!(drip < 11 * second, "{drip:?}");
        let half = cut_off_after(512, second).unwrap();
        assert!(half > 15 * second && half < 25 * second, "half the rate uses it up half as fast: {half:?}");
    }

    #[test]
    fn patience_has_a_limit_however_much_was_moved() {
        let mut patience = Patience::new(Duration::from_secs(10));
        patience.moved(usize::MAX);
        assert_eq!(patience.left(), Duration::from_secs(10));
    }
}
