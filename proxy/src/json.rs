//! Reading JSON that somebody sent.

use std::borrow::Cow;

use axum::http::StatusCode;
use base::{field_error::FieldErrors, text::shortened};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// Returns a document's text. What is no UTF-8 (RFC 8259, section 8.1) is an error that says where, even in a place that
/// nobody reads.
pub(crate) fn text(document: &[u8]) -> Result<&str, String> {
    str::from_utf8(document).map_err(|error| {
        format!("it must be UTF-8, and the byte at {} begins no character", error.valid_up_to())
    })
}

/// Reads a body. Errors: 400 no JSON, 422 the wrong shape, naming the field.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let no_json =
        |error: &str| ApiError::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}"));
    let mut reader = serde_json::Deserializer::from_str(text(body).map_err(|error| no_json(&error))?);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            ApiError::fields(FieldErrors::one(path, format!("cannot be read: {inner}")))
        } else {
            no_json(&inner.to_string())
        }
    })?;
    reader.end().map_err(|error| no_json(&error.to_string()))?;
    Ok(value)
}

/// Maximum length of a text in an answer that is passed on, in characters. CXone's are a few lines.
const MAX_PASSED_ON_CHARS: usize = 16 << 10;

/// Returns a JSON document of CXone's as it was received, except that texts beyond all measure are shortened and say so.
pub(crate) fn passed_on(body: Bytes) -> Bytes {
    // A text has no more characters than the document bytes.
    if body.len() <= MAX_PASSED_ON_CHARS {
        return body;
    }
    let Ok(mut document) = serde_json::from_slice::<Value>(&body) else { return body };
    if shorten_texts(&mut document) { document.to_string().into() } else { body }
}

/// Shortens the texts of `value` that are too long; returns true where there was one.
fn shorten_texts(value: &mut Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => {
            let Cow::Owned(short) = shortened(text, MAX_PASSED_ON_CHARS) else { return false };
            *text = short;
            true
        }
        Value::Array(items) => {
            items.iter_mut().map(shorten_texts).filter(|is_shortened| *is_shortened).count() > 0
        }
        Value::Object(fields) => {
            fields.values_mut().map(shorten_texts).filter(|is_shortened| *is_shortened).count() > 0
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_that_is_no_utf_8_is_refused_in_words_wherever_the_fault_is() {
        for body in [&b"{\"flowId\":\"\xff\"}"[..], b"{\"flowId\":\"a\",\"unknown\":\"\xc3\x28\"}", b"\xfe"] {
            let error = parse::<wire::api::PlaceCall>(body).unwrap_err();
            assert_eq!(error.status(), 400, "{body:?}");
            let at = body.iter().position(|byte| *byte > 0x7f).unwrap();
            assert!(error.detail().contains("UTF-8"), "{}", error.detail());
            assert!(error.detail().contains(&format!("byte at {at}")), "{}", error.detail());
        }
    }

    #[test]
    fn a_document_is_passed_on_as_it_is_unless_a_text_in_it_is_beyond_measure() {
        let as_received =
            Bytes::from(format!("{{ \"n\": 1.00, \"texts\": [\"{}\"] }}", "x".repeat(16 << 10)));
        assert_eq!(passed_on(as_received.clone()), as_received);
        let long = json!({ "status": "failed", "path": [{ "output": "y".repeat(20_000) }], "errorMessage": "é".repeat(7 << 20) });
        let short: Value = serde_json::from_slice(&passed_on(long.to_string().into())).unwrap();
        assert_eq!(short["status"], "failed");
        let (message, output) =
            (short["errorMessage"].as_str().unwrap(), short["path"][0]["output"].as_str().unwrap());
        assert!(message.ends_with("é… (7323648 more characters left out)"), "{}", message.len());
        assert!(output.ends_with("y… (3616 more characters left out)"), "{}", output.len());
    }

    #[test]
    fn a_wrong_body_is_400_or_422_and_names_its_field() {
        let check = |body: &str, status: u16, text: &str| {
            let error = parse::<wire::api::PlaceCall>(body.as_bytes()).unwrap_err();
            assert_eq!(error.status(), status, "{body}");
            assert!(error.detail().contains(text), "{body}: {}", error.detail());
        };
        check("{", 400, "no JSON");
        check("{\"flowId\":\"a\"} x", 400, "no JSON");
        check("", 400, "no JSON");
        check("{\"flowId\":1}", 422, "flowId");
        check("{}", 422, "flowId");
        check("[]", 422, "");
    }
}
