//! The calls of a campaign as a list of what happens when, without a clock.

use std::{cmp::Reverse, collections::BinaryHeap, ops::RangeInclusive, time::Duration};

use scenario::dialer::{DialerRequest, Distribution};
use wire::cxone::CallOutcome;

use crate::seeded::Seeded;

/// Time between two calls of a line.
const PAUSE: Duration = Duration::from_millis(500);

/// A change of a call's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Time since the campaign began.
    pub(super) at: Duration,
    /// Number of the call, from 0.
    pub(super) call: u64,
    /// The call's state after it.
    pub(super) state: CallState,
    /// Time since the call began.
    pub(super) elapsed: Duration,
}

/// State of a dialled call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallState {
    Dialing,
    Ringing,
    Completed(CallOutcome),
}

impl CallState {
    /// Returns the state's name in webhooks.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dialing => "dialing",
            Self::Ringing => "ringing",
            Self::Completed(_) => "completed",
        }
    }
}

/// The steps of a campaign in the order of their times. Each call has its own random numbers: the n-th calls of two
/// campaigns with the same seed and distribution are alike, whatever their concurrency.
#[derive(Debug)]
pub(super) struct Timeline {
    seed: u64,
    distribution: Distribution,
    calls: u64,
    begun: u64,
    /// The next step of each line that is in use.
    lines: BinaryHeap<Reverse<(Duration, u64, usize)>>,
    scripts: Vec<Script>,
}

/// A call that a line is busy with.
#[derive(Clone, Copy, Debug)]
struct Script {
    began: Duration,
    outcome: CallOutcome,
    /// Time until it rings; None for a call that never does.
    rings_after: Option<Duration>,
    ends_after: Duration,
    next: CallState,
}

impl Timeline {
    /// Returns the steps of a request's calls, half of which have the outcome `skew`, where one is given.
    pub(super) fn new(request: &DialerRequest, seed: u64, skew: Option<CallOutcome>) -> Self {
        let injected = request.outcome_injection().distribution().unwrap_or_else(usual);
        let distribution = skew.map_or(injected, |outcome| skewed(&injected, outcome));
        let mut timeline = Self {
            seed,
            distribution,
            calls: request.calls(),
            begun: 0,
            lines: BinaryHeap::new(),
            scripts: Vec::new(),
        };
        for line in 0..request.concurrency().min(request.calls()) {
            // A dialer does not lift all its receivers in the same instant.
            timeline.begin(
                usize::try_from(line).unwrap_or(usize::MAX),
                PAUSE / 5 * u32::try_from(line).unwrap_or(0),
            );
        }
        timeline
    }

    /// Begins the next call on a line, if there is one left.
    fn begin(&mut self, line: usize, at: Duration) {
        if self.begun == self.calls {
            return;
        }
        let call = self.begun;
        self.begun += 1;
        let script = Script::new(
            &mut Seeded::new(self.seed ^ call.wrapping_mul(0x2545_f491_4f6c_dd1d)),
            &self.distribution,
            at,
        );
        if line == self.scripts.len() {
            self.scripts.push(script);
        } else {
            self.scripts[line] = script;
        }
        self.lines.push(Reverse((at, call, line)));
    }
}

/// Returns the distribution in which half of the calls have `outcome`, and the other half is as injected.
fn skewed(injected: &Distribution, outcome: CallOutcome) -> Distribution {
    use CallOutcome as O;

    let share = |of: O| f64::midpoint(injected.of(of), f64::from(u8::from(of == outcome)));
    Distribution::new(share(O::Answered), share(O::Busy), share(O::NoAnswer), share(O::DialTone))
        .expect("halves of distributions are one")
}

impl Iterator for Timeline {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let Reverse((at, call, line)) = self.lines.pop()?;
        let script = &mut self.scripts[line];
        let (state, elapsed) = (script.next, at.saturating_sub(script.began));
        let end = (CallState::Completed(script.outcome), script.ends_after);
        let following = match state {
            CallState::Dialing => script.rings_after.map_or(end, |after| (CallState::Ringing, after)),
            CallState::Ringing => end,
            CallState::Completed(_) => {
                self.begin(line, at + PAUSE);
                return Some(Step { at, call, state, elapsed });
            }
        };
        script.next = following.0;
        self.lines.push(Reverse((script.began + following.1, call, line)));
        Some(Step { at, call, state, elapsed })
    }
}

