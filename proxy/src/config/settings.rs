use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use reqwest::Url;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use wire::{
    api::{Limits, ProfileName},
    cxone::Service,
};

use super::{DatabaseUrl, ForwardProxies, ServiceConfig, WebhookConfig};
use crate::logging::LogFormat;

/// The proxy's configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on (`127.0.0.1:8787`).
    pub listen: SocketAddr,
    /// Kind of CXone that the proxy talks to.
    pub profile: ProfileName,
    /// File of the audit log (`dialbench-audit.jsonl`).
    pub audit_log: PathBuf,
    /// Access token that requests must show; always set when listening beyond loopback.
    pub access_token: Option<SecretString>,
    /// Origins that may use the proxy besides its own.
    pub allowed_origins: Vec<String>,
    /// Names, with a port where it is not the scheme's, under which the proxy may be addressed.
    pub public_hosts: Vec<String>,
    /// Addresses of the proxies before this one whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed (none).
    pub trusted_proxies: Vec<IpAddr>,
    /// Folder of the page's files, instead of those in the binary.
    pub app_dir: Option<PathBuf>,
    /// The five services.
    pub services: BTreeMap<Service, ServiceConfig>,
    /// Address at which the stand-in takes calls to place; set by the program that starts it.
    pub sandbox_control: Option<Url>,
    /// Limits that are checked before CXone is asked.
    pub limits: Limits,
    /// The only address that test results may be exported to.
    pub qa_endpoint: Option<Url>,
    /// The only address that copies of playback events go to.
    pub analytics_webhook: Option<Url>,
    /// Filters that are sent with the subscription to events (none).
    pub event_filters: Vec<EventFilter>,
    /// Rules by which CXone signs the events that it posts.
    pub webhook: WebhookConfig,
    /// Database of the dialer's events (`sqlite:dialbench.db`).
    pub database_url: DatabaseUrl,
    /// Number of days for which events are kept (30).
    pub retention_days: u32,
    /// Address under which CXone reaches the proxy.
    pub public_url: Option<Url>,
    /// Format of the log lines.
    pub log_format: LogFormat,
    /// Proxies through which CXone is reached (none).
    pub forward_proxies: ForwardProxies,
    /// Times and sizes that only tests and unusual networks change.
    pub tuning: Tuning,
}

impl Config {
    /// Returns true where a proxy that listens on `listening` is reached from this machine alone.
    pub fn is_local(&self, listening: SocketAddr) -> bool {
        listening.ip().is_loopback() && self.public_url.as_ref().is_none_or(is_loopback)
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Test that CXone puts an event to before it sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// Field of the event.
    pub field: String,
    /// Name of the comparison, such as `eq`.
    pub operator: String,
    /// Value to compare with.
    pub value: serde_json::Value,
}

/// Times and sizes that only tests and unusual networks change.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Time within which a client must have sent a request's headers (10 s).
    pub header_timeout: Duration,
    /// Time within which a request must be answered (60 s).
    pub request_timeout: Duration,
    /// Time for which the sender of a request's body may pause (10 s).
    pub body_timeout: Duration,
    /// Time for which a client may take nothing of its answer (10 s).
    pub write_timeout: Duration,
    /// Maximum number of open connections (4,096, or as many as the system's limit on open files leaves room for). Sockets
    /// of pages and calls are counted for themselves.
    pub max_connections: usize,
    /// Maximum number of open connections from one address (2,048).
    pub max_client_connections: usize,
    /// Maximum number of open pages (256).
    pub max_pages: usize,
    /// Maximum number of open pages of one client (192: a quarter of the places is left to the others).
    pub max_client_pages: usize,
    /// Maximum number of open voice relays (50, the limit on media streams).
    pub max_voice: usize,
    /// Maximum size of a body in bytes (1 MiB).
    pub max_body: usize,
    /// Maximum size of an uploaded prompt in bytes (32 MiB).
    pub max_prompt: usize,
    /// Maximum number of media posts that wait for their turn (64: some 13 s at five a second).
    pub max_media_queue: usize,
    /// Time within which a connection or handshake with CXone must succeed (5 s: a link must find CXone soon after its
    /// return).
    pub connect_timeout: Duration,
    /// Interval between pings of a link (30 s).
    pub ping_every: Duration,
    /// Silence after which a link is dead (60 s).
    pub dead_after: Duration,
    /// Time within which a page must take what it is sent (5 s).
    pub slow_after: Duration,
    /// Time to wait for a page's `resume` before it is sent live events (250 ms).
    pub resume_within: Duration,
    /// Maximum number of events in the ring (4,096).
    pub ring_events: usize,
    /// Maximum size of the events in the ring in bytes (8 MiB).
    pub ring_bytes: usize,
    /// Interval at which the audit log is looked at and its end kept elsewhere (1 min).
    pub audit_look_interval: Duration,
    /// Time within which open sockets and requests must end at shutdown (5 s).
    pub drain: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_mins(1),
            body_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            max_connections: 4_096,
            max_client_connections: 2_048,
            max_pages: 256,
            max_client_pages: 192,
            max_voice: 50,
            max_body: 1 << 20,
            max_prompt: 32 << 20,
            max_media_queue: 64,
            connect_timeout: Duration::from_secs(5),
            ping_every: Duration::from_secs(30),
            dead_after: Duration::from_mins(1),
            slow_after: Duration::from_secs(5),
            resume_within: Duration::from_millis(250),
            ring_events: 4_096,
            ring_bytes: 8 << 20,
            audit_look_interval: Duration::from_mins(1),
            drain: Duration::from_secs(5),
        }
    }
}
