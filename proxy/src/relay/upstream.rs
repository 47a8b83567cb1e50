//! The hub's own connection: the driver of [`Reconnect`].

use std::time::{Duration, Instant};

use base64::Engine as _;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use serde_json::{json, value::RawValue};
use shared::{
    link::{Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput},
    wire::LinkState,
};
use tokio::time::{MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{self, Message};

use super::{close, hub::Hub};
use crate::{
    audit::Entry,
    cxone::{DialError, Upstream},
    id::CorrelationId,
};

/// Of a binary message, which the contract does not know, this much is shown.
const SHOWN_BYTES: usize = 256;

/// Keeps the subscription up until the proxy shuts down.
pub(super) async fn keep_up(hub: Hub) {
    let epoch = Instant::now();
    let now =
        || shared::time::Instant::from_micros(u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX));
    let mut machine = Reconnect::new(ReconnectConfig::default(), rand::random());
    let mut connection = Connection { hub: &hub, was_open: false, correlation: CorrelationId::random() };
    machine.handle_input(now(), ReconnectInput::Start);
    let shutdown = hub.context().shutdown.clone();
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
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(due - now()) => machine.handle_timeout(now()),
            },
        }
    }
}

enum Next {
    Dial,
    Wait(shared::time::Instant),
}

/// Tells pages what the machine says and returns what it wants; `detail` is why the last connection ended.
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
    was_open: bool,
    correlation: CorrelationId,
}

impl Connection<'_> {
    /// Dials and subscribes; `None` where the proxy shuts down.
    async fn dial(&self) -> Option<Result<Upstream, Ended>> {
        let context = self.hub.context();
        let dialling = async {
            let mut socket = context.cxone.dial_interactions().await.map_err(|error| not_dialled(&error))?;
            let subscription = json!({
                "interactionType": "voice",
                "eventTypes": ["media", "dtmf", "interaction"],
            });
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

    /// Listens until the end; `None` where the proxy shuts down.
    async fn live(&mut self, mut socket: Upstream) -> Option<Ended> {
        let context = self.hub.context();
        let _open = context.metrics.socket("upstream");
        tracing::info!(again = self.was_open, "the interactions socket is open");
        if std::mem::replace(&mut self.was_open, true) {
            self.hub.reconnected();
        }
        self.audit("link.open", "ok", json!({ "link": "interactions" }));
        let listened = tokio::select! {
            () = context.shutdown.cancelled() => None,
            code = self.listen(&mut socket) => Some(code),
        };
        let Some(code) = listened else {
            close::end(&mut socket, Some(close::GOING_AWAY), "dialbench shuts down").await;
            return None;
        };
        let how = code.map_or_else(|| "without a close frame".to_owned(), |code| format!("with code {code}"));
        let detail = format!("interactions: the connection ended {how}");
        tracing::warn!(code, "the interactions socket is lost");
        self.audit("link.lost", "failed", json!({ "link": "interactions", "closeCode": code }));
        Some(Ended { loss: Loss::Closed(code), detail })
    }

    fn audit(&self, action: &'static str, outcome: &'static str, detail: serde_json::Value) {
        let entry = Entry { action, correlation: self.correlation.clone(), outcome, detail };
        self.hub.context().audit.note(entry);
    }

    /// Passes events on until the connection ends; the close code, where there was one.
    async fn listen<S>(&self, socket: &mut S) -> Option<u16>
    where
        S: Stream<Item = Result<Message, tungstenite::Error>> + Sink<Message> + Unpin,
    {
        let tuning = &self.hub.context().tuning;
        let mut heard = tokio::time::Instant::now();
        let mut ping = interval_at(heard + tuning.ping_every, tuning.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // What CXone says comes first: a busy connection needs no ping and is not dead.
            tokio::select! {
                biased;
                message = socket.next() => {
                    heard = tokio::time::Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.hub.event(as_event(text.as_str())),
                        Some(Ok(Message::Binary(bytes))) => self.hub.event(binary_event(&bytes)),
                        Some(Ok(Message::Close(frame))) => {
                            let code = frame.map_or(1005, |frame| frame.code.into());
                            // Reading on sends the answer that the close handshake asks for.
                            let _ = timeout(Duration::from_secs(1), socket.next()).await;
                            return Some(code);
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                        Some(Err(error)) => {
                            tracing::debug!(%error, "reading from the interactions socket");
                            return None;
                        }
                        None => return None,
                    }
                }
                () = sleep_until(heard + tuning.dead_after) => return None,
                _ = ping.tick() => {
                    let pinging = socket.send(Message::Ping(tungstenite::Bytes::new()));
                    if !matches!(timeout(tuning.ping_every, pinging).await, Ok(Ok(()))) {
                        return None;
                    }
                }
            }
        }
    }
}

fn not_dialled(error: &DialError) -> Ended {
    let loss = match error {
        DialError::Refused { status, retry_after, .. } => Loss::Refused(*status, *retry_after),
        DialError::Token(error) => {
            error.status().map_or(Loss::Network, |status| Loss::Refused(status, error.retry_after()))
        }
        DialError::Network { .. } | DialError::NotConfigured(_) => Loss::Network,
    };
    Ended { loss, detail: error.to_string() }
}

/// The text as it came where it is JSON, else as a JSON string.
fn as_event(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| raw(&text))
}

fn binary_event(bytes: &[u8]) -> Box<RawValue> {
    let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
    let shown = base64::engine::general_purpose::STANDARD.encode(shown);
    raw(&BinaryEvent { event_type: "binary", bytes: bytes.len(), base64: &shown })
}

/// A binary message where CXone sends text: how long it was, and its beginning.
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