impl Script {
    fn new(seeded: &mut Seeded, distribution: &Distribution, began: Duration) -> Self {
        let outcome = distribution.draw((seeded.next() >> 11) as f64 / (1u64 << 53) as f64);
        let mut between =
            |range: RangeInclusive<u64>| Duration::from_millis(seeded.between(*range.start(), *range.end()));
        let rings = between(800..=2_500);
        let (rings_after, ends_after) = match outcome {
            CallOutcome::Answered => (Some(rings), between(12_000..=60_000)),
            CallOutcome::Busy => (None, between(1_500..=4_000)),
            CallOutcome::NoAnswer => (Some(rings), between(20_000..=32_000)),
            CallOutcome::DialTone => (None, between(3_000..=8_000)),
            CallOutcome::Voicemail => (Some(rings), between(15_000..=40_000)),
        };
        Self { began, outcome, rings_after, ends_after, next: CallState::Dialing }
    }
}

/// What becomes of calls for which nothing is injected.
fn usual() -> Distribution {
    Distribution::new(0.38, 0.07, 0.27, 0.02).expect("these are probabilities")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;
    use wire::api::Limits;

    use super::*;

    fn request(calls: u64, concurrency: u64) -> DialerRequest {
        let body = json!({
            "campaignId": "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f", "virtualAgentMatrix": { "flowId": "support-line" },
            "outcomeInjection": { "enabled": true, "answerProbability": 0.5, "busySignalProbability": 0.25 },
            "concurrencyLimit": concurrency, "maxCalls": calls, "complianceBypass": true,
        });
        DialerRequest::from_json(&body, &Limits::default()).unwrap()
    }

    #[test]
    fn every_call_is_dialled_and_completed_once_in_order() {
        let steps: Vec<Step> = Timeline::new(&request(200, 5), 7, None).collect();
        assert!(steps.is_sorted_by_key(|step| step.at));
        let mut lives: HashMap<u64, Vec<&str>> = HashMap::new();
        for step in &steps {
            lives.entry(step.call).or_default().push(step.state.name());
        }
        assert_eq!(lives.len(), 200);
        for life in lives.values() {
            assert!(
                matches!(&**life, ["dialing", "completed"] | ["dialing", "ringing", "completed"]),
                "{life:?}"
            );
        }
    }

    #[test]
    fn no_more_calls_run_than_may() {
        for concurrency in 1..=5 {
            let (mut running, mut most) = (0, 0);
            for step in Timeline::new(&request(60, concurrency), 3, None) {
                match step.state {
                    CallState::Dialing => running += 1,
                    CallState::Ringing => {}
                    CallState::Completed(_) => running -= 1,
                }
                most = most.max(running);
            }
            assert_eq!((running, most), (0, concurrency));
        }
    }

    #[test]
    fn outcomes_are_as_probable_as_was_asked() {
        let mut counts = HashMap::new();
        for step in Timeline::new(&request(10_000, 5), 1, None) {
            if let CallState::Completed(outcome) = step.state {
                *counts.entry(outcome.name()).or_insert(0u32) += 1;
            }
        }
        // Four standard deviations around the expected counts.
        assert!((4_800..=5_200).contains(&counts["answered"]), "{counts:?}");
        assert!((2_327..=2_673).contains(&counts["busy"]), "{counts:?}");
        assert!((2_327..=2_673).contains(&counts["voicemail"]), "{counts:?}");
        assert_eq!(counts.len(), 3);
    }

    #[test]
    fn a_call_is_the_same_whatever_runs_beside_it() {
        let ends = |concurrency| {
            let mut ends: Vec<_> = Timeline::new(&request(30, concurrency), 9, None)
                .filter(|step| matches!(step.state, CallState::Completed(_)))
                .map(|step| (step.call, step.state, step.elapsed))
                .collect();
            ends.sort_by_key(|(call, ..)| *call);
            ends
        };
        assert_eq!(ends(1), ends(5));
    }

    #[test]
    fn a_skew_gives_half_of_the_calls_one_outcome() {
        let count = |skew| {
            let steps = Timeline::new(&request(10_000, 5), 1, skew);
            steps.filter(|step| step.state == CallState::Completed(CallOutcome::Busy)).count()
        };
        let (injected, skewed) = (count(None), count(Some(CallOutcome::Busy)));
        assert!(skewed.abs_diff(5_000 + injected / 2) < 300, "{injected} {skewed}");
    }
}
