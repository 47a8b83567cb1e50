//! What the proxy is set up for.

use serde::{Deserialize, Serialize};

/// `GET /api/profile`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// `sandbox` or `tutorial`.
    pub profile: String,
    /// The program's version.
    pub version: String,
    /// CXone's five services.
    pub services: Vec<ServiceStatus>,
    /// The limits that are checked before CXone is asked.
    pub limits: Limits,
    /// Whether there is a QA platform that results may be exported to; its address stays with the proxy.
    #[serde(default)]
    pub qa_configured: bool,
}

/// Whether a service is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// `interactions`, `voice`, `flow`, `dialer`, `media`.
    pub name: String,
    /// Whether it can be used.
    pub configured: bool,
    /// What is missing, by the names of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// The limits of CXone that are checked before it is asked; CONTRACT section 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Media streams (50).
    #[serde(alias = "mediaStreams")]
    pub media_streams: usize,
    /// Requests per second and client (100).
    #[serde(alias = "requestsPerSecond")]
    pub requests_per_second: u32,
    /// Media posts at a time and per second (5).
    #[serde(alias = "mediaPosts")]
    pub media_posts: u32,
    /// How often a running simulation is asked for (15).
    #[serde(alias = "pollAttempts")]
    pub poll_attempts: u32,
}

impl From<&Limits> for crate::flow::analysis::PathLimits {
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
            media_streams: 50,
            requests_per_second: 100,
            media_posts: 5,
            poll_attempts: 15,
        }
    }
}
