//! Reading JSON that somebody sent.

use axum::http::StatusCode;
use base::field_error::FieldErrors;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Reads a body. Errors: 400 no JSON, 422 the wrong shape, naming the field.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            ApiError::fields(FieldErrors::one(path, format!("cannot be read: {inner}")))
        } else {
            ApiError::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {inner}"))
        }
    })?;
    reader
        .end()
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}")))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

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
