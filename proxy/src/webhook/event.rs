use base::field_error::FieldErrors;
use serde_json::Value;
use wire::cxone::DialerEvent;

use crate::{error::ApiError, json::parse, store::NewEvent};

/// Maximum length of an event's identifier in characters.
const MAX_ID_CHARS: usize = 256;
/// Maximum length of a state, an outcome or a time in characters.
const MAX_WORD_CHARS: usize = 128;

/// Reads an event. `id` is its identifier from a header. What has no identifier there or in its field `eventId` is known by
/// call, state and time.
pub(crate) fn event(id: Option<&str>, body: &[u8], received_ms: i64) -> Result<NewEvent, ApiError> {
    let json: Value = parse(body)?;
    let event: DialerEvent = parse(body)?;
    let id = id.or_else(|| json["eventId"].as_str()).filter(|id| !id.is_empty());
    let mut errors = FieldErrors::new();
    for (field, text, max) in [
        ("eventId", id.unwrap_or_default(), MAX_ID_CHARS),
        ("state", &event.state, MAX_WORD_CHARS),
        ("outcome", &event.outcome, MAX_WORD_CHARS),
        ("timestamp", &event.timestamp, MAX_WORD_CHARS),
    ] {
        if text.chars().count() > max {
            errors.refuse(field, format!("must have at most {max} characters"));
        }
    }
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    let key = id.map_or_else(
        || {
            let call = event.call_id.as_ref().map_or("", |id| id.as_str());
            serde_json::json!([event.simulation_id, call, event.state, event.timestamp]).to_string()
        },
        |id| format!("id {id}"),
    );
    let text = String::from_utf8_lossy(body);
    Ok(NewEvent {
        key,
        simulation: event.simulation_id,
        is_call: event.call_id.is_some(),
        // Ends of lines can only stand between JSON's tokens, and would end the event's line on its way to the page.
        body: text.replace(['\r', '\n'], " "),
        received_ms,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &Value) -> Result<NewEvent, ApiError> {
        event(None, json.to_string().as_bytes(), 7)
    }

    #[test]
    fn an_event_is_known_by_its_identifier_or_by_what_it_says() {
        let one = json!({ "simulationId": "s", "callId": "c", "state": "ringing", "timestamp": "2026-11-28T00:00:00Z" });
        let key = read(&one).unwrap().key;
        assert_eq!(read(&one).unwrap().key, key);
        for (field, value) in [
            ("simulationId", "t"),
            ("callId", "d"),
            ("state", "answered"),
            ("timestamp", "2026-11-28T00:00:01Z"),
        ] {
            let mut other = one.clone();
            other[field] = value.into();
            assert_ne!(read(&other).unwrap().key, key, "{field}");
        }
        let mut named = one.clone();
        named["eventId"] = "e-1".into();
        let key = read(&named).unwrap().key;
        named["state"] = "answered".into();
        assert_eq!(read(&named).unwrap().key, key);
        assert_eq!(event(Some("e-1"), one.to_string().as_bytes(), 7).unwrap().key, key);
    }

    #[test]
    fn its_text_is_kept_but_for_the_ends_of_lines() {
        let text = "{\r\n \"simulationId\": \"s\",\n \"state\":\"completed\", \"timestamp\":\"t\", \"more\": \"a\\nb\" }\n";
        let event = event(None, text.as_bytes(), 7).unwrap();
        assert!(!event.is_call);
        assert_eq!(
            event.body,
            "{   \"simulationId\": \"s\",  \"state\":\"completed\", \"timestamp\":\"t\", \"more\": \"a\\nb\" } "
        );
    }

    #[test]
    fn a_wrong_event_is_refused_with_its_field() {
        let status = |body: &[u8]| event(None, body, 7).unwrap_err().status();
        assert_eq!(status(b"{"), 400);
        assert_eq!(status(b"\xff"), 400);
        let error = read(&json!({ "simulationId": "s", "timestamp": "t" })).unwrap_err();
        assert_eq!(error.status(), 422);
        assert!(error.detail().contains("state"), "{error:?}");
        let error =
            read(&json!({ "simulationId": "two words", "state": "x", "timestamp": "t" })).unwrap_err();
        assert!(error.detail().contains("simulationId"), "{error:?}");
        let long = "x".repeat(MAX_WORD_CHARS + 1);
        let error = read(&json!({ "simulationId": "s", "state": long, "timestamp": "t" })).unwrap_err();
        assert!(error.detail().contains("state"), "{error:?}");
    }
}
