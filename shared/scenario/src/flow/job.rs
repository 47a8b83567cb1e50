//! A simulation as a job: submitted without a key, polled until its trace is there.

use jobs::{Job, JobConfig, Resubmission, Stage};
use wire::{
    api::Limits,
    cxone::{SimulationResult, SimulationStatus},
};

use super::SimulationRequest;

/// A flow's simulation at CXone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowSimulation;

impl Job for FlowSimulation {
    type Request = SimulationRequest;
    type Reply = SimulationResult;
    /// CXone's simulator knows no key: a submission that is sent twice is two simulations.
    const RESUBMISSION: Resubmission = Resubmission::OnlyUnheard;

    fn stage(reply: &SimulationResult) -> Stage {
        match reply.status {
            SimulationStatus::Queued => Stage::Queued,
            SimulationStatus::Running => Stage::Running,
            SimulationStatus::Completed => Stage::Done,
            SimulationStatus::Failed => Stage::Failed,
        }
    }
}

impl FlowSimulation {
    /// Returns how a simulation is waited for within these limits.
    pub fn config(limits: &Limits) -> JobConfig {
        let attempts = limits.poll_attempts.max(1);
        JobConfig { max_submissions: attempts, max_polls: attempts, ..JobConfig::default() }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use base::time::Instant;
    use jobs::{Ending, JobInput, JobMachine, JobOutput, Start};

    #[test]
    fn a_simulation_is_polled_until_its_trace_is_there() {
        let mut job = JobMachine::<FlowSimulation>::new(FlowSimulation::config(&Limits::default()), 1);
        let reply = |status| JobInput::Replied(Box::new(SimulationResult::pending(status)));
        job.handle_input(Instant::ZERO, JobInput::Start(Start::Submit));
        job.handle_input(Instant::ZERO, reply(SimulationStatus::Queued));
        for status in [SimulationStatus::Running, SimulationStatus::Completed] {
            let due = job.poll_timeout().expect("it is waited for");
            job.handle_timeout(due);
            job.handle_input(due, reply(status));
        }
        let outputs: Vec<_> = std::iter::from_fn(|| job.poll_output()).collect();
        let done = Ending::Done(Box::new(SimulationResult::pending(SimulationStatus::Completed)));
        let submit = JobOutput::Submit { may_have_arrived: false };
        assert_eq!(outputs, [submit, JobOutput::Poll, JobOutput::Poll, JobOutput::Ended(done)]);
    }

    #[test]
    fn the_limits_say_how_often_it_is_polled() {
        let attempts = |poll_attempts| {
            let config = FlowSimulation::config(&Limits { poll_attempts, ..Limits::default() });
            (config.max_polls, config.max_submissions)
        };
        assert_eq!((attempts(15), attempts(3), attempts(0)), ((15, 15), (3, 3), (1, 1)));
    }
}
