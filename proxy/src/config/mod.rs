//! What the proxy is told: flags, environment, TOML file, in this order of strength.

mod file;
mod load;
mod service;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use reqwest::Url;
use secrecy::SecretString;
use shared::wire::Limits;

pub use load::{ConfigError, Environment, Overrides};
pub use service::{Service, ServiceConfig, TokenStyle};

/// Which CXone the proxy talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The embedded stand-in.
    Sandbox,
    /// CXone as the five tutorials describe it.
    Tutorial,
}

impl Profile {
    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Tutorial => "tutorial",
        }
    }
}

/// Everything the proxy is told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens (`127.0.0.1:8787`).
    pub listen: SocketAddr,
    /// Which CXone it talks to.
    pub profile: Profile,
    /// The audit log's file (`dialbench-audit.jsonl`).
    pub audit_log: PathBuf,
    /// What a request must show to be served; always set when listening beyond loopback.
    pub access_token: Option<SecretString>,
    /// Origins that may use the proxy besides its own.
    pub allowed_origins: Vec<String>,
    /// Names, with a port where it is not the scheme's, under which the proxy may be addressed.
    pub public_hosts: Vec<String>,
    /// The app's files from a folder instead of the binary.
    pub app_dir: Option<PathBuf>,
    /// The five services.
    pub services: BTreeMap<Service, ServiceConfig>,
    /// Where the stand-in is told to place calls; set by whoever starts it.
    pub sandbox_control: Option<Url>,
    /// What is checked before CXone is asked.
    pub limits: Limits,
    /// Where test results may be exported to, and nowhere else.
    pub qa_endpoint: Option<Url>,
    /// What signs webhooks; unset means that signatures are not checked.
    pub webhook_secret: Option<SecretString>,
    /// Times and sizes that only tests and unusual networks change.
    pub tuning: Tuning,
}

/// Times and sizes that only tests and unusual networks change.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// A client must have sent its request's headers after this long (10 s).
    pub header_timeout: Duration,
    /// A request must be answered after this long (60 s).
    pub request_timeout: Duration,
    /// Open connections (1,024).
    pub max_connections: usize,
    /// Open pages (256).
    pub max_pages: usize,
    /// Open voice relays (50, the limit on media streams).
    pub max_voice: usize,
    /// A body may be this long, in bytes (1 MiB).
    pub max_body: usize,
    /// A handshake or a request to CXone must succeed after this long (5 s: a link must find CXone soon after its return).
    pub connect_timeout: Duration,
    /// A link is pinged this often (30 s).
    pub ping_every: Duration,
    /// A link that was silent for this long is dead (60 s).
    pub dead_after: Duration,
    /// A page that takes nothing for this long is too slow (5 s).
    pub slow_after: Duration,
    /// A page's `resume` is waited for this long before it is sent live events (250 ms).
    pub resume_within: Duration,
    /// The ring holds this many events (4,096).
    pub ring_events: usize,
    /// The ring holds this many bytes of events (8 MiB).
    pub ring_bytes: usize,
    /// Open sockets and requests are given this long at shutdown (5 s).
    pub drain: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_mins(1),
            max_connections: 1_024,
            max_pages: 256,
            max_voice: 50,
            max_body: 1 << 20,
            connect_timeout: Duration::from_secs(5),
            ping_every: Duration::from_secs(30),
            dead_after: Duration::from_mins(1),
            slow_after: Duration::from_secs(5),
            resume_within: Duration::from_millis(250),
            ring_events: 4_096,
            ring_bytes: 8 << 20,
            drain: Duration::from_secs(5),
        }
    }
}
