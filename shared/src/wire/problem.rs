//! What an `/api` route answers when it cannot do as it was asked.

use serde::{Deserialize, Serialize};

use crate::field_error::FieldErrors;

/// An error of an `/api` route: RFC 9457, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The kind of problem: `about:blank` or a path of the documentation.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The kind's name.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, whose fault it is and what to do.
    #[serde(default)]
    pub detail: String,
    /// What is wrong with which field.
    #[serde(default, skip_serializing_if = "is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::field_error::FieldError>))]
    pub errors: FieldErrors,
    /// Which service of CXone's answered with what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamStatus>,
    /// When to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// An answer of one of CXone's services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpstreamStatus {
    /// The service.
    pub service: String,
    /// Its HTTP status; absent where it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

fn is_empty(errors: &FieldErrors) -> bool {
    errors.is_empty()
}
