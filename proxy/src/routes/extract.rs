//! Parts of requests, whose errors are problem documents instead of axum's own texts.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection},
    http::{StatusCode, header, request::Parts},
};
use base::{
    field_error::FieldErrors,
    ids::{CorrelationId, IdError},
};
use serde::de::DeserializeOwned;
use tower_http::request_id::RequestId;
use wire::api::{RETRY_BY_CLIENT, RETRY_HEADER};

use crate::{error::ApiError, id, json::parse, retry::RetriedBy, server::BodyTooSlow};

/// JSON body of a request. Errors: 415 another type, 413 too large, 400 no JSON, 422 the wrong shape, naming the field.
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

/// Returns the error of a body that could not be read.
pub(crate) fn unread(rejection: &BytesRejection) -> ApiError {
    stopped(rejection).unwrap_or_else(|| ApiError::new(rejection.status(), rejection.body_text()))
}

/// Returns the error of a body of which no more came in time, if that is what `error` is about.
pub(crate) fn stopped(error: &(dyn std::error::Error + 'static)) -> Option<ApiError> {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .any(<dyn std::error::Error>::is::<BodyTooSlow>)
        .then(|| ApiError::new(StatusCode::REQUEST_TIMEOUT, BodyTooSlow.to_string()))
}

/// Identifier from the path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: TryFrom<String, Error = IdError>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        parse_id(id, "id").map(Self)
    }
}

/// Reads an identifier that stands in `field`.
pub(crate) fn parse_id<T: TryFrom<String, Error = IdError>>(id: String, field: &str) -> Result<T, ApiError> {
    id.try_into().map_err(|error: IdError| ApiError::fields(FieldErrors::one(field, error.to_string())))
}

/// Correlation id of the request: the client's `X-Request-Id`, or a random one.
pub(crate) struct Correlation(pub(crate) CorrelationId);

impl<S: Sync> FromRequestParts<S> for Correlation {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let given = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
        let given = given.and_then(|id| id.parse().ok());
        Ok(Self(given.unwrap_or_else(id::random_correlation)))
    }
}

impl<S: Sync> FromRequestParts<S> for RetriedBy {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let by_client = parts.headers.get(RETRY_HEADER).is_some_and(|value| value == RETRY_BY_CLIENT);
        Ok(if by_client { Self::Client } else { Self::Proxy })
    }
}

/// Parameters of the query.
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
