//! Settings of a stand-in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ivr::FlowDefinition;
use secrecy::SecretString;
use wire::api::Limits;

/// Settings of a stand-in, with their defaults in parentheses.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Address to listen on (127.0.0.1, any free port).
    pub listen: SocketAddr,
    /// Client identifier that all five services accept (`dialbench-sandbox`).
    pub client_id: String,
    /// The client's secret (random, with characters that arrive only if the client encodes them as each style asks).
    pub client_secret: SecretString,
    /// Time for which an access token is valid (3,600 s).
    pub token_ttl: Duration,
    /// Scopes that the client lacks: a request for one is refused, and tokens do not carry them (none).
    pub denied_scopes: Vec<String>,
    /// Maximum number of requests per second and client; further ones get 429 (100).
    pub requests_per_second: u32,
    /// Seed of random faults; the same seed gives the same faults (none, so no random faults).
    pub fault_seed: Option<u64>,
    /// Probability of a random fault for each request and socket, 0–1 (0.02).
    pub fault_rate: f64,
    /// Seed of the sizes of the messages that the voice stream is fragmented into (1).
    pub fragment_seed: u64,
    /// Number of dtmf events in a cycle, of which one comes wrapped as base64, one as a nested object, and the others
    /// directly (3).
    pub dtmf_form_cycle: u32,
    /// Time between two pings of a socket (30 s).
    pub ping_interval: Duration,
    /// Time without a message or pong after which a socket counts as dead (60 s).
    pub dead_after: Duration,
    /// Time for which a call waits for its first voice socket (60 s).
    pub connect_timeout: Duration,
    /// Time for which a call outlives its voice socket (30 s).
    pub voice_grace: Duration,
    /// Maximum number of live calls (500).
    pub max_calls: usize,
    /// Limits of a simulation's request and of its path (see [`Limits`]).
    pub limits: Limits,
    /// Seed of the simulations' identifiers and times (1).
    pub simulation_seed: u64,
    /// Shortest and longest time that a simulation takes (300 ms, 2 s).
    pub simulation_time: (Duration, Duration),
    /// Speed of the dialer's clock: at 20, a call of a minute is over in three seconds, and is told as one of a minute (20).
    pub dialer_speed: f64,
    /// Secret that webhooks are signed with: base64 with or without `whsec_` before it, or any other text (none, so they are
    /// not signed).
    pub webhook_secret: Option<SecretString>,
    /// Flows besides the embedded ones; one with the same identifier replaces an embedded one (none).
    pub extra_flows: Vec<FlowDefinition>,
    /// Recordings besides the embedded ones: asset identifier and samples at 8 kHz, mono (none).
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
            fragment_seed: 1,
            dtmf_form_cycle: 3,
            ping_interval: Duration::from_secs(30),
            dead_after: Duration::from_mins(1),
            connect_timeout: Duration::from_mins(1),
            voice_grace: Duration::from_secs(30),
            max_calls: 500,
            limits: Limits::default(),
            simulation_seed: 1,
            simulation_time: (Duration::from_millis(300), Duration::from_secs(2)),
            dialer_speed: 20.0,
            webhook_secret: None,
            extra_flows: Vec::new(),
            extra_prompts: Vec::new(),
        }
    }
}
