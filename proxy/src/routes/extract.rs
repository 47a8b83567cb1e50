//! Reading requests, with problems instead of axum's own texts.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use shared::wire::FieldErrors;

use crate::error::ApiError;

/// Identifiers of CXone's are shorter.
const LONGEST_ID: usize = 128;

/// A JSON body: 415 for another type, 413 too large, 400 no JSON, 422 the wrong shape, naming the field.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = kind.is_some_and(|kind| {
            let essence = kind.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/json")
                || essence.to_ascii_lowercase().ends_with("+json")
        });
        if !is_json {
            let detail = "the body must be JSON, with content-type: application/json";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| unread(&rejection))?;
        parse(&body).map(Self)
    }
}

fn unread(rejection: &BytesRejection) -> ApiError {
    ApiError::new(rejection.status(), rejection.body_text())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
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

/// One identifier from the path: 1–128 visible characters.
pub(crate) struct Id(pub(crate) String);

impl Id {
    /// Says what is wrong with an identifier that came as `field`.
    pub(crate) fn check(id: &str, field: &str) -> Result<(), ApiError> {
        let visible = |symbol: char| !symbol.is_control() && !symbol.is_whitespace();
        // A client's URL library would take dots for a step up.
        if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(visible) || id == "." || id == ".." {
            let message = format!("must be 1 to {LONGEST_ID} visible characters");
            return Err(ApiError::fields(FieldErrors::one(field, message)));
        }
        Ok(())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        Self::check(&id, "id")?;
        Ok(Self(id))
    }
}

/// The query's parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Query::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Self(value))
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_body_is_400_or_422_and_names_its_field() {
        let check = |body: &str, status: u16, text: &str| {
            let error = parse::<shared::wire::PlaceCall>(body.as_bytes()).unwrap_err();
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
