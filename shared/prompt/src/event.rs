//! The event that is told to analytics about a session.

use base::{field_error::FieldErrors, ids::MediaSessionId, json, timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reply::{PlaybackReply, number};

/// The type of every playback event.
pub const PLAYBACK_EVENT: &str = "IVR_PLAYBACK_CONTROL";
/// Maximum length of a playback state in characters.
const MAX_STATE_CHARS: usize = 128;
/// Maximum latency that is told, in ms: a day.
const MAX_LATENCY_MS: f64 = 86_400_000.0;

/// The facts about an event's body that holds to the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedEvent {
    /// The session.
    pub session_id: MediaSessionId,
    /// True when the body has a time of its own.
    pub is_timed: bool,
}

/// The proxy's answer to an event: CXone has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventReceipt {
    /// The session.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub session_id: MediaSessionId,
    /// Time of the event as it was sent (RFC 3339).
    pub timestamp: String,
    /// The fate of the copy to the configured webhook.
    pub webhook: WebhookCopy,
    /// Troubles that did not keep the event from CXone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The fate of an event's copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum WebhookCopy {
    /// The webhook took it.
    Sent,
    /// The webhook did not take it; a warning says why.
    Failed,
    /// No webhook is configured.
    NotConfigured,
}

impl WebhookCopy {
    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::NotConfigured => "notConfigured",
        }
    }
}

/// Returns the event of a session, or None where the gateway's answer was lost, so that there is nothing to tell.
pub fn playback_event(session_id: &MediaSessionId, reply: &PlaybackReply, timestamp: &str) -> Option<Value> {
    let id = reply.id.as_ref().unwrap_or(session_id);
    Some(json!({
        "eventType": PLAYBACK_EVENT,
        "sessionId": id,
        "timestamp": timestamp,
        "metrics": {
            "latencyMs": number(reply.latency_ms?),
            "formatVerified": reply.format_verified?,
            "bufferPreloaded": reply.buffer_preloaded?,
            "playbackState": reply.playback_state.as_ref()?,
        },
    }))
}

/// Checks an event's body. Its `timestamp` may be missing, null or empty, for the proxy to fill in.
pub fn check(body: &Value) -> Result<CheckedEvent, FieldErrors> {
    json::read(body, |node| {
        let known = ["eventType", "sessionId", "timestamp", "metrics"];
        let fields = node.object()?.only("a playback event", &known);
        let event_type = fields.get("eventType").choice(&[(PLAYBACK_EVENT, ())]);
        let session_id = fields.get("sessionId").id();
        let time = fields.get("timestamp");
        let is_timed = time.value().is_some_and(|value| value.as_str() != Some(""));
        let timed = !is_timed || timestamp::read(&time).is_some();
        let known = ["latencyMs", "formatVerified", "bufferPreloaded", "playbackState"];
        let metrics =
            fields.get("metrics").object().map(|metrics| metrics.only("an event's metrics", &known));
        let metrics = metrics.and_then(|metrics| {
            let latency = metrics.get("latencyMs").number(0.0..=MAX_LATENCY_MS);
            let verified = metrics.get("formatVerified").truth();
            let preloaded = metrics.get("bufferPreloaded").truth();
            let state = metrics.get("playbackState").text_of(1..=MAX_STATE_CHARS);
            latency.and(verified).and(preloaded).and(state)
        });
        event_type.and(metrics)?;
        timed.then_some(CheckedEvent { session_id: session_id?.parse().ok()?, is_timed })
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn event() -> Value {
        json!({
            "eventType": "IVR_PLAYBACK_CONTROL", "sessionId": "s-1", "timestamp": "2026-11-27T20:15:00.000Z",
            "metrics": { "latencyMs": 7, "formatVerified": true, "bufferPreloaded": true, "playbackState": "playing" },
        })
    }

    fn check_fields(body: &Value, wrong: &[&str]) {
        let errors = check(body).err().unwrap_or_default();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, wrong, "{body}: {errors:?}");
    }

    #[test]
    fn an_event_tells_what_the_gateway_answered() {
        let reply = json!({ "id": "s-1", "playbackState": "playing", "formatVerified": true, "bufferPreloaded": true, "latencyMs": 7 });
        let reply = PlaybackReply::answered(serde_json::from_value(reply).unwrap(), 1.0);
        let made = playback_event(&"mine".parse().unwrap(), &reply, "2026-11-27T20:15:00.000Z");
        assert_eq!(made, Some(event()));
        assert_eq!(check(&event()), Ok(CheckedEvent { session_id: "s-1".parse().unwrap(), is_timed: true }));
        let lost = PlaybackReply::confirmed(Some("s-1".parse().unwrap()));
        assert_eq!(playback_event(&"s-1".parse().unwrap(), &lost, "now"), None);
    }

    #[test]
    fn every_wrong_field_is_named_and_a_time_may_be_missing() {
        for time in [Value::Null, json!("")] {
            let mut untimed = event();
            untimed["timestamp"] = time;
            assert!(!check(&untimed).unwrap().is_timed);
        }
        check_fields(&json!([]), &[""]);
        check_fields(&json!({}), &["eventType", "sessionId", "metrics"]);
        check_fields(
            &json!({
                "eventType": "CALL", "sessionId": "a b", "timestamp": "now", "x": 1,
                "metrics": { "latencyMs": -1, "formatVerified": 1, "playbackState": "", "y": 2 },
            }),
            &[
                "x",
                "eventType",
                "sessionId",
                "timestamp",
                "metrics.y",
                "metrics.latencyMs",
                "metrics.formatVerified",
                "metrics.bufferPreloaded",
                "metrics.playbackState",
            ],
        );
    }
}
