//! CXone's messages on the interactions socket, read without loss.

use base::digit::Digit;
use base64::Engine as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// One message of the interactions socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A digit was heard, in either of CXone's two forms.
    Dtmf(DtmfEvent),
    /// The call's state, or what its IVR is doing.
    Interaction(InteractionEvent),
    /// Anything else, kept to be shown.
    Unknown(Unknown),
}

/// A digit that CXone heard on a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DtmfEvent {
    /// The interaction (call) it belongs to.
    pub interaction_id: String,
    /// The channel within the interaction.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel_id: String,
    /// The digit.
    pub digit: Digit,
    /// Time at which CXone heard it, as CXone writes it (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
}

/// News of an interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InteractionEvent {
    /// The interaction (call).
    pub interaction_id: String,
    /// `connecting`, `streaming`, `disconnecting`, `terminated`, or whatever CXone adds.
    #[serde(default)]
    pub state: String,
    /// Time, as CXone writes it (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
    /// The voice stream's call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// The flow the call is in, where CXone says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// The flow's node the call is in, where CXone says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// Activity of the IVR, where CXone reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// The action the IVR just took (`sales`, `fallback_repeat_prompt`), where CXone says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// Activity of an IVR, as far as its menu machine's timers depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// The call went to another node.
    NodeEntered,
    /// The node's prompts began to play.
    PromptStarted,
    /// The last of the node's prompts has been heard to its end.
    PromptEnded,
    /// A digit cut the node's prompts short.
    PromptInterrupted,
    /// An action was taken.
    Action,
    /// Anything else.
    #[serde(untagged)]
    Other(String),
}

impl<'de> Deserialize<'de> for Activity {
    /// A derived reader would try the variants one after the other on a buffer, for whose code the page has no room.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match &*name {
            "node_entered" => Self::NodeEntered,
            "prompt_started" => Self::PromptStarted,
            "prompt_ended" => Self::PromptEnded,
            "prompt_interrupted" => Self::PromptInterrupted,
            "action" => Self::Action,
            _ => Self::Other(name),
        })
    }
}

/// A message of a type nobody knows, or of a known type that cannot be read as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its `eventType`, where it has one.
    pub event_type: Option<String>,
    /// The interaction it names, where it names one.
    pub interaction_id: Option<String>,
    /// The reason why it is not understood.
    pub reason: String,
    /// The message as it came.
    pub raw: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(default)]
    event_type: Option<String>,
    #[serde(default)]
    interaction_id: Option<String>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

/// Reads a message. Nothing is lost: what is not understood comes back as [`Message::Unknown`] with its text.
pub fn parse(text: &str) -> Message {
    parse_at_depth(text, 0).unwrap_or_else(|(envelope, reason)| {
        let (event_type, interaction_id) = envelope;
        Message::Unknown(Unknown { event_type, interaction_id, reason, raw: text.to_owned() })
    })
}

type Failure = ((Option<String>, Option<String>), String);

/// CXone wraps an event in a `media` message at most once; a second wrapping is not followed.
fn parse_at_depth(text: &str, depth: u8) -> Result<Message, Failure> {
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|error| ((None, None), format!("no JSON object: {error}")))?;
    let named = (envelope.event_type.clone(), envelope.interaction_id.clone());
    match envelope.event_type.as_deref() {
        Some("dtmf") => serde_json::from_str(text)
            .map(Message::Dtmf)
            .map_err(|error| (named, format!("a dtmf event that cannot be read: {error}"))),
        Some("interaction") => serde_json::from_str(text)
            .map(Message::Interaction)
            .map_err(|error| (named, format!("an interaction event that cannot be read: {error}"))),
        Some("media") if depth == 0 => {
            let Some(payload) = envelope.payload else {
                return Err((named, "a media message without a payload".to_owned()));
            };
            let inner = unwrap_payload(payload.get()).map_err(|reason| (named.clone(), reason))?;
            parse_at_depth(&inner, 1).map_err(|(_, reason)| (named, format!("in a media message: {reason}")))
        }
        Some(other) => {
            let reason = format!("unknown event type {other:?}");
            Err((named, reason))
        }
        None => Err((named, "no eventType".to_owned())),
    }
}

/// A payload is the event as a nested object, or a string with the base64 of its JSON, as Go's `[]byte` is written.
fn unwrap_payload(payload: &str) -> Result<String, String> {
    if !payload.starts_with('"') {
        return Ok(payload.to_owned());
    }
    let encoded: String = serde_json::from_str(payload).map_err(|error| error.to_string())?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(&encoded)
        .map_err(|error| format!("a media payload that is no base64: {error}"))?;
    String::from_utf8(bytes).map_err(|_| "a media payload that is no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    const DIRECT: &str = r##"{"eventType":"dtmf","interactionId":"i-1","channelId":"c-1","digit":"#","timestamp":"2026-01-02T03:04:05Z"}"##;

    fn expected() -> DtmfEvent {
        DtmfEvent {
            interaction_id: "i-1".into(),
            channel_id: "c-1".into(),
            digit: Digit::POUND,
            timestamp: "2026-01-02T03:04:05Z".into(),
        }
    }

    #[test]
    fn every_form_of_a_digit_is_read() {
        let encoded = base64::engine::general_purpose::STANDARD.encode(DIRECT);
        for text in [
            DIRECT.to_owned(),
            format!(r#"{{"eventType":"media","payload":{DIRECT}}}"#),
            format!(r#"{{"eventType":"media","payload":"{encoded}"}}"#),
        ] {
            assert_eq!(parse(&text), Message::Dtmf(expected()), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_kept_with_its_reason() {
        let check = |text: &str, event_type: Option<&str>, reason: &str| {
            let Message::Unknown(unknown) = parse(text) else { panic!("{text} was understood") };
            assert_eq!(unknown.event_type.as_deref(), event_type, "{text}");
            assert_eq!(unknown.raw, text);
            assert!(unknown.reason.contains(reason), "{text}: {}", unknown.reason);
        };
        check("nonsense", None, "no JSON object");
        check("[1]", None, "no JSON object");
        check(r#"{"a":1}"#, None, "no eventType");
        check(r#"{"eventType":"sentiment"}"#, Some("sentiment"), "unknown event type");
        check(r#"{"eventType":"dtmf","interactionId":"i","digit":"x"}"#, Some("dtmf"), "no DTMF digit");
        check(r#"{"eventType":"media","payload":"%%"}"#, Some("media"), "no base64");
        check(r#"{"eventType":"media"}"#, Some("media"), "without a payload");
    }

    proptest! {
        #[test]
        fn no_text_is_fatal(text in "\\PC{0,200}") {
            if let Message::Unknown(unknown) = parse(&text) {
                prop_assert_eq!(unknown.raw, text);
            }
        }

        #[test]
        fn a_digit_survives_writing_and_reading(code in 0u8..16, id in "[a-z0-9-]{1,12}") {
            let event = DtmfEvent { interaction_id: id, channel_id: String::new(), digit: Digit::from_code(code).unwrap(), timestamp: String::new() };
            let mut value = serde_json::to_value(&event).unwrap();
            value["eventType"] = "dtmf".into();
            prop_assert_eq!(parse(&value.to_string()), Message::Dtmf(event));
        }
    }
}
