//! A media session as a job: it carries its own key, so it is sent until there is one such session, and never two.

use base::{draft::Draft as _, ids::MediaSessionId};
use jobs::{Job, JobConfig, Reaction, Refusal, Resubmission, Stage, Step};
use serde::{Deserialize, Serialize};
use wire::api::Limits;

use crate::{
    control::ControlPayload,
    draft::PromptDraft,
    reply::{PlaybackReply, SESSION_ID_TAKEN, STREAM_LIMIT},
};

/// A media session at CXone. The gateway offers no look-up of a single session, so its answer to the request is the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaybackSession;

impl Job for PlaybackSession {
    type Request = ControlPayload;
    type Reply = PlaybackReply;
    /// The key is the session's identifier.
    const RESUBMISSION: Resubmission = Resubmission::SameKey;

    fn stage(reply: &PlaybackReply) -> Stage {
        reply.stage()
    }

    /// Returns what follows from a refusal. A conflict has two meanings: as many streams play as may, and a place is waited
    /// for; or the session's identifier is taken, by this very session where it may have arrived before.
    fn reaction(step: Step, refusal: &Refusal<'_>) -> Reaction<PlaybackReply> {
        match (step, refusal.status, refusal.kind) {
            (Step::Submit, 409, STREAM_LIMIT) => Reaction::AwaitPlace,
            (Step::Submit, 409, SESSION_ID_TAKEN) if refusal.may_have_arrived => {
                Reaction::Replied(PlaybackReply::confirmed(None))
            }
            // Which of the two is meant is not known yet.
            (Step::Submit, 409, kind) if kind != SESSION_ID_TAKEN => Reaction::TryAgain,
            (Step::Submit | Step::Poll, 408 | 425 | 429 | 500.., _) => Reaction::TryAgain,
            (Step::Submit | Step::Poll, _, _) => Reaction::End,
        }
    }
}

impl PlaybackSession {
    /// Returns how a session is asked for within these limits.
    pub fn config(limits: &Limits) -> JobConfig {
        let attempts = limits.poll_attempts.max(1);
        JobConfig { max_submissions: attempts, max_polls: attempts, ..JobConfig::default() }
    }
}

/// One press of the button that sends: the draft as it was then, with what was made up for it. What keeps it over a reload
/// sends the same session again, not a second one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sending {
    /// Identifier of the session: a random UUID.
    pub session_id: MediaSessionId,
    /// Time of the press (RFC 3339).
    pub timestamp: String,
    /// The draft.
    pub draft: PromptDraft,
}

impl Sending {
    /// Returns the request; None for a draft that was not checked before it was kept.
    pub fn request(&self, limits: &Limits) -> Option<ControlPayload> {
        let control = self.draft.check(limits).ok()?.control;
        Some(control.payload(self.session_id.clone(), &*self.timestamp))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base::time::Instant;
    use jobs::{Ending, JobInput, JobMachine, JobOutput, JobPhase, Start};

    use super::*;

    type Machine = JobMachine<PlaybackSession>;

    fn failed(status: u16, kind: &str) -> JobInput<PlaybackReply> {
        JobInput::Failed { status, kind: kind.into(), retry_after: None, detail: "no".into() }
    }

    fn outputs(machine: &mut Machine) -> Vec<JobOutput<PlaybackReply>> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    fn sent() -> Machine {
        let mut machine = Machine::new(PlaybackSession::config(&Limits::default()), 3);
        machine.handle_input(Instant::ZERO, JobInput::Start(Start::Submit));
        assert_eq!(outputs(&mut machine), [JobOutput::Submit { may_have_arrived: false }]);
        machine
    }

    /// Hands in an answer, and waits for the next submission.
    fn again(machine: &mut Machine, answer: JobInput<PlaybackReply>) -> bool {
        machine.handle_input(Instant::ZERO, answer);
        let due = machine.poll_timeout().expect("it is sent again");
        machine.handle_timeout(due);
        let Some(JobOutput::Submit { may_have_arrived }) = outputs(machine).pop() else {
            panic!("not sent again")
        };
        may_have_arrived
    }

    fn end(machine: &mut Machine, answer: JobInput<PlaybackReply>) -> Ending<PlaybackReply> {
        machine.handle_input(Instant::ZERO, answer);
        let Some(JobOutput::Ended(ending)) = outputs(machine).pop() else { panic!("it is not over") };
        ending
    }

    #[test]
    fn a_session_is_over_with_the_gateway_s_answer() {
        let reply =
            PlaybackReply { playback_state: Some("playing".into()), ..PlaybackReply::confirmed(None) };
        let ending = end(&mut sent(), JobInput::Replied(Box::new(reply.clone())));
        assert_eq!(ending, Ending::Done(Box::new(reply)));
        let reply = PlaybackReply { playback_state: Some("failed".into()), ..PlaybackReply::confirmed(None) };
        let ending = end(&mut sent(), JobInput::Replied(Box::new(reply.clone())));
        assert_eq!(ending, Ending::Failed(Box::new(reply)));
    }

    #[test]
    fn a_full_gateway_is_waited_for() {
        let mut machine = sent();
        for _ in 0..40 {
            assert!(!again(&mut machine, failed(409, STREAM_LIMIT)));
        }
        machine.handle_input(Instant::ZERO, failed(409, STREAM_LIMIT));
        assert_eq!(machine.progress().phase, JobPhase::AwaitingPlace);
    }

    #[test]
    fn an_identifier_that_is_taken_is_ours_only_where_it_may_have_arrived() {
        let taken = || failed(409, SESSION_ID_TAKEN);
        let done = Ending::Done(Box::new(PlaybackReply::confirmed(None)));
        for lost in [JobInput::Lost("offline".into()), failed(502, ""), failed(504, "")] {
            let mut machine = sent();
            assert!(again(&mut machine, lost));
            assert_eq!(end(&mut machine, taken()), done);
        }
        for heard in [failed(429, ""), JobInput::Unsent("refused".into()), failed(409, STREAM_LIMIT)] {
            let mut machine = sent();
            assert!(!again(&mut machine, heard));
            assert!(matches!(end(&mut machine, taken()), Ending::Refused { status: 409, .. }));
        }
    }

    #[test]
    fn a_refusal_of_the_payload_or_of_the_credentials_ends_it() {
        for status in [400, 401, 403, 404, 413, 422] {
            let ending = end(&mut sent(), failed(status, "about:blank"));
            assert!(matches!(ending, Ending::Refused { status: seen, .. } if seen == status), "{ending:?}");
        }
    }

    #[test]
    fn what_is_kept_is_sent_as_the_same_session() {
        let draft = PromptDraft { prompt_id: "main".into(), ..PromptDraft::default() };
        let timestamp = "2026-11-27T20:15:00.000Z".to_owned();
        let sending = Sending { session_id: "s-1".parse().unwrap(), timestamp, draft };
        let kept: Sending = serde_json::from_str(&serde_json::to_string(&sending).unwrap()).unwrap();
        let limits = Limits::default();
        assert_eq!(kept.request(&limits), sending.request(&limits));
        assert_eq!(kept.request(&limits).unwrap().session_id(), "s-1");
        let wrong = Sending { draft: PromptDraft::default(), ..sending };
        assert_eq!(wrong.request(&limits), None);
    }
}
