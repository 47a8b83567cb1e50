//! Durations of calls: a histogram with three significant digits.

use hdrhistogram::Histogram;

/// Longest duration that is told from longer ones, in ms: a day.
const MAX_MS: u64 = 24 * 60 * 60 * 1_000;

/// The durations of calls, in ms. One above a day counts as a day in all but the mean.
#[derive(Clone, Debug)]
pub struct Latencies {
    histogram: Histogram<u64>,
    sum_ms: u128,
}

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new_with_max(MAX_MS, 3).expect("three digits are within 0 to 5");
        Self { histogram, sum_ms: 0 }
    }
}

impl Latencies {
    /// Adds a duration in ms.
    pub fn record(&mut self, ms: u64) {
        self.histogram.saturating_record(ms);
        self.sum_ms += u128::from(ms);
    }

    /// Returns the number of durations.
    pub fn len(&self) -> u64 {
        self.histogram.len()
    }

    /// Returns true where no duration was added.
    pub fn is_empty(&self) -> bool {
        self.histogram.is_empty()
    }

    /// Returns the mean in ms; 0 where there are none.
    pub fn mean_ms(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.sum_ms as f64 / self.len() as f64 }
    }

    /// Returns the duration in ms that this share (0–1) of the calls did not exceed; None where there are none.
    pub fn quantile_ms(&self, share: f64) -> Option<u64> {
        (!self.is_empty()).then(|| self.histogram.value_at_quantile(share))
    }

    /// Returns the shortest and the longest duration in ms; None where there are none.
    pub fn range_ms(&self) -> Option<(u64, u64)> {
        (!self.is_empty()).then(|| (self.histogram.min(), self.histogram.max()))
    }

    /// Returns the counts of `bars` intervals of one width from 0 to the longest duration, with the upper end of each in ms.
    pub fn bars(&self, bars: u64) -> Vec<(u64, u64)> {
        let Some((_, longest)) = self.range_ms() else { return Vec::new() };
        let width = (longest + 1).div_ceil(bars.max(1)).max(1);
        (0..bars)
            .map(|bar| {
                let (low, high) = (bar * width, (bar + 1) * width - 1);
                (high + 1, self.histogram.count_between(low, high))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact in binary")]

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn quantiles_are_those_of_the_durations() {
        let mut latencies = Latencies::default();
        for ms in 1..=1_000 {
            latencies.record(ms);
        }
        assert_eq!(latencies.mean_ms(), 500.5);
        assert_eq!(
            [0.5, 0.95, 0.99, 1.0].map(|share| latencies.quantile_ms(share)),
            [Some(500), Some(950), Some(990), Some(1_000)]
        );
        assert_eq!(latencies.range_ms(), Some((1, 1_000)));
    }

    #[test]
    fn durations_of_minutes_are_kept_to_three_digits() {
        let mut latencies = Latencies::default();
        for seconds in 1..=100 {
            latencies.record(seconds * 3_000);
        }
        let within = |share, ms: u64| {
            let found = latencies.quantile_ms(share).unwrap();
            assert!(found.abs_diff(ms) <= ms / 1_000, "{found} instead of {ms}");
        };
        within(0.5, 150_000);
        within(0.95, 285_000);
        within(1.0, 300_000);
        let (shortest, longest) = latencies.range_ms().unwrap();
        assert!(shortest.abs_diff(3_000) <= 3 && longest.abs_diff(300_000) <= 300, "{shortest} to {longest}");
        latencies.record(u64::MAX);
        assert!(latencies.range_ms().unwrap().1 < 2 * MAX_MS);
    }

    #[test]
    fn nothing_is_divided_by_none() {
        let none = Latencies::default();
        assert_eq!((none.mean_ms(), none.quantile_ms(0.5), none.range_ms()), (0.0, None, None));
        assert_eq!(none.bars(10), []);
    }

    #[test]
    fn every_duration_is_in_a_bar() {
        let mut latencies = Latencies::default();
        for ms in [0, 1, 250, 499, 500, 999] {
            latencies.record(ms);
        }
        let bars = latencies.bars(4);
        assert_eq!(bars.iter().map(|(high, _)| *high).collect::<Vec<_>>(), [250, 500, 750, 1_000]);
        assert_eq!(bars.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 2, 1, 1]);
        latencies.record(u64::MAX);
        assert_eq!(latencies.len(), 7);
    }
}
