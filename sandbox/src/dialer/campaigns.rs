//! Campaigns as jobs of a queue: at most so many at a time, each of which makes its calls and tells of them.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use scenario::dialer::DialerRequest;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wire::cxone::{DialerError, DialerSimulation, DialerState, MetricsAggregation, Service};

use super::{
    timeline::{CallState, Step, Timeline},
    webhook::Sender,
};
use crate::{
    clock::{Clock, timestamp},
    config::SandboxConfig,
    connection::Tasks,
    error::StartError,
    faults::{FaultKind, Faults, JobFault},
    jobs::{Job, JobEnd, JobQueueConfig, JobRefused, JobState, Jobs, Schedule},
    seeded::Seeded,
};

/// Maximum number of campaigns that can be looked up.
const MAX_CAMPAIGNS: usize = 1_000;
/// Maximum number of stored metrics.
const MAX_METRICS: usize = 1_000;
/// Maximum number of webhooks that are under way at a time.
const MAX_DELIVERIES: usize = 32;
/// Time on the dialer's own clock from a campaign's acceptance to its first call.
const SET_UP: Duration = Duration::from_secs(10);

/// The predictive dialer. Its clock runs faster than the wall's, so that a campaign is over in seconds; durations that it
/// tells are its own clock's.
#[derive(Debug)]
pub(crate) struct Dialer {
    clock: Clock,
    jobs: Jobs<Campaign>,
    ids: Mutex<Seeded>,
    speed: f64,
    faults: Arc<Faults>,
    sender: Arc<Sender>,
    deliveries: Arc<Semaphore>,
    metrics: Mutex<VecDeque<MetricsAggregation>>,
    tasks: Tasks,
}

/// A campaign.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) request: DialerRequest,
    seed: u64,
    fault: Option<JobFault>,
    /// Time on the dialer's clock after which it stops before its calls are all made.
    stops_after: Option<Duration>,
    attempted: AtomicU64,
    completed: AtomicU64,
}

impl Dialer {
    pub(crate) fn new(
        clock: Clock,
        config: &SandboxConfig,
        faults: Arc<Faults>,
        tasks: Tasks,
    ) -> Result<Self, StartError> {
        let queue = JobQueueConfig {
            id_prefix: "",
            seed: 0,
            min_time: Duration::ZERO,
            max_time: Duration::ZERO,
            max_active: Some(config.limits.dialer_simulations),
            max_kept: MAX_CAMPAIGNS,
        };
        Ok(Self {
            clock,
            jobs: Jobs::new(clock, queue),
            ids: Mutex::new(Seeded::new(config.simulation_seed)),
            speed: config.dialer_speed.max(0.001),
            faults,
            sender: Arc::new(Sender::new(config.webhook_secret.as_ref())?),
            deliveries: Arc::new(Semaphore::new(MAX_DELIVERIES)),
            metrics: Mutex::default(),
            tasks,
        })
    }

    /// Takes a campaign in, which meets `fault`, and returns its identifier.
    pub(crate) fn submit(
        &self,
        request: DialerRequest,
        fault: Option<JobFault>,
    ) -> Result<String, JobRefused> {
        let (id, seed) = {
            let mut ids = self.ids.lock().expect("no holder panics");
            (format!("dialing-{:016x}", ids.next()), ids.next())
        };
        let skew = fault.as_ref().and_then(JobFault::skew);
        let all = Timeline::new(&request, seed, skew).last().map_or(Duration::ZERO, |step| step.at);
        let (end, stops_after) = match &fault {
            Some(JobFault::Fail { .. }) => (JobEnd::Failed, Some(all / 2)),
            Some(JobFault::NeverEnds) => (JobEnd::Never, Some(all / 2)),
            Some(JobFault::Skew { .. }) | None => (JobEnd::Completed, None),
        };
        let length = stops_after.unwrap_or(all);
        // A little after the last call's end, so that its webhook goes first.
        let ends_after = self.on_the_wall(SET_UP + length) + Duration::from_millis(20);
        let schedule = Schedule { runs_after: self.on_the_wall(SET_UP), ends_after };
        let (attempted, completed) = (AtomicU64::new(0), AtomicU64::new(0));
        let campaign = Campaign { request, seed, fault, stops_after, attempted, completed };
        self.jobs.submit_as(&id, schedule, end, campaign)?;
        Ok(id)
    }

    /// Returns a campaign.
    pub(crate) fn campaign(&self, id: &str) -> Option<Job<Campaign>> {
        self.jobs.job(id)
    }

    /// Returns every campaign that is kept, the oldest first.
    pub(crate) fn campaigns(&self) -> Vec<Job<Campaign>> {
        self.jobs.all()
    }

    /// Stores metrics.
    pub(crate) fn store(&self, metrics: MetricsAggregation) {
        let mut all = self.metrics.lock().expect("no holder panics");
        if all.len() == MAX_METRICS {
            all.pop_front();
        }
        all.push_back(metrics);
    }

    /// Returns the stored metrics, oldest first.
    pub(crate) fn metrics(&self) -> VecDeque<MetricsAggregation> {
        self.metrics.lock().expect("no holder panics").clone()
    }

