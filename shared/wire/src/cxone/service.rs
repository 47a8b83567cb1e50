//! CXone's services.

use core::fmt;

use base::lenient::named;
use serde::{Deserialize, Deserializer, Serialize};

/// One of CXone's five services, each with its own host, token endpoint and scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Events of calls.
    Interactions,
    /// Voice streams and call states.
    Voice,
    /// The flow simulator and flow definitions.
    Flow,
    /// The dialer's simulations.
    Dialer,
    /// Prompt playback and analytics.
    Media,
}

impl<'de> Deserialize<'de> for Service {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &Self::ALL, Self::name)
    }
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 5] = [Self::Interactions, Self::Voice, Self::Flow, Self::Dialer, Self::Media];

    /// Returns the service's name in the configuration, in errors and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactions => "interactions",
            Self::Voice => "voice",
            Self::Flow => "flow",
            Self::Dialer => "dialer",
            Self::Media => "media",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
