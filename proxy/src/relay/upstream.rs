//! The connection that brings the hub its events: the driver of [`Reconnect`].

use std::time::Instant;

use base::ids::CorrelationId;
use base64::Engine as _;
use futures_util::{SinkExt as _, StreamExt as _};
use jobs::{Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
use serde_json::{json, value::RawValue};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use wire::api::{AuditOutcome, GapReason, LinkState};

use super::{close, context::Context, hub::Hub};
use crate::{
    audit::{Audit, Entry},
    cxone::{Cxone, DialError, Upstream},
    id,
    socket::{Broken, Fault, Received, Socket},
};

/// Close code that stands for a close frame without one (RFC 6455, section 7.4.1).
const NO_CODE: u16 = 1005;
/// Maximum number of bytes that are shown of a binary message, which the contract does not have.
const MAX_SHOWN_BYTES: usize = 256;

/// Subscribes to CXone's events once the hub wants them, and keeps the subscription up until the proxy shuts down.
pub(crate) async fn keep_up(hub: Hub, cxone: Cxone, audit: Audit, context: Context) {
    tokio::select! {
        () = context.shutdown.cancelled() => return,
        () = hub.connection_wanted() => {}
    }
    let epoch = Instant::now();
    let now =
        || base::time::Instant::from_micros(u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX));
    let mut machine = Reconnect::new(ReconnectConfig::default(), rand::random());
    let mut connection = Connection {
        hub: &hub,
        cxone: &cxone,
        audit: &audit,
        context: &context,
        was_open: false,
        correlation: id::random_correlation(),
    };
    machine.handle_input(now(), ReconnectInput::Start);
    let mut detail = None;
    while let Some(next) = drive(&mut machine, &hub, detail.as_deref()) {
        match next {
            Next::Dial => {
                let Some(dialled) = connection.dial().await else { return };
                let ended = match dialled {
                    Ok(socket) => {
                        machine.handle_input(now(), ReconnectInput::Opened);
                        drive(&mut machine, &hub, None);
                        let Some(ended) = connection.live(socket).await else { return };
                        ended
                    }
                    Err(ended) => ended,
                };
                detail = Some(ended.detail);
                machine.handle_input(now(), ReconnectInput::Lost(ended.loss));
            }
            Next::Wait(due) => tokio::select! {
                () = context.shutdown.cancelled() => return,
                () = tokio::time::sleep(due - now()) => machine.handle_timeout(now()),
            },
        }
    }
}

enum Next {
    Dial,
    Wait(base::time::Instant),
}

/// Shows the machine's status to pages and returns its next step; `detail` is the reason of the last connection's end.
fn drive(machine: &mut Reconnect, hub: &Hub, detail: Option<&str>) -> Option<Next> {
    let mut dial = false;
    while let Some(output) = machine.poll_output() {
        match output {
            ReconnectOutput::Dial => dial = true,
            ReconnectOutput::HangUp => return None,
            ReconnectOutput::Status(mut status) => {
                if status.state == LinkState::Reconnecting
                    && let Some(detail) = detail
                {
                    status.detail = Some(detail.to_owned());
                }
                hub.publish(status);
            }
        }
    }
    if dial { Some(Next::Dial) } else { machine.poll_timeout().map(Next::Wait) }
}

struct Ended {
    loss: Loss,
    detail: String,
}

struct Connection<'a> {
    hub: &'a Hub,
    cxone: &'a Cxone,
    audit: &'a Audit,
    context: &'a Context,
    was_open: bool,
    correlation: CorrelationId,
}

