//! The outcomes that a campaign's request has injected, as a distribution.

use wire::cxone::CallOutcome;

/// Number of outcomes.
pub const OUTCOMES: usize = CallOutcome::ALL.len();

/// Tolerance of a sum of probabilities: what is left of 0.1 + 0.2 + 0.7 in binary.
pub(super) const TOLERANCE: f64 = 1e-9;

/// Probabilities of the outcomes, in the order of [`CallOutcome::ALL`]. They are 0–1 each and 1 together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution([f64; OUTCOMES]);

impl Distribution {
    /// Returns the distribution in which the four outcomes have these probabilities; what they leave is voicemail. None
    /// where one of them is outside 0–1, or their sum above 1.
    pub fn new(answered: f64, busy: f64, no_answer: f64, dial_tone: f64) -> Option<Self> {
        let assigned = [answered, busy, no_answer, dial_tone];
        let sum: f64 = assigned.iter().sum();
        let fits = assigned.iter().all(|share| (0.0..=1.0).contains(share)) && sum <= 1.0 + TOLERANCE;
        let rest = if (1.0 - sum).abs() <= TOLERANCE { 0.0 } else { 1.0 - sum };
        fits.then_some(Self([answered, busy, no_answer, dial_tone, rest]))
    }

    /// Returns the probability of an outcome.
    pub const fn of(&self, outcome: CallOutcome) -> f64 {
        self.0[outcome.index()]
    }

    /// Returns the probabilities in the order of [`CallOutcome::ALL`].
    pub const fn shares(&self) -> &[f64; OUTCOMES] {
        &self.0
    }

    /// Returns the outcome of a call for a random number of 0–1: the stand-in's dice.
    pub fn draw(&self, random: f64) -> CallOutcome {
        let mut left = random;
        let mut last = CallOutcome::Voicemail;
        for outcome in CallOutcome::ALL {
            let share = self.of(outcome);
            if share > 0.0 {
                if left < share {
                    return outcome;
                }
                last = outcome;
            }
            left -= share;
        }
        // Rounding has left a little of 1.
        last
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact in binary")]

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_rest_is_voicemail() {
        let distribution = Distribution::new(0.5, 0.125, 0.125, 0.125).unwrap();
        assert_eq!(distribution.shares(), &[0.5, 0.125, 0.125, 0.125, 0.125]);
        assert_eq!(distribution.of(CallOutcome::Voicemail), 0.125);
    }

    #[test]
    fn a_sum_of_one_leaves_nothing_whatever_rounding_says() {
        for shares in [[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [1.0, 0.0, 0.0, 0.0]] {
            let [answered, busy, no_answer, dial_tone] = shares;
            let distribution = Distribution::new(answered, busy, no_answer, dial_tone).unwrap();
            assert_eq!(distribution.of(CallOutcome::Voicemail), 0.0, "{shares:?}");
        }
    }

    #[test]
    fn what_is_no_distribution_is_none() {
        for shares in
            [[0.5, 0.6, 0.0, 0.0], [-0.1, 0.0, 0.0, 0.0], [1.1, 0.0, 0.0, 0.0], [f64::NAN, 0.0, 0.0, 0.0]]
        {
            let [answered, busy, no_answer, dial_tone] = shares;
            assert_eq!(Distribution::new(answered, busy, no_answer, dial_tone), None, "{shares:?}");
        }
    }

    #[test]
    fn a_draw_is_never_an_outcome_that_cannot_be() {
        let distribution = Distribution::new(0.5, 0.0, 0.5, 0.0).unwrap();
        assert_eq!(distribution.draw(0.0), CallOutcome::Answered);
        assert_eq!(distribution.draw(0.499), CallOutcome::Answered);
        assert_eq!(distribution.draw(0.5), CallOutcome::NoAnswer);
        assert_eq!(distribution.draw(1.0), CallOutcome::NoAnswer);
    }
}
