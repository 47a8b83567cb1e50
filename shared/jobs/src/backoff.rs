//! Exponential backoff with full jitter.

use core::time::Duration;

/// Growing delays: the n-th lies between zero and `min(cap, base · 2ⁿ)`, "full jitter".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Bound of the first delay.
    pub base: Duration,
    /// Bound of every delay.
    pub cap: Duration,
}

impl Backoff {
    /// Returns the bound of the delay before attempt `attempt`, counted from 0.
    pub fn bound(&self, attempt: u32) -> Duration {
        let factor = 1u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.base.checked_mul(factor).map_or(self.cap, |bound| bound.min(self.cap))
    }

    /// Returns the delay before attempt `attempt`, counted from 0, with the next number of `jitter`.
    pub fn delay(&self, attempt: u32, jitter: &mut Jitter) -> Duration {
        self.jittered(attempt, jitter.next_unit())
    }

    /// Returns the delay before attempt `attempt`, counted from 0, with the random number `random`, 0 ≤ x < 1.
    pub fn jittered(&self, attempt: u32, random: f64) -> Duration {
        self.bound(attempt).mul_f64(random)
    }
}

/// Stream of random numbers from a seed: `SplitMix64`, which is enough to spread delays.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Returns the stream that `seed` begins.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number, 0 ≤ x < 1.
    pub fn next_unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_fill_their_range() {
        let backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_millis(900) };
        let bounds: Vec<_> = (0..6).map(|attempt| backoff.bound(attempt).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 900, 900]);
        let mut jitter = Jitter::new(1);
        let delays: Vec<_> = (0..2_000).map(|_| backoff.delay(9, &mut jitter).as_millis()).collect();
        assert!(delays.iter().any(|&ms| ms < 30) && delays.iter().any(|&ms| ms > 870));
        let mean = delays.iter().sum::<u128>() / 2_000;
        assert!((420..480).contains(&mean), "mean {mean}");
    }

    proptest! {
        #[test]
        fn no_delay_passes_its_bound(seed: u64, attempt: u32, base in 0u64..100_000, cap in 0u64..100_000) {
            let backoff = Backoff { base: Duration::from_millis(base), cap: Duration::from_millis(cap) };
            let delay = backoff.delay(attempt, &mut Jitter::new(seed));
            prop_assert!(delay <= backoff.cap && delay <= backoff.bound(attempt));
        }
    }
}
