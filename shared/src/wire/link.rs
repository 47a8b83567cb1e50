//! `/ws/interactions`, both ways.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What the server says on `/ws/interactions`; read with [`ServerMessage::parse`].
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ServerMessage {
    /// The state of the proxy's own connection to CXone.
    Link(LinkMessage),
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

/// A link's state as the page is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkMessage {
    /// The link's state.
    #[serde(flatten)]
    pub status: LinkStatus,
    /// The newest event when the page connected. Events up to it are replayed, later ones come as they happen. Only a
    /// connection's first message has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
}

/// A place in the stream of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The life of the ring that `offset` counts in.
    pub epoch: String,
    /// The newest event's offset; 0 before the first.
    pub offset: u64,
}

/// The state of the proxy's connection to CXone's interactions socket.
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

impl LinkStatus {
    /// A link that nobody has asked for, or needs any more.
    pub const CLOSED: Self =
        Self { state: LinkState::Closed, attempt: 0, retry_in_ms: None, close_code: None, detail: None };
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
    /// Nothing was missed: send events as they come. Who says neither gets them a moment later, in case of a resume.
    Live,
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
            Ok(ServerMessage::Link(LinkMessage {
                status: LinkStatus {
                    state: LinkState::Reconnecting,
                    attempt: 2,
                    retry_in_ms: Some(300),
                    close_code: Some(1006),
                    ..
                },
                head: None,
            }))
        ));
        let gap =
            ServerMessage::parse(r#"{"type":"gap","epoch":"e","from":3,"reason":"upstream_reconnect"}"#);
        assert!(matches!(
            gap,
            Ok(ServerMessage::Gap(Gap { from: 3, to: None, reason: GapReason::UpstreamReconnect, .. }))
        ));
        assert!(ServerMessage::parse(r#"{"type":"other"}"#).is_err());

        let first = LinkMessage {
            status: LinkStatus { state: LinkState::Open, ..LinkStatus::CLOSED },
            head: Some(Head { epoch: "e".into(), offset: 41 }),
        };
        let text = serde_json::to_string(&ServerMessage::Link(first.clone())).unwrap();
        assert_eq!(text, r#"{"type":"link","state":"open","attempt":0,"head":{"epoch":"e","offset":41}}"#);
        assert!(matches!(ServerMessage::parse(&text), Ok(ServerMessage::Link(read)) if read == first));
    }
}
