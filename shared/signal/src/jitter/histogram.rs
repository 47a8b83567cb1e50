//! A histogram in which old values fade.

/// Shares of the values seen, weighted by age. They add up to one after the first value.
#[derive(Clone, Debug)]
pub(super) struct Histogram<const N: usize> {
    shares: [f64; N],
    forget: f64,
    /// Values since the start.
    seen: u32,
}

/// Extra weight of the first values, as in WebRTC's delay manager.
const START_WEIGHT: f64 = 2.0;

impl<const N: usize> Histogram<N> {
    /// Each further value leaves the share `forget` of those before it, except at first, when all count alike.
    pub(super) const fn new(forget: f64) -> Self {
        Self { shares: [0.0; N], forget, seen: 0 }
    }

    /// Adds a value; the last place takes all beyond it.
    pub(super) fn add(&mut self, place: usize) {
        self.seen = self.seen.saturating_add(1);
        let keep = (1.0 - START_WEIGHT / f64::from(self.seen.saturating_add(1))).max(0.0).min(self.forget);
        for share in &mut self.shares {
            *share *= keep;
        }
        self.shares[place.min(N - 1)] += 1.0 - keep;
    }

    /// A place's share.
    pub(super) const fn share(&self, place: usize) -> f64 {
        self.shares[place]
    }

    /// The first place up to which there lies at least `share` of the whole.
    pub(super) fn quantile(&self, share: f64) -> usize {
        let mut sum = 0.0;
        self.shares
            .iter()
            .position(|part| {
                sum += part;
                sum >= share
            })
            .unwrap_or(N - 1)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_shares_stay_one() {
        let mut histogram = Histogram::<10>::new(0.983);
        for place in 0..10_000 {
            histogram.add(place * 7 % 23);
            let sum: f64 = histogram.shares.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
    }

    #[test]
    fn the_quantile_is_found_at_once_and_follows() {
        let mut histogram = Histogram::<10>::new(0.983);
        histogram.add(3);
        assert_eq!(histogram.quantile(0.95), 3);
        for _ in 0..200 {
            histogram.add(1);
        }
        assert_eq!(histogram.quantile(0.95), 1);
        // 1 − 0.983ⁿ > 0.05 from n = 3 on.
        histogram.add(6);
        histogram.add(6);
        assert_eq!(histogram.quantile(0.95), 1);
        histogram.add(6);
        assert_eq!(histogram.quantile(0.95), 6);
    }
}
