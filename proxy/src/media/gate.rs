//! The gate before media posts: so many at a time and per second, for all pages together. The rest wait in the order in
//! which they came; there is an end to the queue.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::{Mutex, Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout},
};

use crate::metrics::Metrics;

/// Time in which no more posts are sent than per second: longer than one, because the way to the gateway takes one post
/// longer than another, and the gateway counts what arrives.
const PACE_WINDOW: Duration = Duration::from_millis(1_045);

/// The gate before media posts.
pub(crate) struct Gate {
    /// Those that wait and those that are under way.
    seats: Semaphore,
    under_way: Semaphore,
    /// Held by the one that is next while it waits.
    pace: Mutex<Pace>,
    max_seats: usize,
    posts: usize,
    max_wait: Duration,
    metrics: Metrics,
}

/// Place of one post that is under way. The next one takes it when it is dropped.
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    _seat: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

/// The queue has no end that could be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GateFull {
    /// Time after which there is room, at the usual pace.
    pub(crate) wait: Duration,
}

impl Gate {
    /// Returns a gate for `posts` posts at a time and per second, at least one, with `max_waiting` that wait, each at most
    /// for `max_wait`.
    pub(crate) fn new(posts: u32, max_waiting: usize, max_wait: Duration, metrics: Metrics) -> Self {
        let posts = usize::try_from(posts.max(1)).unwrap_or(1).min(Semaphore::MAX_PERMITS / 2);
        let max_seats = posts + max_waiting.min(Semaphore::MAX_PERMITS / 2);
        Self {
            seats: Semaphore::new(max_seats),
            under_way: Semaphore::new(posts),
            pace: Mutex::new(Pace::new(posts)),
            max_seats,
            posts,
            max_wait,
            metrics,
        }
    }

    /// Waits for a place. What is asked before the post comes next, and then [`Pass::keep_pace`].
    pub(crate) async fn enter(&self) -> Result<Pass<'_>, GateFull> {
        let seat = self.seats.try_acquire().map_err(|_| self.full())?;
        let _waiting = self.metrics.waiting_media_post();
        let place = timeout(self.max_wait, self.under_way.acquire()).await.map_err(|_| self.full())?;
        let place = place.expect("the semaphore is never closed");
        Ok(Pass { gate: self, _seat: seat, _place: place })
    }

    fn full(&self) -> GateFull {
        let taken = self.max_seats - self.seats.available_permits();
        let seconds = taken.div_ceil(self.posts).max(1);
        GateFull { wait: Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)) }
    }
}

impl Pass<'_> {
    /// Waits until another post may be sent in this second. It is to be sent right after: the gateway counts arrivals.
    pub(crate) async fn keep_pace(&self) {
        let mut pace = self.gate.pace.lock().await;
        if let Some(at) = pace.next() {
            let _waiting = self.gate.metrics.waiting_media_post();
            sleep_until(at).await;
        }
        pace.sent(Instant::now());
    }
}

/// The posts of the last second.
struct Pace {
    per_second: usize,
    sent: VecDeque<Instant>,
}

impl Pace {
    const fn new(per_second: usize) -> Self {
        Self { per_second, sent: VecDeque::new() }
    }

    /// Returns when the next post may be sent; None for at once.
    fn next(&self) -> Option<Instant> {
        let full = self.sent.len() >= self.per_second;
        self.sent.front().filter(|_| full).map(|first| *first + PACE_WINDOW)
    }

    fn sent(&mut self, at: Instant) {
        if self.sent.len() >= self.per_second {
            self.sent.pop_front();
        }
        self.sent.push_back(at);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    fn gate(posts: u32, max_waiting: usize) -> Arc<Gate> {
        Arc::new(Gate::new(posts, max_waiting, Duration::from_secs(15), Metrics::new()))
    }

    /// Sends `count` posts that take `length` each; when each was sent.
    async fn run(gate: &Arc<Gate>, count: usize, length: Duration) -> Vec<Duration> {
        let (began, mut posts) = (Instant::now(), JoinSet::new());
        for _ in 0..count {
            let gate = Arc::clone(gate);
            posts.spawn(async move {
                let pass = gate.enter().await.expect("there is room");
                pass.keep_pace().await;
                let sent = began.elapsed();
                tokio::time::sleep(length).await;
                sent
            });
        }
        let mut all = posts.join_all().await;
        all.sort_unstable();
        all
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_five_posts_and_none_waits_without_need() {
        let sent = run(&gate(5, 64), 23, Duration::ZERO).await;
        assert_eq!(sent[4], Duration::ZERO, "the first five go at once");
        for window in sent.windows(6) {
            assert!(window[5] > window[0] + Duration::from_secs(1), "{window:?}");
        }
        assert!(sent[22] < Duration::from_millis(4_200), "{sent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_five_are_under_way_at_a_time() {
        let sent = run(&gate(5, 64), 15, Duration::from_secs(3)).await;
        for window in sent.windows(6) {
            assert!(window[5] >= window[0] + Duration::from_secs(3), "{window:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_is_full_says_when_there_is_room() {
        let gate = gate(5, 10);
        let passes: Vec<_> = (0..5).map(|_| async { gate.enter().await.unwrap() }).collect();
        let passes = futures_util::future::join_all(passes).await;
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter().await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.enter().await.map(drop), Err(GateFull { wait: Duration::from_secs(3) }));
        drop(passes);
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Ok(()));
        }
        assert!(gate.enter().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_is_told_so() {
        let gate = gate(1, 10);
        let _pass = gate.enter().await.unwrap();
        let began = Instant::now();
        assert!(gate.enter().await.is_err());
        assert_eq!(began.elapsed(), Duration::from_secs(15));
    }
}
