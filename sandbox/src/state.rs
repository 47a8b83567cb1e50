//! The state that all handlers share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    calls::{CallContext, CallLimits, Calls},
    clock::Clock,
    config::SandboxConfig,
    connection::{Connections, Outages, Tasks},
    dialer::Dialer,
    error::StartError,
    faults::{Faults, SeededFaults},
    flows::Flows,
    interactions::Hub,
    media::MediaGateway,
    oauth::Tokens,
    prompts::Prompts,
    qa::QaExports,
    rate_limit::RateLimit,
    simulator::Simulator,
    socket::SocketContext,
};

/// The state that all handlers share.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) config: SandboxConfig,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) rate_limit: RateLimit,
    pub(crate) faults: Arc<Faults>,
    pub(crate) flows: Flows,
    pub(crate) simulator: Simulator,
    pub(crate) dialer: Arc<Dialer>,
    pub(crate) media: MediaGateway,
    pub(crate) qa: QaExports,
    pub(crate) hub: Arc<Hub>,
    pub(crate) calls: Calls,
    pub(crate) connections: Connections,
    pub(crate) outages: Outages,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: Tasks,
}

impl AppState {
    /// Loads flows and prompts, and checks that every flow has its prompts.
    pub(crate) fn new(config: SandboxConfig, outages: Outages) -> Result<Arc<Self>, StartError> {
        let flows = Flows::load(&config.extra_flows)?;
        let prompts = Prompts::load(&config.extra_prompts)?;
        for flow in flows.all() {
            prompts.check_flow(flow.definition())?;
        }
        let seeded = config.fault_seed.map(|seed| SeededFaults { seed, rate: config.fault_rate });
        let faults = Arc::new(Faults::new(seeded));
        let hub = Arc::new(Hub::new(config.dtmf_form_cycle));
        let clock = Clock::new();
        let simulator =
            Simulator::new(clock, config.simulation_seed, config.simulation_time, config.limits.flow_depth);
        let prompts = Arc::new(prompts);
        let media = MediaGateway::new(clock, &config.limits, Arc::clone(&prompts));
        let (shutdown, tasks) = (CancellationToken::new(), Tasks::new());
        let dialer = Arc::new(Dialer::new(clock, &config, Arc::clone(&faults), tasks.clone())?);
        let calls = Calls::new(CallContext {
            clock,
            prompts,
            faults: Arc::clone(&faults),
            hub: Arc::clone(&hub),
            limits: CallLimits {
                connect_timeout: config.connect_timeout,
                voice_grace: config.voice_grace,
                max_calls: config.max_calls,
            },
            shutdown: shutdown.clone(),
            tasks: tasks.clone(),
        });
        Ok(Arc::new(Self {
            tokens: Arc::new(Tokens::new(config.token_ttl)),
            rate_limit: RateLimit::new(config.requests_per_second),
            faults,
            flows,
            simulator,
            dialer,
            media,
            qa: QaExports::default(),
            hub,
            calls,
            connections: Connections::default(),
            outages,
            shutdown,
            tasks,
            config,
        }))
    }

    /// Returns the parts that sockets use.
    pub(crate) fn socket_context(&self) -> SocketContext {
        SocketContext {
            faults: Arc::clone(&self.faults),
            tokens: Arc::clone(&self.tokens),
            shutdown: self.shutdown.clone(),
            ping_interval: self.config.ping_interval,
            dead_after: self.config.dead_after,
        }
    }
}
