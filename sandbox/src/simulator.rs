//! The flow simulator: executes the flow itself on a request's digits and variables, and takes its time about it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use shared::{
    flow::{SimulationRequest, execute},
    wire::{SimulationJob, SimulationResult, SimulationStatus},
};
use tokio::time::Instant;

use crate::{auth, error::Refusal, faults::Kind, seeded::Seeded, services::Service, state::AppState};

/// The simulations, those of the last while. The n-th of a stand-in with the same seed has the same identifier and
/// takes the same time.
#[derive(Debug)]
pub(crate) struct Simulator(Mutex<Registry>);

#[derive(Debug)]
struct Registry {
    seeded: Seeded,
    simulations: HashMap<String, Simulation>,
    /// Oldest first.
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Simulation {
    /// When it leaves the queue.
    runs_at: Instant,
    /// When it is over; never, if a fault says so.
    ends_at: Option<Instant>,
    result: SimulationResult,
}

impl Simulator {
    pub(crate) fn new(seed: u64) -> Self {
        let seeded = Seeded::new(seed);
        Self(Mutex::new(Registry { seeded, simulations: HashMap::new(), order: VecDeque::new() }))
    }

    /// Takes a simulation in, whose outcome is settled and yet to be waited for.
    fn submit(
        &self,
        (shortest, longest): (Duration, Duration),
        ends: bool,
        result: SimulationResult,
    ) -> String {
        /// Beyond so many the oldest are forgotten.
        const REMEMBERED: usize = 1_000;
        let mut registry = self.0.lock().expect("no holder panics");
        let id = format!("sim-{:016x}", registry.seeded.next());
        let (least, most) = (millis(shortest), millis(longest.max(shortest)));
        let took = Duration::from_millis(registry.seeded.between(least, most));
        let now = Instant::now();
        // A third of the time in the queue.
        let simulation = Simulation { runs_at: now + took / 3, ends_at: ends.then_some(now + took), result };
        registry.simulations.insert(id.clone(), simulation);
        registry.order.push_back(id.clone());
        if registry.order.len() > REMEMBERED
            && let Some(oldest) = registry.order.pop_front()
        {
            registry.simulations.remove(&oldest);
        }
        id
    }

    /// How a simulation stands; its result once it is over.
    fn look(&self, id: &str) -> Option<SimulationResult> {
        let registry = self.0.lock().expect("no holder panics");
        let simulation = registry.simulations.get(id)?;
        let now = Instant::now();
        Some(if simulation.ends_at.is_some_and(|end| end <= now) {
            simulation.result.clone()
        } else if simulation.runs_at <= now {
            SimulationResult::pending(SimulationStatus::Running)
        } else {
            SimulationResult::pending(SimulationStatus::Queued)
        })
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// POST `/api/v2/flow/simulator`
pub(crate) async fn submit(
    State(app): State<Arc<AppState>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Flow, &["flow:simulator:run"])?;
    let bad = |detail: String| Refusal::new(StatusCode::BAD_REQUEST, detail);
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| bad(format!("the body is no JSON: {error}")))?;
    let request = SimulationRequest::from_json(&body, &app.config.limits).map_err(|errors| {
        let wrong: Vec<String> =
            errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
        bad(wrong.join("; "))
    })?;
    let flow =
        app.flows.find(request.flow_id()).ok_or_else(|| Refusal::not_found("there is no such flow"))?;
    let fault = app.faults.for_run();
    let result = match &fault {
        Some(Kind::FailRun { message }) => SimulationResult {
            status: SimulationStatus::Failed,
            error_message: Some(message.clone()),
            ..execute(flow, request.digits(), request.variables(), app.config.limits.flow_depth)
        },
        _ => execute(flow, request.digits(), request.variables(), app.config.limits.flow_depth),
    };
    let ends = fault != Some(Kind::NeverEnds);
    let id = app.simulator.submit(app.config.simulation_time, ends, result);
    let url = format!("/{}/api/v2/flow/simulator/{id}", Service::Flow.name());
    let job =
        SimulationJob { simulation_id: id, status: SimulationStatus::Queued, result_url: Some(url.clone()) };
    Ok((StatusCode::CREATED, [(header::LOCATION, url)], Json(job)).into_response())
}

/// GET `/api/v2/flow/simulator/{simulationId}`
pub(crate) async fn state(
    State(app): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<SimulationResult>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Flow, &["flow:simulator:read"])?;
    app.simulator.look(&id).map(Json).ok_or_else(|| Refusal::not_found("there is no such simulation"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_brings_the_same_simulations() {
        let run = async |seed: u64| {
            let simulator = Simulator::new(seed);
            let times = (Duration::from_millis(100), Duration::from_millis(900));
            let done = SimulationResult::pending(SimulationStatus::Completed);
            let id = simulator.submit(times, true, done.clone());
            let mut seen = Vec::new();
            loop {
                let status = simulator.look(&id).unwrap().status;
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

    #[test]
    fn old_simulations_are_forgotten() {
        let simulator = Simulator::new(1);
        let done = SimulationResult::pending(SimulationStatus::Completed);
        let times = (Duration::ZERO, Duration::ZERO);
        let first = simulator.submit(times, true, done.clone());
        assert!(simulator.look(&first).is_some());
        for _ in 0..1_000 {
            simulator.submit(times, true, done.clone());
        }
        assert!(simulator.look(&first).is_none());
    }
}
