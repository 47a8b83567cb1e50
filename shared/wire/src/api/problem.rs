//! Errors of the `/api` routes.

use base::field_error::FieldErrors;
use base::lenient::named;
use serde::{Deserialize, Deserializer, Serialize};

use crate::cxone::Service;

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
    /// Description of what happened, whose fault it is and what to do.
    #[serde(default)]
    pub detail: String,
    /// The error in the words of the system or the service, for whoever looks for its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical: Option<String>,
    /// Errors of single fields.
    #[serde(default, skip_serializing_if = "is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<base::field_error::FieldError>))]
    pub errors: FieldErrors,
    /// Service behind the proxy that caused the error, and its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamStatus>,
    /// True when the request certainly did not get past the proxy: no connection was made to the service, no token could be
    /// had for it, or it is not configured. Sending it again then does nothing twice.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub unsent: bool,
    /// Time to wait before the next try, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Answer of a service behind the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpstreamStatus {
    /// The service.
    pub service: UpstreamName,
    /// HTTP status of the service's answer; absent where it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

fn is_empty(errors: &FieldErrors) -> bool {
    errors.is_empty()
}

/// A service behind the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum UpstreamName {
    /// CXone's interactions service.
    Interactions,
    /// CXone's voice service.
    Voice,
    /// CXone's flow service.
    Flow,
    /// CXone's dialer service.
    Dialer,
    /// CXone's media service.
    Media,
    /// The platform that test results are exported to.
    Qa,
}

impl<'de> Deserialize<'de> for UpstreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &Self::ALL, Self::name)
    }
}

impl UpstreamName {
    /// Every service.
    pub const ALL: [Self; 6] =
        [Self::Interactions, Self::Voice, Self::Flow, Self::Dialer, Self::Media, Self::Qa];

    /// Returns the service's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactions => Service::Interactions.name(),
            Self::Voice => Service::Voice.name(),
            Self::Flow => Service::Flow.name(),
            Self::Dialer => Service::Dialer.name(),
            Self::Media => Service::Media.name(),
            Self::Qa => "qa",
        }
    }
}

impl From<Service> for UpstreamName {
    fn from(service: Service) -> Self {
        match service {
            Service::Interactions => Self::Interactions,
            Service::Voice => Self::Voice,
            Service::Flow => Self::Flow,
            Service::Dialer => Self::Dialer,
            Service::Media => Self::Media,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_service_has_one_name_everywhere() {
        for service in Service::ALL {
            let json = serde_json::to_value(UpstreamName::from(service)).unwrap();
            assert_eq!(json, service.name());
        }
    }
}
