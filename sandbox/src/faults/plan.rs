//! Faults at random, drawn from a seed: the n-th request at a point meets the same fault in every run, regardless of
//! other points.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::rule::{FaultKind, FaultPoint, RetryAfter};
use crate::seeded::Seeded;

/// Settings of faults at random.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeededFaults {
    /// Seed; the same seed gives the same faults.
    pub seed: u64,
    /// Probability of a fault for each request and socket, 0–1.
    pub rate: f64,
}

#[derive(Debug)]
pub(super) struct FaultPlan {
    faults: SeededFaults,
    streams: HashMap<(FaultPoint, bool), Seeded>,
}

impl FaultPlan {
    pub(super) fn new(faults: SeededFaults) -> Self {
        Self { faults, streams: HashMap::new() }
    }

    /// Draws the fault of the next request or handshake at `point`.
    pub(super) fn for_request(&mut self, point: FaultPoint) -> Option<FaultKind> {
        let stream = self.stream(point, false)?;
        let status = |status, retry_after| FaultKind::Status { status, retry_after, retry_after_seconds: 1 };
        Some(match stream.between(0, if point.is_socket() { 6 } else { 8 }) {
            0 => status(401, RetryAfter::None),
            1 => status(429, RetryAfter::None),
            2 => status(429, RetryAfter::Seconds),
            3 => status(429, RetryAfter::Date),
            4 => status(500, RetryAfter::None),
            5 => status(503, RetryAfter::Seconds),
            6 => FaultKind::Slow { ms: stream.between(50, 500) },
            7 => FaultKind::Drop,
            _ => FaultKind::Garbage,
        })
    }

    /// Draws the fault of the next socket at `point`, and the time after which it strikes.
    pub(super) fn for_socket(&mut self, point: FaultPoint) -> Option<(Duration, FaultKind)> {
        let stream = self.stream(point, true)?;
        let after = Duration::from_millis(stream.between(100, 5_000));
        let kind = match stream.between(0, 5) {
            0 | 1 => FaultKind::Drop,
            2 => FaultKind::Close { code: 1011 },
            3 => FaultKind::Close { code: 1012 },
            4 => FaultKind::Garbage,
            _ => FaultKind::ExpireTokens,
        };
        Some((after, kind))
    }

    /// Returns the generator for a point, if a fault is to strike this time.
    fn stream(&mut self, point: FaultPoint, open: bool) -> Option<&mut Seeded> {
        let SeededFaults { seed, rate } = self.faults;
        let stream = self.streams.entry((point, open)).or_insert_with(|| {
            Seeded::new(seed ^ ((point as u64) << 1 | u64::from(open)).wrapping_mul(0x2545_f491_4f6c_dd1d))
        });
        stream.happens(rate).then_some(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, with_other_point: bool) -> Vec<Option<FaultKind>> {
        let mut plan = FaultPlan::new(SeededFaults { seed, rate: 0.3 });
        (0..200)
            .map(|_| {
                if with_other_point {
                    plan.for_request(FaultPoint::Flow);
                }
                plan.for_request(FaultPoint::Token)
            })
            .collect()
    }

    #[test]
    fn the_same_seed_brings_the_same_faults() {
        assert_eq!(run(5, false), run(5, true));
        assert_ne!(run(5, false), run(6, false));
        let faults = run(5, false).iter().flatten().count();
        assert!((40..80).contains(&faults), "{faults} of 200 at a rate of 0.3");
    }

    #[test]
    fn every_kind_has_its_turn() {
        let faults = run(9, false);
        assert!(faults.contains(&Some(FaultKind::Drop)) && faults.contains(&Some(FaultKind::Garbage)));
    }
}
