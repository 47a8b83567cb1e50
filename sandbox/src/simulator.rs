//! The flow simulator: executes a flow on a request's digits and variables, as a job of its queue.

use std::{sync::Arc, time::Duration};

use ivr::{CompiledFlow, execute};
use scenario::flow::SimulationRequest;
use tokio_util::sync::CancellationToken;
use wire::cxone::{SimulationResult, SimulationStatus};

use crate::{
    clock::Clock,
    faults::JobFault,
    jobs::{Job, JobEnd, JobQueueConfig, JobState, Jobs, TooManyActiveJobs},
};

/// Maximum number of simulations that can be looked up.
const MAX_SIMULATIONS: usize = 1_000;

/// The flow simulator. The n-th simulation of two simulators with the same seed has the same identifier and takes the
/// same time.
#[derive(Debug)]
pub(crate) struct Simulator {
    jobs: Jobs<SimulationResult>,
    max_depth: usize,
}

impl Simulator {
    /// Returns a simulator whose simulations take a time in `time_range` and fail beyond `max_depth` nodes.
    pub(crate) fn new(clock: Clock, seed: u64, time_range: (Duration, Duration), max_depth: usize) -> Self {
        let (min_time, max_time) = time_range;
        let config = JobQueueConfig {
            id_prefix: "sim-",
            seed,
            min_time,
            max_time,
            max_active: None,
            max_kept: MAX_SIMULATIONS,
        };
        Self { jobs: Jobs::new(clock, config), max_depth }
    }

    /// Takes a simulation in, which meets `fault`, and returns its identifier.
    pub(crate) fn submit(
        &self,
        flow: &Arc<CompiledFlow>,
        request: &SimulationRequest,
        fault: Option<JobFault>,
    ) -> Result<Arc<str>, TooManyActiveJobs> {
        let mut result = execute(flow, request.digits(), request.variables(), self.max_depth);
        let end = match fault {
            Some(JobFault::Fail { message }) => {
                result.status = SimulationStatus::Failed;
                result.error_message = Some(message);
                JobEnd::Failed
            }
            Some(JobFault::NeverEnds) => JobEnd::Never,
            // A skew is the dialer's alone.
            Some(JobFault::Skew { .. }) | None if result.status == SimulationStatus::Failed => JobEnd::Failed,
            Some(JobFault::Skew { .. }) | None => JobEnd::Completed,
        };
        self.jobs.submit(end, result)
    }

    /// Returns a simulation's result, which has nothing but the status before it has ended.
    pub(crate) fn result(&self, id: &str) -> Option<SimulationResult> {
        let job = self.jobs.job(id)?;
        Some(match job.state {
            JobState::Queued => SimulationResult::pending(SimulationStatus::Queued),
            JobState::Running => SimulationResult::pending(SimulationStatus::Running),
            JobState::Completed | JobState::Failed => (*job.payload).clone(),
            JobState::Cancelled => SimulationResult {
                error_message: Some("the simulator stops".into()),
                ..SimulationResult::pending(SimulationStatus::Failed)
            },
        })
    }

    /// Logs every change of a simulation's state until `shutdown`, which cancels those that are active.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) {
        let log = |job: Job<SimulationResult>| {
            tracing::debug!(simulation = &*job.id, state = ?job.state, "simulation");
        };
        self.jobs.run(shutdown, log).await;
    }
}

#[cfg(test)]
mod tests {
    use ivr::support_line;
    use serde_json::json;
    use wire::api::Limits;

    use super::*;

    fn simulator(seed: u64, max_depth: usize) -> Simulator {
        let times = (Duration::from_millis(100), Duration::from_millis(900));
        Simulator::new(Clock::new(), seed, times, max_depth)
    }

    fn submit(simulator: &Simulator, fault: Option<JobFault>) -> Arc<str> {
        let flow = support_line();
        let body = json!({ "flowId": flow.definition().flow_id, "dtmfSequence": ["2", "2"] });
        let request = SimulationRequest::from_json(&body, &Limits::default()).unwrap();
        simulator.submit(&flow, &request, fault).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_brings_the_same_simulations() {
        let run = async |seed: u64| {
            let simulator = simulator(seed, 200);
            let id = submit(&simulator, None);
            let mut seen = Vec::new();
            loop {
                let status = simulator.result(&id).unwrap().status;
                seen.push(status);
                if status.is_over() {
                    return (id, seen);
                }
                tokio::time::advance(Duration::from_millis(1)).await;
            }
        };
        let (id, seen) = run(7).await;
        assert_eq!(run(7).await, (id.clone(), seen.clone()));
        assert_ne!(run(8).await.0, id);
        assert!((100..=901).contains(&seen.len()), "{}", seen.len());
        let mut order = seen;
        order.dedup();
        let states = [SimulationStatus::Queued, SimulationStatus::Running, SimulationStatus::Completed];
        assert_eq!(order, states);
    }

    #[tokio::test(start_paused = true)]
    async fn a_simulation_ends_as_its_flow_or_its_fault_says() {
        let check = async |max_depth, fault, status, error: Option<&str>| {
            let simulator = simulator(1, max_depth);
            let id = submit(&simulator, fault);
            assert_eq!(simulator.result(&id), Some(SimulationResult::pending(SimulationStatus::Queued)));
            tokio::time::advance(Duration::from_secs(1)).await;
            let result = simulator.result(&id).unwrap();
            assert_eq!(result.status, status);
            match (error, result.error_message) {
                (None, None) => {}
                (Some(part), Some(message)) => assert!(message.contains(part), "{message}"),
                (expected, message) => panic!("{expected:?}: {message:?}"),
            }
        };
        check(200, None, SimulationStatus::Completed, None).await;
        check(2, None, SimulationStatus::Failed, Some("depth limit of 2")).await;
        let fault = JobFault::Fail { message: "out of compute".into() };
        check(200, Some(fault), SimulationStatus::Failed, Some("out of compute")).await;
        check(200, Some(JobFault::NeverEnds), SimulationStatus::Running, None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_fails_the_simulations_that_run() {
        let simulator = simulator(1, 200);
        let id = submit(&simulator, Some(JobFault::NeverEnds));
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        simulator.run(&shutdown).await;
        let result = simulator.result(&id).unwrap();
        assert_eq!((result.status, result.error_message.is_some()), (SimulationStatus::Failed, true));
    }

    #[tokio::test(start_paused = true)]
    async fn old_simulations_are_forgotten() {
        let simulator = simulator(1, 200);
        let first = submit(&simulator, None);
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 1..MAX_SIMULATIONS {
            submit(&simulator, None);
        }
        assert!(simulator.result(&first).is_some());
        submit(&simulator, None);
        assert_eq!(simulator.result(&first), None);
    }
}
