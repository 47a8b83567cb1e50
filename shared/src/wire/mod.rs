//! What travels between the page and the proxy.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What the server says on `/ws/interactions`; read with [`ServerMessage::parse`].
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ServerMessage {
    /// How the proxy's own connection to CXone stands.
    Link(LinkStatus),
    /// A message of CXone's, as it sent it.
    Event {
        /// Which life of the proxy's ring `offset` counts in.
        epoch: String,
        /// The event's place in the ring, rising by one.
        offset: u64,
        /// The message; text that was no JSON comes as a JSON string.
        event: Box<RawValue>,
    },
    /// Events are missing.
    Gap(Gap),
}

impl ServerMessage {
    /// Reads a message. By hand, because a derived tagged enum cannot hold the event's text unchanged.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(borrow, rename = "type")]
            kind: std::borrow::Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Event {
            epoch: String,
            offset: u64,
            #[serde(rename = "event")]
            message: Box<RawValue>,
        }
        let tag: Tag<'_> = serde_json::from_str(text)?;
        match &*tag.kind {
            "link" => serde_json::from_str(text).map(Self::Link),
            "gap" => serde_json::from_str(text).map(Self::Gap),
            "event" => serde_json::from_str(text).map(|Event { epoch, offset, message }| Self::Event {
                epoch,
                offset,
                event: message,
            }),
            other => Err(serde::de::Error::unknown_variant(other, &["link", "event", "gap"])),
        }
    }
}

/// How the proxy's connection to CXone's interactions socket stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkStatus {
    /// The connection's state.
    pub state: LinkState,
    /// How many attempts the present outage has taken; 0 while open.
    #[serde(default)]
    pub attempt: u32,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// The close code, or the HTTP status, that ended the last connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_code: Option<u16>,
    /// What happened, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A link's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// The first attempt is under way.
    Connecting,
    /// Open and subscribed.
    Open,
    /// Lost; another attempt is under way or waits.
    Reconnecting,
    /// Given up, or not configured.
    Closed,
}

/// Events that will not come.
///
/// A gap takes offsets as events do: after it, `to` is the last offset that was seen, and a page that resumes there is not
/// told again. Offset 0 comes before all; a gap of another life's begins there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gap {
    /// Which life of the ring.
    pub epoch: String,
    /// The first offset that may be missing.
    pub from: u64,
    /// The last offset that is missing, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Why.
    pub reason: GapReason,
}

/// Why events are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// CXone's connection was lost; what it sent meanwhile is unknown.
    UpstreamReconnect,
    /// This page read too slowly.
    SlowConsumer,
    /// The ring no longer holds what was asked for, or it is another life's.
    Expired,
}

/// What the page says on `/ws/interactions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ClientMessage {
    /// Send everything after this.
    Resume {
        /// Which life of the ring.
        epoch: String,
        /// The last offset that was seen.
        offset: u64,
    },
}

/// An error of an `/api` route: RFC 9457, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The kind of problem: `about:blank` or a path of the documentation.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The kind's name.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, whose fault it is and what to do.
    #[serde(default)]
    pub detail: String,
    /// What is wrong with which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Which service of CXone's answered with what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamStatus>,
    /// When to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's path: `digits`, `nodes[3].branches[0].to`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl FieldError {
    /// `message` about `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// An answer of one of CXone's services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpstreamStatus {
    /// The service.
    pub service: String,
    /// Its HTTP status; absent where it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// `GET /api/profile`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// `sandbox` or `tutorial`.
    pub profile: String,
    /// The program's version.
    pub version: String,
    /// CXone's five services.
    pub services: Vec<ServiceStatus>,
    /// The limits that are checked before CXone is asked.
    pub limits: Limits,
}

/// Whether a service is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// `interactions`, `voice`, `flow`, `dialer`, `media`.
    pub name: String,
    /// Whether it can be used.
    pub configured: bool,
    /// What is missing, by the names of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// The limits of CXone that are checked before it is asked; CONTRACT section 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all(serialize = "camelCase"), default, deny_unknown_fields)]
