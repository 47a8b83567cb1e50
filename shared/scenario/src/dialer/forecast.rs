//! What is to be expected of a simulation before it runs: so many calls of each outcome, so much time, and how small a
//! deviation the calls can show.

use core::{ops::RangeInclusive, time::Duration};

use wire::cxone::CallOutcome;

use super::{distribution::Distribution, statistics};

/// Probability with which a count is within its expected range.
pub const CONFIDENCE: f64 = 0.95;
/// Probability with which a deviation is to be shown.
pub const POWER: f64 = 0.8;

/// What is to be expected of one outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeForecast {
    /// The outcome.
    pub outcome: CallOutcome,
    /// Its probability, 0–1.
    pub share: f64,
    /// The expected number of calls.
    pub expected: f64,
    /// The range in which the number of calls is with a probability of [`CONFIDENCE`].
    pub range: RangeInclusive<u64>,
    /// The least deviation of the share that the calls show with a probability of [`POWER`]; None where none can be shown,
    /// because it would take the share below 0 and above 1.
    pub detectable: Option<f64>,
}

/// Returns what is to be expected of so many calls, by outcome. `significance` is that of the verdict, between 0 and 1.
pub fn outcomes(distribution: &Distribution, calls: u64, significance: f64) -> Vec<OutcomeForecast> {
    let possible = distribution.shares().iter().filter(|share| **share > 0.0).count();
    let degrees_of_freedom = u32::try_from(possible.saturating_sub(1)).unwrap_or_default();
    let noncentrality = statistics::noncentrality(degrees_of_freedom, significance, POWER);
    let of = |outcome: CallOutcome| {
        let share = distribution.of(outcome);
        let deviation = statistics::detectable_deviation(calls, share, noncentrality);
        let is_possible = deviation > 0.0 && (share - deviation > 0.0 || share + deviation < 1.0);
        OutcomeForecast {
            outcome,
            share,
            expected: share * calls as f64,
            range: statistics::expected_range(calls, share, CONFIDENCE),
            detectable: is_possible.then_some(deviation),
        }
    };
    CallOutcome::ALL.into_iter().map(of).collect()
}

/// Returns the time that a simulation takes if a call takes `call` on average and `concurrency` run at a time.
pub fn duration(calls: u64, concurrency: u64, call: Duration) -> Duration {
    let rounds = calls as f64 / concurrency.max(1) as f64;
    call.mul_f64(rounds.max(1.0))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn fifty_calls_say_little_about_one_in_twenty() {
        let distribution = Distribution::new(0.5, 0.2, 0.15, 0.1).unwrap();
        let forecast = outcomes(&distribution, 50, 0.05);
        assert_eq!(forecast[0].range, 18..=32);
        assert_eq!(forecast[4].range, 0..=6);
        let answered = forecast[0].detectable.unwrap();
        assert!((answered - 0.244).abs() < 0.001, "{answered}");
        let more = outcomes(&distribution, 5_000, 0.05)[0].detectable.unwrap();
        assert!((more - answered / 10.0).abs() < 1e-6, "a hundred times the calls, a tenth of the deviation");
    }

    #[test]
    fn a_certain_outcome_cannot_deviate() {
        let distribution = Distribution::new(1.0, 0.0, 0.0, 0.0).unwrap();
        let forecast = outcomes(&distribution, 20, 0.05);
        assert_eq!((forecast[0].range.clone(), forecast[0].detectable), (20..=20, None));
        assert_eq!((forecast[1].range.clone(), forecast[1].detectable), (0..=0, None));
    }

    #[test]
    fn one_call_shows_nothing() {
        let distribution = Distribution::new(0.5, 0.0, 0.0, 0.0).unwrap();
        assert_eq!(outcomes(&distribution, 1, 0.05)[0].detectable, None);
    }

    #[test]
    fn time_goes_by_the_calls_at_a_time() {
        let call = Duration::from_secs(4);
        assert_eq!(duration(20, 5, call), Duration::from_secs(16));
        assert_eq!(duration(3, 5, call), call, "no simulation is over before its calls are");
        assert_eq!(duration(20, 0, call), Duration::from_secs(80));
    }
}
