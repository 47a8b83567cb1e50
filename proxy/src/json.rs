//! Reading JSON that somebody sent.

use axum::http::StatusCode;
use base::field_error::FieldErrors;
use serde::de::DeserializeOwned;

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

#[cfg(test)]
mod tests {
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
