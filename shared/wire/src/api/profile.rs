//! The proxy's configuration, as far as the page needs it.

use core::fmt;

use base::lenient::named;
use serde::{Deserialize, Deserializer, Serialize};

use crate::cxone::Service;

/// The proxy's configuration, as `GET /api/profile` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Kind of CXone that the proxy talks to.
    pub profile: ProfileName,
    /// Version of the program.
    pub version: String,
    /// CXone's five services.
    pub services: Vec<ServiceStatus>,
    /// The limits that are checked before CXone is asked.
    pub limits: Limits,
    /// True when results may be exported to a QA platform, whose address stays with the proxy.
    #[serde(default)]
    pub qa_configured: bool,
    /// True when copies of playback events go to a webhook, whose address stays with the proxy.
    #[serde(default)]
    pub analytics_webhook_configured: bool,
    /// The door through which CXone tells of the dialer's simulations.
    #[serde(default)]
    pub webhook: WebhookDoor,
}

/// The door through which CXone tells of the dialer's simulations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookDoor {
    /// Address that a simulation is given where its request names none: CXone must reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// True when events without a valid signature are refused.
    #[serde(default)]
    pub signed: bool,
}

/// Kind of CXone that the proxy talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ProfileName {
    /// The embedded stand-in.
    Sandbox,
    /// CXone as its developer tutorials describe it.
    Tutorial,
}

impl<'de> Deserialize<'de> for ProfileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &Self::ALL, Self::name)
    }
}

impl ProfileName {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Tutorial];

    /// Returns the profile's name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Tutorial => "tutorial",
        }
    }

    /// Returns the profile that is called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Configuration of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// The service.
    pub name: Service,
    /// True when the service can be used.
    pub configured: bool,
    /// Keys of the configuration that are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// CXone's limits, which are checked before it is asked; see `docs/contract.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
#[serde(rename_all(serialize = "camelCase"), default, deny_unknown_fields)]
pub struct Limits {
    /// Digits in a simulation (50).
    #[serde(alias = "dtmfSequence")]
    pub dtmf_sequence: usize,
    /// Variables in a simulation (100).
    pub variables: usize,
    /// Media references in a simulation (10).
    #[serde(alias = "mediaReferences")]
    pub media_references: usize,
    /// Nodes on one path (200).
    #[serde(alias = "flowDepth")]
    pub flow_depth: usize,
    /// Active dialer simulations per organisation (5).
    #[serde(alias = "dialerSimulations")]
    pub dialer_simulations: usize,
    /// Calls of a dialer simulation at a time (5).
    #[serde(alias = "dialerConcurrency")]
    pub dialer_concurrency: usize,
    /// Media streams (50).
    #[serde(alias = "mediaStreams")]
    pub media_streams: usize,
    /// Requests per second and client (100).
    #[serde(alias = "requestsPerSecond")]
    pub requests_per_second: u32,
    /// Media posts at a time and per second (5).
    #[serde(alias = "mediaPosts")]
    pub media_posts: u32,
    /// Requests for the result of a running simulation (15).
    #[serde(alias = "pollAttempts")]
    pub poll_attempts: u32,
}

impl From<&Limits> for ivr::analysis::PathLimits {
    fn from(limits: &Limits) -> Self {
        Self { digits: limits.dtmf_sequence, nodes: limits.flow_depth }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            dtmf_sequence: 50,
            variables: 100,
            media_references: 10,
            flow_depth: 200,
            dialer_simulations: 5,
            dialer_concurrency: 5,
            media_streams: 50,
            requests_per_second: 100,
            media_posts: 5,
            poll_attempts: 15,
        }
    }
}