impl Connection<'_> {
    /// Dials and subscribes. Returns `None` where the proxy shuts down.
    async fn dial(&self) -> Option<Result<Upstream, Ended>> {
        let context = self.context;
        let dialling = async {
            let mut socket = self.cxone.dial_interactions().await.map_err(|error| not_dialled(&error))?;
            let mut subscription = json!({
                "interactionType": "voice",
                "eventTypes": ["media", "dtmf", "interaction"],
            });
            if !context.filters.is_empty() {
                subscription["filters"] = json!(context.filters);
            }
            let subscribing = socket.send(Message::text(subscription.to_string()));
            match timeout(context.tuning.connect_timeout, subscribing).await {
                Ok(Ok(())) => Ok(socket),
                Ok(Err(_)) | Err(_) => Err(Ended {
                    loss: Loss::Closed(None),
                    detail: "interactions: the connection ended before the subscription was sent".into(),
                }),
            }
        };
        tokio::select! {
            () = context.shutdown.cancelled() => None,
            dialled = dialling => Some(dialled),
        }
    }

    /// Listens until the connection ends. Returns `None` where the proxy shuts down.
    async fn live(&mut self, mut socket: Upstream) -> Option<Ended> {
        let context = self.context;
        let _open = context.metrics.socket("upstream");
        tracing::info!(again = self.was_open, "the interactions socket is open");
        if std::mem::replace(&mut self.was_open, true) {
            context.metrics.gap(GapReason::UpstreamReconnect);
            self.hub.push_gap(GapReason::UpstreamReconnect);
        }
        self.record("link.open", AuditOutcome::Ok, json!({ "link": "interactions" }));
        let listened = tokio::select! {
            () = context.shutdown.cancelled() => None,
            heard = self.listen(&mut socket) => Some(heard),
        };
        let Some(heard) = listened else {
            close::close(&mut socket, close::GOING_AWAY, "dialbench shuts down").await;
            return None;
        };
        let (code, detail) = match heard {
            Heard::Close(close) => {
                close::answer(&mut socket).await;
                let code = close.map_or(NO_CODE, |(code, _)| code);
                (Some(code), format!("interactions: the connection ended with code {code}"))
            }
            Heard::Fault(fault) => {
                close::close_faulty(&mut socket, &fault).await;
                let detail = format!("interactions: CXone broke the protocol: {}", fault.reason);
                (Some(fault.code), detail)
            }
            Heard::Nothing => (None, "interactions: the connection ended without a close frame".to_owned()),
        };
        tracing::warn!(code, "the interactions socket is lost");
        self.record("link.lost", AuditOutcome::Failed, json!({ "link": "interactions", "closeCode": code }));
        Some(Ended { loss: Loss::Closed(code), detail })
    }

    fn record(&self, action: &'static str, outcome: AuditOutcome, detail: serde_json::Value) {
        let entry = Entry { action: action.into(), correlation: self.correlation.clone(), outcome, detail };
        self.audit.note(entry);
    }

    fn push_event(&self, event: Box<RawValue>) {
        self.context.metrics.event();
        let length = event.get().len();
        if !self.hub.push_event(event) {
            self.context.metrics.gap(GapReason::Expired);
            tracing::warn!(length, "an event is too long for pages, and is a gap for them");
        }
    }

    /// Passes events on until the connection ends.
    async fn listen<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: &mut Socket<S>) -> Heard {
        let tuning = &self.context.tuning;
        let mut last_received = tokio::time::Instant::now();
        let mut ping = interval_at(last_received + tuning.ping_every, tuning.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // CXone's messages come first: a busy connection needs no ping and is not dead.
            tokio::select! {
                biased;
                message = socket.next() => {
                    last_received = tokio::time::Instant::now();
                    match message {
                        Some(Ok(Received::Text(text))) => {
                            self.push_event(as_event(&self.cxone.redactor().json(text.as_str())));
                        }
                        Some(Ok(Received::Binary(bytes))) => {
                            self.push_event(binary_event(&self.cxone.redactor().body(bytes)));
                        }
                        Some(Ok(Received::Close(close))) => return Heard::Close(close),
                        Some(Ok(Received::Ping | Received::Pong(_))) => {}
                        Some(Err(Broken::Fault(fault))) => return Heard::Fault(fault),
                        Some(Err(Broken::Lost(error))) => {
                            tracing::debug!(%error, "reading from the interactions socket");
                            return Heard::Nothing;
                        }
                        None => return Heard::Nothing,
                    }
                }
                () = sleep_until(last_received + tuning.dead_after) => return Heard::Nothing,
                _ = ping.tick() => {
                    let pinging = socket.send(Message::Ping(bytes::Bytes::new()));
                    if !matches!(timeout(tuning.ping_every, pinging).await, Ok(Ok(()))) {
                        return Heard::Nothing;
                    }
                }
            }
        }
    }
}

/// End of a connection, as it was heard of.
enum Heard {
    /// A close frame, with a code and a reason unless it gave none.
    Close(Option<(u16, String)>),
    /// A violation of the protocol.
    Fault(Fault),
    /// No close frame: the connection was lost, or silent for too long.
    Nothing,
}

/// Returns the end of a connection that was not made.
fn not_dialled(error: &DialError) -> Ended {
    let loss = match error {
        DialError::Refused { status, retry_after, .. } => Loss::Refused(*status, *retry_after),
        DialError::Paused(paused) => Loss::Refused(paused.status, Some(paused.left)),
        DialError::Token(error) => {
            error.status().map_or(Loss::Network, |status| Loss::Refused(status, error.retry_after()))
        }
        DialError::Broken { .. }
        | DialError::Tunnel { .. }
        | DialError::Network { .. }
        | DialError::NotConfigured(_) => Loss::Network,
    };
    Ended { loss, detail: error.to_string() }
}

/// Returns a text as it was received where it is JSON, else as a JSON string.
fn as_event(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| raw(&text))
}

/// Returns the event that stands for a binary message.
fn binary_event(bytes: &[u8]) -> Box<RawValue> {
    let shown = &bytes[..bytes.len().min(MAX_SHOWN_BYTES)];
    let shown = base64::engine::general_purpose::STANDARD.encode(shown);
    raw(&BinaryEvent { event_type: "binary", bytes: bytes.len(), base64: &shown })
}

/// Length and beginning of a binary message, where CXone sends text.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct BinaryEvent<'a> {
    event_type: &'static str,
    bytes: usize,
    base64: &'a str,
}

fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("strings and numbers are always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_becomes_an_event() {
        let check = |text: &str, expect: &str| assert_eq!(as_event(text).get(), expect);
        check(r#"{"a" : 1.00}"#, r#"{"a" : 1.00}"#);
        check("garbage \"", r#""garbage \"""#);
        check("", r#""""#);
        check("{\"a\":1} trailing", r#""{\"a\":1} trailing""#);
        assert_eq!(binary_event(&[0, 255]).get(), r#"{"eventType":"binary","bytes":2,"base64":"AP8="}"#);
    }
}
