//! CXone's five services, as the stand-in offers them.

use std::{net::SocketAddr, time::Duration};

pub use shared::wire::Service;

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

/// How the stand-in offers a service; CONTRACT section 1.
pub(crate) trait Offer: Sized {
    /// How its token endpoint wants to be asked.
    fn token_style(self) -> TokenStyle;

    /// Where its token endpoint is.
    fn token_path(self) -> &'static str;

    /// Whether the style has a scope parameter; elsewhere it may be left out and all scopes are granted.
    fn asks_for_scope(self) -> bool;

    /// The scopes it knows.
    fn scopes(self) -> &'static [&'static str];

    /// How to reach the service on `address`. The margin is at most half of a token's life.
    fn endpoint(self, address: SocketAddr, token_ttl: Duration) -> ServiceEndpoint;
}

impl Offer for Service {
    fn token_style(self) -> TokenStyle {
        match self {
            Self::Interactions => TokenStyle::FormBody,
            Self::Voice => TokenStyle::JsonBody,
            Self::Flow | Self::Dialer | Self::Media => TokenStyle::BasicForm,
        }
    }

    fn token_path(self) -> &'static str {
        match self {
            Self::Voice => "/oauth2/token",
            Self::Interactions | Self::Flow | Self::Dialer | Self::Media => "/oauth/token",
        }
    }

    fn asks_for_scope(self) -> bool {
        matches!(self, Self::Interactions | Self::Dialer)
    }

    fn scopes(self) -> &'static [&'static str] {
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

    fn endpoint(self, address: SocketAddr, token_ttl: Duration) -> ServiceEndpoint {
        let base_url = format!("http://{address}/{}", self.name());
        ServiceEndpoint {
            name: self.name(),
            token_url: format!("{base_url}{}", self.token_path()),
            base_url,
            token_style: self.token_style(),
            scopes: self.scopes().iter().map(ToString::to_string).collect(),
            refresh_margin: refresh_margin(self).min(token_ttl / 2),
        }
    }
}

const fn refresh_margin(service: Service) -> Duration {
    match service {
        Service::Interactions => Duration::from_mins(5),
        Service::Voice | Service::Media => Duration::from_mins(1),
        Service::Flow | Service::Dialer => Duration::from_secs(30),
    }
}
