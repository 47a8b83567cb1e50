use axum::http::Method;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::UpstreamError;
use crate::{
    config::Service,
    retry::{Idempotency, RetriedBy},
};

/// Request to one of CXone's services.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamRequest<'a> {
    pub(super) service: Service,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) body: Option<&'a Value>,
    pub(super) idempotency: Idempotency,
    pub(super) retried_by: RetriedBy,
}

impl<'a> UpstreamRequest<'a> {
    /// Returns a request that reads what is at `path`.
    pub(crate) const fn get(service: Service, path: &'a [&'a str]) -> Self {
        Self::new(service, Method::GET, path, None, Idempotency::Idempotent)
    }

    /// Returns a request that sends `body` to `path`. It is not idempotent.
    pub(crate) const fn post(service: Service, path: &'a [&'a str], body: &'a Value) -> Self {
        Self::new(service, Method::POST, path, Some(body), Idempotency::NotIdempotent)
    }

    /// Returns a request that removes what is at `path`. It is repeated like a POST, so that a second attempt does not turn
    /// a removal into "not found".
    pub(crate) const fn delete(service: Service, path: &'a [&'a str]) -> Self {
        Self::new(service, Method::DELETE, path, None, Idempotency::NotIdempotent)
    }

    const fn new(
        service: Service,
        method: Method,
        path: &'a [&'a str],
        body: Option<&'a Value>,
        idempotency: Idempotency,
    ) -> Self {
        Self { service, method, path, body, idempotency, retried_by: RetriedBy::Proxy }
    }

    /// Sets the side that repeats the request.
    pub(crate) fn retried_by(self, retried_by: RetriedBy) -> Self {
        Self { retried_by, ..self }
    }
}

/// Answer of a service, as it was received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) service: Service,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Reads the body as the type that the contract gives it.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, UpstreamError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| UpstreamError::Unreadable { service: self.service, message: error.to_string() })
    }
}
