//! What all handlers share.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    calls::Calls,
    clock::Clock,
    config::SandboxConfig,
    faults::{Faults, SeededFaults},
    flows::Flows,
    interactions::Hub,
    limits::RateLimit,
    oauth::Tokens,
    prompts::Prompts,
    qa::Qa,
    server::{Connections, Outage, StartError, Tasks},
    simulator::Simulator,
};

/// What all handlers share.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) config: SandboxConfig,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) rate_limit: RateLimit,
    pub(crate) faults: Faults,
    pub(crate) flows: Flows,
    pub(crate) simulator: Simulator,
    pub(crate) qa: Qa,
    pub(crate) prompts: Prompts,
    pub(crate) hub: Hub,
    pub(crate) calls: Calls,
    pub(crate) connections: Connections,
    pub(crate) outages: mpsc::Sender<Outage>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: Tasks,
}

impl AppState {
    /// Reads flows and prompts, and checks that every flow has its prompts.
    pub(crate) fn new(config: SandboxConfig, outages: mpsc::Sender<Outage>) -> Result<Arc<Self>, StartError> {
        let flows = Flows::load(&config.extra_flows)?;
        let prompts = Prompts::load(&config.extra_prompts)?;
        for flow in flows.all() {
            prompts.check(flow.definition())?;
        }
        let seeded = config.fault_seed.map(|seed| SeededFaults { seed, rate: config.fault_rate });
        Ok(Arc::new(Self {
            clock: Clock::new(),
            tokens: Tokens::new(config.token_ttl),
            rate_limit: RateLimit::new(config.requests_per_second),
            faults: Faults::new(seeded),
            flows,
            simulator: Simulator::new(config.simulation_seed),
            qa: Qa::default(),
            prompts,
            hub: Hub::new(config.dtmf_form_cycle),
            calls: Calls::default(),
            connections: Connections::default(),
            outages,
            shutdown: CancellationToken::new(),
            tasks: Tasks::new(),
            config,
        }))
    }
}