    /// Runs campaigns until `shutdown`, which cancels those that are active.
    pub(crate) async fn run(self: &Arc<Self>, shutdown: &CancellationToken) {
        let observe = |job: Job<Campaign>| {
            tracing::debug!(campaign = &*job.id, state = ?job.state, "dialer simulation");
            match job.state {
                JobState::Queued | JobState::Cancelled => {}
                JobState::Running => {
                    let (dialer, shutdown) = (Arc::clone(self), shutdown.clone());
                    self.tasks.spawn(async move {
                        let _ = shutdown.run_until_cancelled(dialer.make_calls(&job)).await;
                    });
                }
                JobState::Completed | JobState::Failed => self.tell_end(&job, shutdown),
            }
        };
        self.jobs.run(shutdown, observe).await;
    }

    /// Makes the calls of a campaign, each at its time.
    async fn make_calls(self: &Arc<Self>, job: &Job<Campaign>) {
        let campaign = &job.payload;
        let began = self.clock.now();
        let stops_after = campaign.stops_after.unwrap_or(Duration::MAX);
        let skew = campaign.fault.as_ref().and_then(JobFault::skew);
        let steps = Timeline::new(&campaign.request, campaign.seed, skew);
        for step in steps.take_while(|step| step.at < stops_after) {
            tokio::time::sleep_until(self.clock.deadline(began + self.on_the_wall(step.at))).await;
            match step.state {
                CallState::Dialing => campaign.attempted.fetch_add(1, Ordering::Relaxed),
                CallState::Ringing => 0,
                CallState::Completed(_) => campaign.completed.fetch_add(1, Ordering::Relaxed),
            };
            let call = call_id(&job.id, step.call);
            self.post(job, &format!("{call}-{}", step.state.name()), event(&job.id, &call, &step));
        }
    }

    fn tell_end(self: &Arc<Self>, job: &Job<Campaign>, shutdown: &CancellationToken) {
        if shutdown.is_cancelled() {
            return;
        }
        let simulation = view(job);
        let mut event = json!({
            "simulationId": &*job.id,
            "state": simulation.state,
            "timestamp": timestamp(),
            "callsAttempted": simulation.calls_attempted,
            "callsCompleted": simulation.calls_completed,
            "complianceBypassed": simulation.compliance_bypassed,
        });
        if !simulation.errors.is_empty() {
            event["errors"] = json!(simulation.errors);
        }
        self.post(job, &format!("{}-{}", job.id, simulation.state), event);
    }

    /// Posts an event to the campaign's webhook beside what goes on, unless a fault has it otherwise.
    fn post(self: &Arc<Self>, job: &Job<Campaign>, id: &str, event: Value) {
        let Some(url) = job.payload.request.webhook_url().map(str::to_owned) else { return };
        let fault = self.faults.take_webhook_fault(Service::Dialer);
        if fault == Some(FaultKind::Drop) {
            return;
        }
        let (sender, deliveries, id) =
            (Arc::clone(&self.sender), Arc::clone(&self.deliveries), id.to_owned());
        self.tasks.spawn(async move {
            if let Some(FaultKind::Slow { ms }) = fault {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            let Ok(_permit) = deliveries.acquire().await else { return };
            let body = event.to_string();
            sender.deliver(&url, &id, &body).await;
            if fault == Some(FaultKind::Double) {
                sender.deliver(&url, &id, &body).await;
            } else if fault == Some(FaultKind::Forge) {
                let mut forged = event;
                forged["callId"] = format!("{id}-forged").into();
                sender.forge(&url, &format!("{id}-forged"), &forged.to_string()).await;
            }
        });
    }

    fn on_the_wall(&self, time: Duration) -> Duration {
        time.div_f64(self.speed)
    }
}

fn event(simulation: &str, call: &str, step: &Step) -> Value {
    let mut event = json!({
        "simulationId": simulation,
        "callId": call,
        "state": step.state.name(),
        "timestamp": timestamp(),
        "durationMs": u64::try_from(step.elapsed.as_millis()).unwrap_or(u64::MAX),
    });
    if let CallState::Completed(outcome) = step.state {
        event["outcome"] = outcome.name().into();
    }
    event
}

fn call_id(simulation: &str, call: u64) -> String {
    format!("{simulation}-{call:06}")
}

/// Returns a campaign as CXone would answer.
pub(crate) fn view(job: &Job<Campaign>) -> DialerSimulation {
    let campaign = &job.payload;
    let (state, error) = match (job.state, &campaign.fault) {
        (JobState::Queued, _) => (DialerState::queued(), None),
        (JobState::Running, _) => (DialerState::running(), None),
        (JobState::Completed, _) => (DialerState::completed(), None),
        (JobState::Failed, Some(JobFault::Fail { message })) => {
            (DialerState::failed(), Some(("DIALER_FAILED", message.clone())))
        }
        (JobState::Failed | JobState::Cancelled, _) => {
            (DialerState::failed(), Some(("DIALER_STOPPED", "the dialer stops".to_owned())))
        }
    };
    let is_queued = job.state == JobState::Queued;
    DialerSimulation {
        calls_attempted: campaign.attempted.load(Ordering::Relaxed),
        calls_completed: campaign.completed.load(Ordering::Relaxed),
        compliance_bypassed: (!is_queued).then_some(true),
        errors: error.into_iter().map(|(code, message)| DialerError { code: code.into(), message }).collect(),
        ..DialerSimulation::new(job.id.parse().expect("the stand-in's own identifiers are valid"), state)
    }
}
