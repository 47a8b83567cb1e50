//! A dialer's simulation as a job. Between page and proxy a key makes it one, however often it is sent; whether CXone has it
//! is the proxy's to know, which never sends what may have arrived.

use core::time::Duration;

use base::{draft::Draft as _, ids::IdempotencyKey};
use jobs::{Job, JobConfig, PollInterval, Reaction, Refusal, Resubmission, Stage, Step};
use serde::{Deserialize, Serialize};
use wire::{api::Limits, cxone::DialerSimulation};

use super::{draft::DialerDraft, request::DialerRequest};

/// The kind of the problem (`type`, RFC 9457) with which the proxy says that a simulation may have been begun, and that only
/// its events can tell.
pub const SUBMISSION_UNKNOWN: &str = "docs/contract.md#submission-unknown";

/// Time between two looks at a simulation.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Time after which a simulation is given up.
const TIMEOUT: Duration = Duration::from_mins(5);

/// A dialer's simulation at CXone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialerRun;

/// A request with the key under which it is carried out once.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedRequest {
    /// The key.
    pub key: IdempotencyKey,
    /// The request.
    pub request: DialerRequest,
}

impl Job for DialerRun {
    type Request = KeyedRequest;
    type Reply = DialerSimulation;
    /// The key is the request's own.
    const RESUBMISSION: Resubmission = Resubmission::SameKey;

    fn stage(reply: &DialerSimulation) -> Stage {
        reply.state.stage()
    }

    /// Returns what follows from a refusal. A conflict means that as many simulations run as the organisation may have.
    fn reaction(step: Step, refusal: &Refusal<'_>) -> Reaction<DialerSimulation> {
        match (step, refusal.status, refusal.kind) {
            (Step::Submit, 409, _) => Reaction::AwaitPlace,
            (Step::Submit | Step::Poll, 408 | 425 | 429 | 500.., _) => Reaction::TryAgain,
            (Step::Submit | Step::Poll, _, _) => Reaction::End,
        }
    }
}

impl DialerRun {
    /// Returns how a simulation is waited for within these limits: it is looked at every two seconds for five minutes.
    pub fn config(limits: &Limits) -> JobConfig {
        let polls = u32::try_from(TIMEOUT.as_millis() / POLL_INTERVAL.as_millis()).unwrap_or(u32::MAX);
        JobConfig {
            max_submissions: limits.poll_attempts.max(1),
            max_polls: polls,
            poll: PollInterval::Fixed(POLL_INTERVAL),
            timeout: TIMEOUT,
            push_timeout: TIMEOUT,
            ..JobConfig::default()
        }
    }
}

/// One press of the button that starts: the draft as it was then, with the key that was made up for it. What keeps it over a
/// reload sends the same simulation again, not a second one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispatch {
    /// The key: a random UUID.
    pub key: IdempotencyKey,
    /// Time of the press (RFC 3339).
    pub timestamp: String,
    /// The draft.
    pub draft: DialerDraft,
}

impl Dispatch {
    /// Returns the request; None for a draft that was not checked before it was kept.
    pub fn request(&self, limits: &Limits) -> Option<DialerRequest> {
        Some(self.draft.check(limits).ok()?.0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base::time::Instant;
    use jobs::{Ending, JobInput, JobMachine, JobOutput, JobPhase, Start};
    use wire::cxone::DialerState;

    use super::*;

    type Machine = JobMachine<DialerRun>;

    fn simulation(state: DialerState) -> DialerSimulation {
        DialerSimulation::new("s".parse().unwrap(), state)
    }

    fn replied(state: DialerState) -> JobInput<DialerSimulation> {
        JobInput::Replied(Box::new(simulation(state)))
    }

    fn failed(status: u16, kind: &str) -> JobInput<DialerSimulation> {
        JobInput::Failed { status, kind: kind.into(), retry_after: None, detail: "no".into() }
    }

    fn outputs(machine: &mut Machine) -> Vec<JobOutput<DialerSimulation>> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    fn sent() -> Machine {
        let mut machine = Machine::new(DialerRun::config(&Limits::default()), 3);
        machine.handle_input(Instant::ZERO, JobInput::Start(Start::Submit));
        assert_eq!(outputs(&mut machine), [JobOutput::Submit { may_have_arrived: false }]);
        machine
    }

    #[test]
    fn it_is_looked_at_every_two_seconds_for_five_minutes() {
        let mut machine = sent();
        machine.handle_input(Instant::ZERO, replied(DialerState::queued()));
        let mut polls = 0;
        loop {
            let due = machine.poll_timeout().expect("it is followed");
            machine.handle_timeout(due);
            match outputs(&mut machine).pop() {
                Some(JobOutput::Poll) => {
                    polls += 1;
                    assert_eq!(due, Instant::from_millis(polls * 2_000));
                    machine.handle_input(due, replied(DialerState::running()));
                }
                Some(JobOutput::Ended(ending)) => {
                    assert!(matches!(ending, Ending::TimedOut { .. } | Ending::GaveUp { .. }), "{ending:?}");
                    assert_eq!(polls, 149);
                    return;
                }
                output => panic!("{output:?}"),
            }
        }
    }

    #[test]
    fn an_event_that_says_the_end_is_the_end() {
        let mut machine = sent();
        machine.handle_input(Instant::ZERO, replied(DialerState::queued()));
        machine.handle_input(
            Instant::from_millis(5),
            JobInput::Pushed(Box::new(simulation(DialerState::completed()))),
        );
        let done = Ending::Done(Box::new(simulation(DialerState::completed())));
        assert_eq!(outputs(&mut machine), [JobOutput::Ended(done)]);
    }

    #[test]
    fn for_a_place_it_waits_in_sight() {
        let mut machine = sent();
        machine.handle_input(Instant::ZERO, failed(409, ""));
        assert_eq!(machine.progress().phase, JobPhase::AwaitingPlace);
        let due = machine.poll_timeout().unwrap();
        machine.handle_timeout(due);
        assert_eq!(outputs(&mut machine), [JobOutput::Submit { may_have_arrived: false }]);
    }

    #[test]
    fn what_the_proxy_does_not_know_is_asked_again_with_the_same_key() {
        let mut machine = sent();
        machine.handle_input(Instant::ZERO, failed(504, SUBMISSION_UNKNOWN));
        let due = machine.poll_timeout().unwrap();
        machine.handle_timeout(due);
        assert_eq!(outputs(&mut machine), [JobOutput::Submit { may_have_arrived: true }]);
        machine.handle_input(due, replied(DialerState::running()));
        assert_eq!(machine.progress().phase, JobPhase::Polling);
    }

    #[test]
    fn a_wrong_request_ends_it() {
        for status in [400, 401, 403, 422] {
            let mut machine = sent();
            machine.handle_input(Instant::ZERO, failed(status, ""));
            let end = Ending::Refused { status, detail: "no".into() };
            assert_eq!(outputs(&mut machine), [JobOutput::Ended(end)]);
        }
    }
}
