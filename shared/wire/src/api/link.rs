//! Messages on `/ws/interactions`, both ways.

use base::lenient;
use jobs::LinkStatus;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, value::RawValue};

/// Message from the server on `/ws/interactions`; read with [`ServerMessage::parse`].
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ServerMessage {
    /// The state of the proxy's own connection to CXone.
    Link(LinkMessage),
    /// A message of CXone's, as it sent it.
    Event {
        /// Identifier of the ring that `offset` counts in; it changes when the proxy restarts.
        epoch: String,
        /// Position of the event in the ring, rising by one.
        offset: u64,
        /// The message; text that was no JSON comes as a JSON string.
        event: Box<RawValue>,
    },
    /// Range of events that are missing.
    Gap(Gap),
}

impl ServerMessage {
    /// Reads a message. A derived tagged enum could not hold the event's text unchanged.
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
        #[derive(Deserialize)]
        struct Newest {
            head: Option<Head>,
        }
        let tag: Tag<'_> = serde_json::from_str(text)?;
        match &*tag.kind {
            // The parts one by one: a flattened struct would be read by way of a buffer, whose code the page has no room for.
            "link" => Ok(Self::Link(LinkMessage {
                status: serde_json::from_str(text)?,
                head: serde_json::from_str::<Newest>(text)?.head,
            })),
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkMessage {
    /// The link's state.
    #[serde(flatten)]
    pub status: LinkStatus,
    /// The newest event when the page connected. Events up to it are replayed, later ones come as they happen. Only a
    /// connection's first message has it.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// Range of events that will not come.
///
/// A gap takes offsets as events do: after it, `to` is the last offset that was seen, and a page that resumes there does not
/// get the gap again. Offset 0 lies before every event; a gap for a page that knows another ring begins there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gap {
    /// Identifier of the ring.
    pub epoch: String,
    /// The first offset that may be missing.
    pub from: u64,
    /// The last offset that is missing, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Reason of the gap.
    pub reason: GapReason,
}

/// Reason of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The connection to CXone was lost; events that CXone sent meanwhile are unknown.
    UpstreamReconnect,
    /// This page read too slowly.
    SlowConsumer,
    /// The ring no longer holds the events that were asked for, or the page knows another ring.
    Expired,
}

impl GapReason {
    const ALL: [Self; 3] = [Self::UpstreamReconnect, Self::SlowConsumer, Self::Expired];

    const fn name(self) -> &'static str {
        match self {
            Self::UpstreamReconnect => "upstream_reconnect",
            Self::SlowConsumer => "slow_consumer",
            Self::Expired => "expired",
        }
    }
}

impl<'de> Deserialize<'de> for GapReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::named(deserializer, &Self::ALL, Self::name)
    }
}

/// Message from the page on `/ws/interactions`; read with [`ClientMessage::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ClientMessage {
    /// Asks for every event after `offset`.
    Resume {
        /// Identifier of the ring.
        epoch: String,
        /// The last offset that was seen.
        offset: u64,
    },
    /// Asks for events as they come. A page that sends neither message gets them a moment later, in case of a resume.
    Live,
}

/// Message from the page that cannot be used, in words that a close frame has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFault(pub String);

impl ClientMessage {
    /// Maximum number of characters that are quoted of a message.
    const MAX_QUOTED_CHARS: usize = 24;

    /// Reads a message. One of an unknown type is `None`, for there may be more types one day; what has a known type and
    /// cannot be followed is a fault, for a page that is not told would take itself for resumed.
    pub fn parse(text: &str) -> Result<Option<Self>, ClientFault> {
        let fault = |text: &str| Err(ClientFault(text.to_owned()));
        let Ok(Value::Object(message)) = serde_json::from_str(text) else {
            return fault("a message is a JSON object");
        };
        match message.get("type").and_then(Value::as_str) {
            Some("live") => Ok(Some(Self::Live)),
            Some("resume") => {
                let Some(Value::String(epoch)) = message.get("epoch") else {
                    return fault("resume: epoch must be the text that events carry");
                };
                let offset = message.get("offset").unwrap_or(&Value::Null);
                let Some(offset) = offset.as_u64() else {
                    let shown: String = offset.to_string().chars().take(Self::MAX_QUOTED_CHARS).collect();
                    return Err(ClientFault(format!("resume: offset must be a whole number, not {shown}")));
                };
                Ok(Some(Self::Resume { epoch: epoch.clone(), offset }))
            }
            Some(_) => Ok(None),
            None => fault("a message has a type: resume or live"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use jobs::LinkState;

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
    fn what_a_page_says_is_followed_or_refused_with_words() {
        let resume = |offset| ClientMessage::Resume { epoch: "e".into(), offset };
        let check = |text: &str, expect: ClientMessage| {
            assert_eq!(ClientMessage::parse(text), Ok(Some(expect)), "{text}");
        };
        check(r#"{"type":"live"}"#, ClientMessage::Live);
        check(r#"{"type":"resume","epoch":"e","offset":0}"#, resume(0));
        check(r#"{"offset":41,"more":[],"epoch":"e","type":"resume"}"#, resume(41));
        check(r#"{"type":"resume","epoch":"e","offset":18446744073709551615}"#, resume(u64::MAX));
        let written = serde_json::to_string(&resume(7)).unwrap();
        check(&written, resume(7));
        assert_eq!(ClientMessage::parse(r#"{"type":"later"}"#), Ok(None));

        let refused = |text: &str, word: &str| {
            let ClientFault(words) = ClientMessage::parse(text).unwrap_err();
            assert!(words.contains(word), "{text}: {words}");
            assert!(words.len() <= 123, "{words:?} has no room in a close frame");
        };
        for offset in ["5.0", "-1", "1e3", "18446744073709551616", "1e400", "\"5\"", "null", "[]", "true"] {
            let text = format!(r#"{{"type":"resume","epoch":"e","offset":{offset}}}"#);
            // Beyond any number of JSON's, the text is no JSON for this reader.
            refused(&text, if offset == "1e400" { "JSON" } else { "whole number" });
        }
        let long = format!(r#"{{"type":"resume","epoch":"e","offset":"{}"}}"#, "ü".repeat(500));
        refused(&long, "whole number");
        refused(r#"{"type":"resume","epoch":"e"}"#, "whole number");
        refused(r#"{"type":"resume","offset":5}"#, "epoch");
        refused(r#"{"type":"resume","epoch":7,"offset":5}"#, "epoch");
        for garbage in ["", "resume", "[]", "5", "{", "\u{0}", "null"] {
            refused(garbage, "JSON object");
        }
        refused(r#"{"epoch":"e","offset":5}"#, "type");
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
