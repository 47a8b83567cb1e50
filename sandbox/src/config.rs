//! How a stand-in is set up.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use secrecy::SecretString;
use shared::{menu::FlowDefinition, wire::Limits};

/// How a stand-in is set up.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where it listens (127.0.0.1, any free port).
    pub listen: SocketAddr,
    /// The client that all five services know.
    pub client_id: String,
    /// Its secret; random by default, with characters that only survive if they are encoded as each style asks.
    pub client_secret: SecretString,
    /// How long a token is good for (3,600 s).
    pub token_ttl: Duration,
    /// Scopes the client was never granted: asking for one is refused, and tokens do not carry them (none).
    pub denied_scopes: Vec<String>,
    /// Requests per second and client before 429 (100).
    pub requests_per_second: u32,
    /// Faults at random, the same ones for the same seed (none).
    pub fault_seed: Option<u64>,
    /// How likely each request or socket is to meet one, 0–1 (0.02).
    pub fault_rate: f64,
    /// What cuts the voice stream into messages at odd places (1).
    pub cut_seed: u64,
    /// Of so many dtmf events, one each comes wrapped as base64 and as a nested object, the others directly (3).
    pub dtmf_form_cycle: u32,
    /// How often a socket is pinged (30 s).
    pub ping_interval: Duration,
    /// How long a socket may be silent, pongs included, before it counts as dead (60 s).
    pub dead_after: Duration,
    /// How long a call waits for its first voice socket (60 s).
    pub connect_timeout: Duration,
    /// How long a call outlives its voice socket (30 s).
    pub voice_grace: Duration,
    /// The most calls at a time (500).
    pub max_calls: usize,
    /// What a simulation's request, and its path, may be (the contract's).
    pub limits: Limits,
    /// What simulations' identifiers and times are drawn from (1).
    pub simulation_seed: u64,
    /// How long a simulation takes at least and at most (300 ms, 2 s).
    pub simulation_time: (Duration, Duration),
    /// Flows besides the embedded ones; one of the same identifier replaces it.
    pub extra_flows: Vec<FlowDefinition>,
    /// Recordings besides the embedded ones, by asset, as 8 kHz samples.
    pub extra_prompts: Vec<(String, Arc<[i16]>)>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            client_id: "dialbench-sandbox".into(),
            client_secret: format!("{:032x}+/&= %ü", rand::random::<u128>()).into(),
            token_ttl: Duration::from_hours(1),
            denied_scopes: Vec::new(),
            requests_per_second: 100,
            fault_seed: None,
            fault_rate: 0.02,
            cut_seed: 1,
            dtmf_form_cycle: 3,
            ping_interval: Duration::from_secs(30),
            dead_after: Duration::from_mins(1),
            connect_timeout: Duration::from_mins(1),
            voice_grace: Duration::from_secs(30),
            max_calls: 500,
            limits: Limits::default(),
            simulation_seed: 1,
            simulation_time: (Duration::from_millis(300), Duration::from_secs(2)),
            extra_flows: Vec::new(),
            extra_prompts: Vec::new(),
        }
    }
}
