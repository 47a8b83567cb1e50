use std::time::Duration;

use axum::http::Method;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::UpstreamError;
use crate::{
    config::Service,
    json,
    retry::{Idempotency, RetriedBy},
};

/// Request to one of CXone's services.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamRequest<'a> {
    pub(super) service: Service,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Body<'a>,
    pub(super) idempotency: Idempotency,
    pub(super) retried_by: RetriedBy,
    pub(super) max_answer_bytes: usize,
}

/// Body of a request.
#[derive(Clone, Debug)]
pub(super) enum Body<'a> {
    None,
    Json(&'a Value),
    /// Bytes and their content type.
    Bytes(Bytes, &'static str),
}

/// Maximum size of an answer. CXone's answers are documents; more is something else.
const MAX_ANSWER_BYTES: usize = 8 << 20;

impl<'a> UpstreamRequest<'a> {
    /// Returns a request that reads what is at `path`.
    pub(crate) const fn get(service: Service, path: &'a [&'a str]) -> Self {
        Self::new(service, Method::GET, path, Body::None, Idempotency::Idempotent)
    }

    /// Returns a request that sends `body` to `path`. It is not idempotent.
    pub(crate) const fn post(service: Service, path: &'a [&'a str], body: &'a Value) -> Self {
        Self::new(service, Method::POST, path, Body::Json(body), Idempotency::NotIdempotent)
    }

    /// Returns a request that puts `bytes` of this content type at `path`.
    pub(crate) const fn put(
        service: Service,
        path: &'a [&'a str],
        content_type: &'static str,
        bytes: Bytes,
    ) -> Self {
        Self::new(service, Method::PUT, path, Body::Bytes(bytes, content_type), Idempotency::Idempotent)
    }

    /// Returns a request that removes what is at `path`. It is repeated like a POST, so that a second attempt does not turn
    /// a removal into "not found".
    pub(crate) const fn delete(service: Service, path: &'a [&'a str]) -> Self {
        Self::new(service, Method::DELETE, path, Body::None, Idempotency::NotIdempotent)
    }

    const fn new(
        service: Service,
        method: Method,
        path: &'a [&'a str],
        body: Body<'a>,
        idempotency: Idempotency,
    ) -> Self {
        Self {
            service,
            method,
            path,
            query: &[],
            body,
            idempotency,
            retried_by: RetriedBy::Proxy,
            max_answer_bytes: MAX_ANSWER_BYTES,
        }
    }

    /// Adds parameters to the address.
    pub(crate) fn query(self, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { query, ..self }
    }

    /// Sets the side that repeats the request.
    pub(crate) fn retried_by(self, retried_by: RetriedBy) -> Self {
        Self { retried_by, ..self }
    }

    /// Sets the maximum size of the answer (8 MiB).
    pub(crate) fn max_answer_bytes(self, max_answer_bytes: usize) -> Self {
        Self { max_answer_bytes, ..self }
    }
}

/// Answer of a service, as it was received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) service: Service,
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// Time from the request to the end of the answer.
    pub(crate) elapsed: Duration,
}

impl Answer {
    /// Reads the body as the type that the contract gives it.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, UpstreamError> {
        let unreadable = |message| UpstreamError::Unreadable { service: self.service, message };
        let text = json::text(&self.body).map_err(unreadable)?;
        serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))
    }
}
