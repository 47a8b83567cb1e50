//! The time at which an event counts. CXone's clock is not the page's, so the two are never compared: an event that comes as
//! it happens counts when it comes, and one that is replayed as long before the present as CXone's own clock says.

use std::collections::VecDeque;

use base::time::Instant;
use serde::{Deserialize, Serialize};

/// Maximum number of live events whose lag is kept.
const MAX_LAGS: usize = 16;

/// Tells when events count, by the page's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EventClock {
    /// The page's clock less CXone's, in microseconds, when the last live events came.
    lags: VecDeque<i64>,
}

impl EventClock {
    /// Returns when an event counts that comes as it happens: now.
    pub(super) fn live(&mut self, now: Instant, happened: Option<Instant>) -> Instant {
        if let Some(happened) = happened {
            if self.lags.len() == MAX_LAGS {
                self.lags.pop_front();
            }
            self.lags.push_back(now.as_micros().cast_signed() - happened.as_micros().cast_signed());
        }
        now
    }

    /// Returns when an event counts that is replayed: when it would have come as it happened. That is now where no event came
    /// live before, or it does not say when it happened.
    pub(super) fn replayed(&self, now: Instant, happened: Option<Instant>) -> Instant {
        // The quickest event's lag has the least of the way in it.
        match self.lags.iter().min().zip(happened) {
            Some((lag, happened)) => {
                now.min(Instant::from_micros(happened.as_micros().saturating_add_signed(*lag)))
            }
            None => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[wasm_bindgen_test]
    fn a_replayed_event_counts_when_it_would_have_come() {
        let now = at(500_000);
        let mut clock = EventClock::default();
        assert_eq!(clock.replayed(now, Some(at(1))), now, "nothing is known of CXone's clock");
        // CXone's clock is 100 s behind; the second event took 30 ms longer.
        for (come, happened) in [(200_010, 100_000), (201_040, 101_000)] {
            let come = at(come);
            assert_eq!(clock.live(come, Some(at(happened))), come);
        }
        assert_eq!(clock.replayed(now, Some(at(150_000))), at(250_010));
        assert_eq!(clock.replayed(now, Some(at(450_000))), now, "nothing counts in the future");
        assert_eq!(clock.replayed(now, None), now);
        // CXone's clock was set: what was known before is forgotten in time.
        for event in 0..MAX_LAGS as u64 {
            clock.live(at(300_000 + event), Some(at(300_000 + event)));
        }
        assert_eq!(clock.replayed(now, Some(at(450_000))), at(450_000));
    }
}
