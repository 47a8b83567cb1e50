//! Subscriptions, which select the events that a socket sends.
//!
//! `{"interactionType":"voice","eventTypes":["media","dtmf","interaction"],"filters":[{"field","operator","value"}]?}`
//!
//! An event is sent if its type is subscribed to and every filter matches. A dtmf event is sent directly to subscribers of
//! `dtmf`, wrapped to subscribers of `media`, and by turns in both forms to subscribers of both.
//! Filters look at the event itself, wrapped or not. Operators: `eq`, `ne`, `contains`, `startsWith`, `endsWith` with a
//! string, `in` with a list of strings or one string with commas. A field that the event lacks matches `ne` alone.

use serde::Deserialize;
use serde_json::Value;

use super::hub::{EventKind, EventType, Form, Published};

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    interaction_type: InteractionType,
    event_types: Vec<EventType>,
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    interaction_type: InteractionType,
    event_types: Vec<EventType>,
    #[serde(default)]
    filters: Option<Vec<Filter>>,
}

/// The media of an interaction. The stand-in has voice alone, so subscribers of the others receive nothing.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum InteractionType {
    Voice,
    Chat,
    Email,
    Sms,
}

#[derive(Debug, Deserialize)]
struct Filter {
    field: String,
    #[serde(flatten)]
    test: Test,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "operator", content = "value", rename_all = "camelCase")]
enum Test {
    Eq(String),
    Ne(String),
    In(OneOrMany),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Subscription {
    /// Parses a subscription; the error is a close frame's reason.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        /// A close frame's reason has at most 123 bytes (RFC 6455 section 5.5).
        const MAX_REASON_BYTES: usize = 120;
        let message: Message = serde_json::from_str(text).map_err(|error| {
            let mut reason = format!("malformed subscription: {error}");
            reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
            reason
        })?;
        if message.event_types.is_empty() {
            return Err("malformed subscription: no eventTypes".into());
        }
        let Message { interaction_type, event_types, filters } = message;
        Ok(Self { interaction_type, event_types, filters: filters.unwrap_or_default() })
    }

    /// Returns the text to send for an event, if it is subscribed to.
    pub(super) fn render(&self, published: &Published) -> Option<String> {
        let subscribed = |kind| self.event_types.contains(&kind);
        let form = match published.kind {
            EventKind::Interaction => subscribed(EventType::Interaction).then_some(Form::Direct),
            EventKind::Dtmf(form) => match (subscribed(EventType::Dtmf), subscribed(EventType::Media)) {
                (true, false) => Some(Form::Direct),
                (false, true) if form == Form::Direct => Some(Form::Base64),
                (_, true) => Some(form),
                (false, false) => None,
            },
        }?;
        let voice = self.interaction_type == InteractionType::Voice;
        let selected = voice && self.filters.iter().all(|filter| filter.matches(&published.event));
        selected.then(|| published.text(form))
    }
}

impl Filter {
    fn matches(&self, event: &Value) -> bool {
        let actual = match event.get(&self.field) {
            Some(Value::String(text)) => text,
            Some(other) => &other.to_string(),
            None => return matches!(self.test, Test::Ne(_)),
        };
        match &self.test {
            Test::Eq(value) => actual == value,
            Test::Ne(value) => actual != value,
            Test::In(OneOrMany::One(list)) => list.split(',').any(|value| value.trim() == actual),
            Test::In(OneOrMany::Many(values)) => values.contains(actual),
            Test::Contains(value) => actual.contains(value),
            Test::StartsWith(value) => actual.starts_with(value),
            Test::EndsWith(value) => actual.ends_with(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn subscription(event_types: &str, filters: &str) -> Result<Subscription, String> {
        Subscription::parse(&format!(
            r#"{{"interactionType":"voice","eventTypes":{event_types},"filters":{filters}}}"#
        ))
    }

    fn digit(form: Form) -> Published {
        let event =
            json!({ "eventType": "dtmf", "interactionId": "int-7", "channelId": "ch-7", "digit": "5" });
        Published { event, kind: EventKind::Dtmf(form) }
    }

    #[test]
    fn filters_decide() {
        let check = |filters: &str, holds: bool| {
            let subscription = subscription(r#"["dtmf"]"#, filters).expect(filters);
            assert_eq!(subscription.render(&digit(Form::Direct)).is_some(), holds, "{filters}");
        };
        check("[]", true);
        check("null", true);
        check(r#"[{"field":"digit","operator":"eq","value":"5"}]"#, true);
        check(r#"[{"field":"digit","operator":"ne","value":"5"}]"#, false);
        check(r#"[{"field":"digit","operator":"in","value":"4, 5"}]"#, true);
        check(r#"[{"field":"digit","operator":"in","value":["4","6"]}]"#, false);
        check(r#"[{"field":"interactionId","operator":"startsWith","value":"int-"}]"#, true);
        check(r#"[{"field":"interactionId","operator":"endsWith","value":"-8"}]"#, false);
        check(r#"[{"field":"interactionId","operator":"contains","value":"t-7"}]"#, true);
        check(r#"[{"field":"callId","operator":"eq","value":"x"}]"#, false);
        check(r#"[{"field":"callId","operator":"ne","value":"x"}]"#, true);
        let both = r#"[{"field":"digit","operator":"eq","value":"5"},{"field":"channelId","operator":"eq","value":"x"}]"#;
        check(both, false);
    }

    #[test]
    fn a_digit_comes_in_a_form_that_was_asked_for() {
        let check = |event_types: &str, form: Form, wrapped: Option<bool>| {
            let text = subscription(event_types, "[]").unwrap().render(&digit(form));
            let is_wrapped = text.map(|text| text.contains(r#""eventType":"media""#));
            assert_eq!(is_wrapped, wrapped, "{event_types} {form:?}");
        };
        check(r#"["dtmf"]"#, Form::Nested, Some(false));
        check(r#"["media"]"#, Form::Direct, Some(true));
        check(r#"["media","dtmf"]"#, Form::Direct, Some(false));
        check(r#"["media","dtmf"]"#, Form::Base64, Some(true));
        check(r#"["interaction"]"#, Form::Direct, None);
    }

    #[test]
    fn what_is_no_subscription_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"interactionType":"voice"}"#,
            r#"{"interactionType":"voice","eventTypes":[]}"#,
            r#"{"interactionType":"voice","eventTypes":["weather"]}"#,
            r#"{"interactionType":"smoke","eventTypes":["dtmf"]}"#,
            r#"{"interactionType":"voice","eventTypes":["dtmf"],"filters":[{"field":"a","operator":"like","value":"b"}]}"#,
            r#"{"interactionType":"voice","eventTypes":["dtmf"],"filters":[{"field":"a","operator":"eq"}]}"#,
        ] {
            assert!(Subscription::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_refusal_fits_a_close_frame(text in "\\PC{0,400}") {
            if let Err(reason) = Subscription::parse(&text) {
                prop_assert!(reason.len() <= 123);
            }
        }
    }
}
