//! Jobs seen through, whatever comes back.

mod many;
mod one;
mod properties;

use core::time::Duration;

use base::time::Instant;

use super::*;

/// A job without a key, as a flow's simulation is.
#[derive(Debug)]
struct Keyless;

/// A job that carries its own key, as a media session does.
#[derive(Debug)]
struct Keyed;

/// A job for which there are few places, as a dialer's simulation is.
#[derive(Debug)]
struct Scarce;

impl Job for Keyless {
    type Request = ();
    type Reply = Stage;
    const RESUBMISSION: Resubmission = Resubmission::OnlyUnheard;

    fn stage(reply: &Stage) -> Stage {
        *reply
    }
}

impl Job for Keyed {
    type Request = ();
    type Reply = Stage;
    const RESUBMISSION: Resubmission = Resubmission::SameKey;

    fn stage(reply: &Stage) -> Stage {
        *reply
    }
}

impl Job for Scarce {
    type Request = ();
    type Reply = Stage;
    const RESUBMISSION: Resubmission = Resubmission::OnlyUnheard;

    fn stage(reply: &Stage) -> Stage {
        *reply
    }

    fn reaction(step: Step, refusal: &Refusal<'_>) -> Reaction<Stage> {
        match (step, refusal.status) {
            (Step::Submit, 409) => Reaction::AwaitPlace,
            _ => Keyless::reaction(step, refusal),
        }
    }
}

/// A job that carries its own key and whose refusals of one status have two kinds, as a media session's have.
#[derive(Debug)]
struct Playback;

impl Job for Playback {
    type Request = ();
    type Reply = Stage;
    const RESUBMISSION: Resubmission = Resubmission::SameKey;

    fn stage(reply: &Stage) -> Stage {
        *reply
    }

    fn reaction(step: Step, refusal: &Refusal<'_>) -> Reaction<Stage> {
        match (step, refusal.status, refusal.kind) {
            (Step::Submit, 409, "full") => Reaction::AwaitPlace,
            (Step::Submit, 409, "taken") if refusal.may_have_arrived => Reaction::Replied(Stage::Done),
            _ => Keyed::reaction(step, refusal),
        }
    }
}

type Input = JobInput<Stage>;

fn seconds(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

fn replied(stage: Stage) -> Input {
    JobInput::Replied(Box::new(stage))
}

fn pushed(stage: Stage) -> Input {
    JobInput::Pushed(Box::new(stage))
}

fn failed(status: u16, retry_after: Option<Duration>) -> Input {
    JobInput::Failed { status, kind: String::new(), retry_after, detail: "no".into() }
}

fn refused(status: u16, kind: &str) -> Input {
    JobInput::Failed { status, kind: kind.into(), retry_after: None, detail: "no".into() }
}

fn drain<J: Job>(machine: &mut JobMachine<J>) -> Vec<JobOutput<J::Reply>> {
    std::iter::from_fn(|| machine.poll_output()).collect()
}

const SUBMIT: JobOutput<Stage> = JobOutput::Submit { may_have_arrived: false };

/// A job that was submitted at zero.
fn submitted<J: Job<Reply = Stage>>(config: JobConfig) -> JobMachine<J> {
    let mut machine = JobMachine::new(config, 5);
    machine.handle_input(Instant::ZERO, JobInput::Start(Start::Submit));
    assert_eq!(drain(&mut machine), [SUBMIT]);
    machine
}

/// A job whose submission was accepted at zero.
fn accepted<J: Job<Reply = Stage>>(config: JobConfig) -> JobMachine<J> {
    let mut machine = submitted(config);
    machine.handle_input(Instant::ZERO, replied(Stage::Queued));
    machine
}

/// Waits without jitter: what they are at the most.
fn steady() -> JobConfig {
    JobConfig { min_wait: Duration::MAX, ..JobConfig::default() }
}

/// Has every request answered with `input`: the waits before each in seconds, and the ending.
fn run<J: Job<Reply = Stage>>(mut machine: JobMachine<J>, input: &Input) -> (Vec<u64>, Ending<Stage>) {
    let (mut now, mut waits) = (Instant::ZERO, Vec::new());
    loop {
        match drain(&mut machine).pop() {
            Some(JobOutput::Ended(ending)) => return (waits, ending),
            Some(JobOutput::Submit { .. } | JobOutput::Poll) => machine.handle_input(now, input.clone()),
            Some(JobOutput::Abandon) | None => {
                let due = machine.poll_timeout().expect("a job that is not over waits for something");
                waits.push((due - now).as_secs());
                now = due;
                machine.handle_timeout(now);
            }
        }
    }
}

/// The same from a submission on.
fn run_submitted<J: Job<Reply = Stage>>(config: JobConfig, input: &Input) -> (Vec<u64>, Ending<Stage>) {
    let mut machine = submitted::<J>(config);
    machine.handle_input(Instant::ZERO, input.clone());
    run(machine, input)
}
