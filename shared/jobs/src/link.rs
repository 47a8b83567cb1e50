//! The state of a link, as it is shown and sent.

use base::lenient;
use serde::{Deserialize, Deserializer, Serialize};

/// The state of the proxy's connection to CXone's interactions socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkStatus {
    /// The connection's state.
    pub state: LinkState,
    /// Number of attempts during the present outage; 0 while open.
    #[serde(default)]
    pub attempt: u32,
    /// Time until the next attempt, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// The close code, or the HTTP status, that ended the last connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_code: Option<u16>,
    /// Description of what happened, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl LinkStatus {
    /// Status of a link that is not wanted, or not wanted any more.
    pub const CLOSED: Self =
        Self { state: LinkState::Closed, attempt: 0, retry_in_ms: None, close_code: None, detail: None };
}

/// State of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// The first attempt is under way.
    Connecting,
    /// Open and subscribed.
    Open,
    /// Lost; another attempt is under way or waits.
    Reconnecting,
    /// Given up, or not configured.
    Closed,
}

impl LinkState {
    const ALL: [Self; 4] = [Self::Connecting, Self::Open, Self::Reconnecting, Self::Closed];

    /// Returns its name on the wire and for people: `open`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Reconnecting => "reconnecting",
            Self::Closed => "closed",
        }
    }
}

impl<'de> Deserialize<'de> for LinkState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::named(deserializer, &Self::ALL, Self::name)
    }
}
