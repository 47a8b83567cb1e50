//! Metrics for Prometheus. Labels are names from the program; nothing that a client sends becomes one.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use wire::api::AuditHead;

use crate::config::Service;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ServiceResult {
    service: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Towards {
    towards: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct HeadHash {
    hash: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

/// The metrics, cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Request, Counter>,
    latency: Family<Route, Histogram, fn() -> Histogram>,
    tokens: Family<ServiceResult, Counter>,
    upstream: Family<ServiceResult, Counter>,
    sockets: Family<Kind, Gauge>,
    events: Counter,
    gaps: Family<Reason, Counter>,
    slow_pages: Counter,
    cut_off_answers: Counter,
    connections_given_way: Counter,
    voice_bytes: Family<Towards, Counter>,
    voice_dropped: Family<Towards, Counter>,
    media_sessions: Family<Outcome, Counter>,
    media_posts_waiting: Gauge,
    webhook_copies: Family<Outcome, Counter>,
    webhooks: Family<Outcome, Counter>,
    audit_head: Family<HeadHash, Gauge>,
}

/// Returns a histogram of answer times, 0.5 ms to 16 s.
fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 16))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("dialbench");
        let requests = Family::default();
        let latency = Family::new_with_constructor(latency_histogram as fn() -> Histogram);
        let (tokens, upstream, sockets) = (Family::default(), Family::default(), Family::default());
        let (events, gaps, slow_pages) = (Counter::default(), Family::default(), Counter::default());
        let (voice_bytes, voice_dropped) = (Family::default(), Family::default());
        registry.register("http_requests", "Requests by route and status", requests.clone());
        registry.register("http_request_seconds", "Time to answer", latency.clone());
        registry.register("token_requests", "Token requests by service", tokens.clone());
        registry.register("upstream_requests", "Requests and handshakes sent to CXone", upstream.clone());
        registry.register("sockets", "Open WebSockets and streams of events", sockets.clone());
        registry.register("events", "Events received from CXone", events.clone());
        registry.register("gaps", "Gaps sent to pages", gaps.clone());
        registry.register("slow_pages", "Pages closed because they read too slowly", slow_pages.clone());
        let (cut_off_answers, connections_given_way) = (Counter::default(), Counter::default());
        let help = "Answers that were cut off because their client took no more of them";
        registry.register("cut_off_answers", help, cut_off_answers.clone());
        let help = "Connections that were closed to make room for newer ones";
        registry.register("connections_given_way", help, connections_given_way.clone());
        registry.register("voice_bytes", "Audio relayed, in bytes", voice_bytes.clone());
        registry.register("voice_dropped_frames", "Frames of 20 ms dropped", voice_dropped.clone());
        let (media_sessions, webhook_copies) = (Family::default(), Family::default());
        let media_posts_waiting = Gauge::default();
        let help = "Media sessions that were asked for, by what became of them";
        registry.register("media_sessions", help, media_sessions.clone());
        let help = "Media posts that wait for their turn";
        registry.register("media_posts_waiting", help, media_posts_waiting.clone());
        let help = "Copies of playback events for the configured webhook";
        registry.register("webhook_copies", help, webhook_copies.clone());
        let webhooks = Family::default();
        let help = "Events of the dialer's simulations, by what became of them";
        registry.register("webhooks", help, webhooks.clone());
        let audit_head = Family::default();
        let help = "Number of the audit trail's newest entry, with its hash";
        registry.register("audit_head", help, audit_head.clone());
        Self(Arc::new(Inner {
            registry,
            requests,
            latency,
            tokens,
            upstream,
            sockets,
            events,
            gaps,
            slow_pages,
            cut_off_answers,
            connections_given_way,
            voice_bytes,
            voice_dropped,
            media_sessions,
            media_posts_waiting,
            webhook_copies,
            webhooks,
            audit_head,
        }))
    }

    /// Counts a request that was answered.
    pub(crate) fn request(&self, method: &'static str, route: &str, status: u16, duration: Duration) {
        self.0.requests.get_or_create(&Request { method, route: route.to_owned(), status }).inc();
        self.0.latency.get_or_create(&Route { route: route.to_owned() }).observe(duration.as_secs_f64());
    }

    /// Counts a request to a token endpoint.
    pub(crate) fn token_request(&self, service: Service, result: &'static str) {
        self.0.tokens.get_or_create(&ServiceResult { service: service.name(), result }).inc();
    }

    /// Counts a request or handshake that was sent to CXone.
    pub(crate) fn upstream_request(&self, service: Service, result: &'static str) {
        self.0.upstream.get_or_create(&ServiceResult { service: service.name(), result }).inc();
    }

    /// Counts an open socket until the returned guard is dropped.
    pub(crate) fn socket(&self, kind: &'static str) -> Counted {
        let gauge = self.0.sockets.get_or_create(&Kind { kind }).clone();
        gauge.inc();
        Counted(gauge)
    }

    /// Counts an event from CXone.
    pub(crate) fn event(&self) {
        self.0.events.inc();
    }

    /// Counts a gap.
    pub(crate) fn gap(&self, reason: wire::api::GapReason) {
        use wire::api::GapReason as R;
        let reason = match reason {
            R::UpstreamReconnect => "upstream_reconnect",
            R::SlowConsumer => "slow_consumer",
            R::Expired => "expired",
        };
        self.0.gaps.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a page that was closed because it read too slowly.
    pub(crate) fn slow_page(&self) {
        self.0.slow_pages.inc();
    }

    /// Counts an answer that was cut off because its client took no more of it.
    pub(crate) fn cut_off_answer(&self) {
        self.0.cut_off_answers.inc();
    }

    /// Counts a connection that was closed to make room for a newer one.
    pub(crate) fn connection_gave_way(&self) {
        self.0.connections_given_way.inc();
    }

    /// Counts bytes sent and frames dropped.
    pub(crate) fn voice(&self, towards: &'static str, (bytes, dropped_frames): (u64, u64)) {
        self.0.voice_bytes.get_or_create(&Towards { towards }).inc_by(bytes);
        self.0.voice_dropped.get_or_create(&Towards { towards }).inc_by(dropped_frames);
    }

    /// Counts a media session by what became of it.
    pub(crate) fn media_session(&self, result: &'static str) {
        self.0.media_sessions.get_or_create(&Outcome { result }).inc();
    }

    /// Counts a media post that waits until the returned guard is dropped.
    pub(crate) fn waiting_media_post(&self) -> Counted {
        self.0.media_posts_waiting.inc();
        Counted(self.0.media_posts_waiting.clone())
    }

    /// Counts a copy of a playback event by what became of it.
    pub(crate) fn webhook_copy(&self, result: &'static str) {
        self.0.webhook_copies.get_or_create(&Outcome { result }).inc();
    }

    /// Counts an event of the dialer's simulations by what became of it.
    pub(crate) fn webhook(&self, result: &'static str) {
        self.0.webhooks.get_or_create(&Outcome { result }).inc();
    }

    /// Returns the metrics in Prometheus' text format. `audit_head` is the audit trail's newest entry.
    pub(crate) fn text(&self, audit_head: AuditHead) -> String {
        // One entry is the newest: the hashes before are no series of their own.
        self.0.audit_head.clear();
        let seq = i64::try_from(audit_head.seq).unwrap_or(i64::MAX);
        self.0.audit_head.get_or_create(&HeadHash { hash: audit_head.hash }).set(seq);
        let mut text = String::new();
        encode(&mut text, &self.0.registry).expect("writing to a string cannot fail");
        text
    }
}

/// Guard that counts something, such as an open socket, for as long as it lives.
pub(crate) struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
