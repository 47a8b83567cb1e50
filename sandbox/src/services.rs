//! CXone's five services, as the stand-in offers them.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

/// How a service's token endpoint wants to be asked; CONTRACT section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStyle {
    /// Everything in a URL-encoded form.
    FormBody,
    /// Everything in a JSON object.
    JsonBody,
    /// The client in a Basic header, the rest in a URL-encoded form.
    BasicForm,
}

impl TokenStyle {
    /// The configuration's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FormBody => "form_body",
            Self::JsonBody => "json_body",
            Self::BasicForm => "basic_form",
        }
    }
}

/// Where a service of the stand-in is and how it wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEndpoint {
    /// `interactions`, `voice`, `flow`, `dialer`, `media`.
    pub name: &'static str,
    /// What its paths are appended to.
    pub base_url: String,
    /// Its token endpoint.
    pub token_url: String,
    /// How that wants to be asked.
    pub token_style: TokenStyle,
    /// The scopes it knows.
    pub scopes: Vec<String>,
    /// How long before its end a token is to be renewed.
    pub refresh_margin: Duration,
}

/// One of the five services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Seed 000: events.
    Interactions,
    /// Seed 001: voice streams.
    Voice,
    /// Seed 002: flows.
    Flow,
    /// Seed 003: the dialer.
    Dialer,
    /// Seed 004: prompts.
    Media,
}

impl Service {
    pub(crate) const ALL: [Self; 5] =
        [Self::Interactions, Self::Voice, Self::Flow, Self::Dialer, Self::Media];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Interactions => "interactions",
            Self::Voice => "voice",
            Self::Flow => "flow",
            Self::Dialer => "dialer",
            Self::Media => "media",
        }
    }

    pub(crate) const fn token_style(self) -> TokenStyle {
        match self {
            Self::Interactions => TokenStyle::FormBody,
            Self::Voice => TokenStyle::JsonBody,
            Self::Flow | Self::Dialer | Self::Media => TokenStyle::BasicForm,
        }
    }

    pub(crate) const fn token_path(self) -> &'static str {
        match self {
            Self::Voice => "/oauth2/token",
            Self::Interactions | Self::Flow | Self::Dialer | Self::Media => "/oauth/token",
        }
    }

    /// Whether the style has a scope parameter; elsewhere it may be left out and all scopes are granted.
    pub(crate) const fn asks_for_scope(self) -> bool {
        matches!(self, Self::Interactions | Self::Dialer)
    }

    pub(crate) const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Interactions => &["interactions:read", "media:read", "voice:read"],
            Self::Voice => &["agent:voice:stream", "interaction:view"],
            Self::Flow => &["flow:simulator:run", "flow:simulator:read", "flow:read"],
            Self::Dialer => &[
                "dialer:campaigns:write",
                "dialer:simulations:write",
                "dialer:simulations:read",
                "dialer:metrics:read",
            ],
            Self::Media => &["media:manage", "media:read", "analytics:write"],
        }
    }

    const fn refresh_margin(self) -> Duration {
        match self {
            Self::Interactions => Duration::from_mins(5),
            Self::Voice | Self::Media => Duration::from_mins(1),
            Self::Flow | Self::Dialer => Duration::from_secs(30),
        }
    }

    /// How to reach the service on `address`. The margin is at most half of a token's life.
    pub(crate) fn endpoint(self, address: SocketAddr, token_ttl: Duration) -> ServiceEndpoint {
        let base_url = format!("http://{address}/{}", self.name());
        ServiceEndpoint {
            name: self.name(),
            token_url: format!("{base_url}{}", self.token_path()),
            base_url,
            token_style: self.token_style(),
            scopes: self.scopes().iter().map(ToString::to_string).collect(),
            refresh_margin: self.refresh_margin().min(token_ttl / 2),
        }
    }
}