pub struct Limits {
    /// Digits in a simulation (50).
    #[serde(alias = "dtmfSequence")]
    pub dtmf_sequence: usize,
    /// Variables in a simulation (100).
    pub variables: usize,
    /// Media references in a simulation (10).
    #[serde(alias = "mediaReferences")]
    pub media_references: usize,
    /// Nodes on one path (200).
    #[serde(alias = "flowDepth")]
    pub flow_depth: usize,
    /// Active dialer simulations per organisation (5).
    #[serde(alias = "dialerSimulations")]
    pub dialer_simulations: usize,
    /// Media streams (50).
    #[serde(alias = "mediaStreams")]
    pub media_streams: usize,
    /// Requests per second and client (100).
    #[serde(alias = "requestsPerSecond")]
    pub requests_per_second: u32,
    /// Media posts at a time and per second (5).
    #[serde(alias = "mediaPosts")]
    pub media_posts: u32,
    /// How often a running simulation is asked for (15).
    #[serde(alias = "pollAttempts")]
    pub poll_attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            dtmf_sequence: 50,
            variables: 100,
            media_references: 10,
            flow_depth: 200,
            dialer_simulations: 5,
            media_streams: 50,
            requests_per_second: 100,
            media_posts: 5,
            poll_attempts: 15,
        }
    }
}

/// `POST /api/calls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlaceCall {
    /// The flow that answers.
    pub flow_id: String,
}

/// A call that was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacedCall {
    /// The interaction, whose events come on `/ws/interactions`.
    pub interaction_id: String,
    /// The call, whose voice is on `/ws/voice/{callId}`.
    pub call_id: String,
}

/// `GET /api/interactions/{id}/call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStatus {
    /// The interaction.
    pub interaction_id: String,
    /// The call.
    pub call_id: String,
    /// `connecting`, `streaming`, `disconnecting` or `terminated`.
    pub state: String,
}

/// One line of `GET /api/flow/definitions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlowSummary {
    /// The flow.
    pub flow_id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

/// `GET /api/flow/definitions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowList {
    /// The flows.
    pub flows: Vec<FlowSummary>,
}

/// `POST /simulate/dtmf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulateDtmf {
    /// The interaction the digits belong to.
    pub interaction_id: String,
    /// The digits.
    pub digits: String,
    /// The flow; the first one where none is named.
    #[serde(default)]
    pub flow_id: Option<String>,
    /// Time between digits in milliseconds (500).
    #[serde(default)]
    pub gap_ms: Option<u32>,
}

/// What [`SimulateDtmf`] led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimulatedDtmf {
    /// `simulated`.
    pub status: String,
    /// The digits.
    pub sequence: String,
    /// The time the run took on the simulated clock, in milliseconds.
    pub duration: u64,
    /// The actions that were taken, in order.
    pub actions: Vec<String>,
    /// The nodes that were reached, in order.
    pub path: Vec<String>,
    /// Whether a sequence was corrected.
    pub corrected: bool,
}

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its place in the trail, from 1.
    pub seq: u64,
    /// When (RFC 3339).
    pub timestamp: String,
    /// What was done: `call.place`, `voice.open`.
    pub action: String,
    /// What ties the entries of one request together.
    pub correlation_id: String,
    /// `ok`, `refused` or `failed`.
    pub outcome: String,
    /// Whatever else is known, without secrets.
    #[serde(default)]
    pub detail: serde_json::Value,
    /// SHA-256 of the line before, in hex.
    pub prev: String,
    /// SHA-256 of this line without this field, in hex.
    pub hash: String,
}

/// `GET /api/audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// Entries, oldest first.
    pub entries: Vec<AuditEntry>,
    /// What to give as `after` for the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_event_comes_through_to_the_letter() {
        let cxone = r#"{"eventType" : "dtmf", "n": 1.00, "interactionId":"ä"}"#;
        let sent = ServerMessage::Event {
            epoch: "e".into(),
            offset: 7,
            event: RawValue::from_string(cxone.into()).unwrap(),
        };
        let text = serde_json::to_string(&sent).unwrap();
        let ServerMessage::Event { epoch, offset, event } = ServerMessage::parse(&text).unwrap() else {
            panic!("not an event: {text}");
        };
        assert_eq!((&*epoch, offset, event.get()), ("e", 7, cxone));
    }

    #[test]
    fn the_contract_s_messages_are_read() {
        let link = ServerMessage::parse(
            r#"{"type":"link","state":"reconnecting","attempt":2,"retryInMs":300,"closeCode":1006}"#,
        );
        assert!(matches!(
            link,
            Ok(ServerMessage::Link(LinkStatus {
                state: LinkState::Reconnecting,
                attempt: 2,
                retry_in_ms: Some(300),
                close_code: Some(1006),
                ..
            }))
        ));
        let gap =
            ServerMessage::parse(r#"{"type":"gap","epoch":"e","from":3,"reason":"upstream_reconnect"}"#);
        assert!(matches!(
            gap,
            Ok(ServerMessage::Gap(Gap { from: 3, to: None, reason: GapReason::UpstreamReconnect, .. }))
        ));
        assert!(ServerMessage::parse(r#"{"type":"other"}"#).is_err());
    }
}
