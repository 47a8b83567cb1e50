//! The range in which a count is to be expected.

use core::ops::RangeInclusive;

use statrs::function::beta::checked_beta_reg;

/// Returns the central range that holds the count of an outcome of this share among `total` calls with a probability of at
/// least `confidence` (0–1): no more than half of the rest is left below it, and as much above.
pub fn expected_range(total: u64, share: f64, confidence: f64) -> RangeInclusive<u64> {
    if share <= 0.0 || total == 0 {
        return 0..=0;
    }
    if share >= 1.0 {
        return total..=total;
    }
    let tail = (1.0 - confidence) / 2.0;
    // The least count up to which more than a tail lies, and the least up to which all but a tail does.
    let low = first(total, |count| at_most(count, total, share) > tail);
    let high = first(total, |count| at_most(count, total, share) >= 1.0 - tail);
    low..=high
}

/// Returns the probability of `count` or fewer.
fn at_most(count: u64, total: u64, share: f64) -> f64 {
    if count >= total {
        return 1.0;
    }
    let (above, below) = ((total - count) as f64, (count + 1) as f64);
    checked_beta_reg(above, below, 1.0 - share).unwrap_or(1.0)
}

/// Returns the least number up to `max` for which `holds`, which holds for all numbers above it.
fn first(max: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, max);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
