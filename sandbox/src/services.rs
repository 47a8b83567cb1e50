//! CXone's five services: token endpoints, styles and scopes.

use std::{net::SocketAddr, time::Duration};

pub use wire::cxone::Service;

use crate::scope::Scope;

/// The form of a token request.
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
    /// Returns the style's name in configuration files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FormBody => "form_body",
            Self::JsonBody => "json_body",
            Self::BasicForm => "basic_form",
        }
    }
}

/// Addresses and token style of one of the stand-in's services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEndpoint {
    /// The service.
    pub service: Service,
    /// Address that its paths are appended to.
    pub base_url: String,
    /// Address of its token endpoint.
    pub token_url: String,
    /// Form of its token requests.
    pub token_style: TokenStyle,
    /// The scopes that it knows.
    pub scopes: Vec<String>,
    /// Time before the end of a token at which it is to be renewed.
    pub refresh_margin: Duration,
}

/// A service's token endpoint and scopes.
pub(crate) trait ServiceContract: Sized {
    /// Returns the form of its token requests.
    fn token_style(self) -> TokenStyle;

    /// Returns the path of its token endpoint.
    fn token_path(self) -> &'static str;

    /// Returns true if its token requests need a scope; without one, the other services grant all scopes.
    fn requires_scope(self) -> bool;

    /// Returns the scopes that it knows.
    fn scopes(self) -> &'static [Scope];

    /// Returns the service's addresses on `address`. The refresh margin is at most half of `token_ttl`.
    fn endpoint(self, address: SocketAddr, token_ttl: Duration) -> ServiceEndpoint;
}

impl ServiceContract for Service {
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

    fn requires_scope(self) -> bool {
        matches!(self, Self::Interactions | Self::Dialer)
    }

    fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Interactions => &[Scope::InteractionsRead, Scope::MediaRead, Scope::VoiceRead],
            Self::Voice => &[Scope::AgentVoiceStream, Scope::InteractionView],
            Self::Flow => &[Scope::FlowSimulatorRun, Scope::FlowSimulatorRead, Scope::FlowRead],
            Self::Dialer => &[
                Scope::DialerCampaignsWrite,
                Scope::DialerSimulationsWrite,
                Scope::DialerSimulationsRead,
                Scope::DialerMetricsRead,
            ],
            Self::Media => &[Scope::MediaManage, Scope::MediaRead, Scope::AnalyticsWrite],
        }
    }

    fn endpoint(self, address: SocketAddr, token_ttl: Duration) -> ServiceEndpoint {
        let base_url = format!("http://{address}/{}", self.name());
        ServiceEndpoint {
            service: self,
            token_url: format!("{base_url}{}", self.token_path()),
            base_url,
            token_style: self.token_style(),
            scopes: self.scopes().iter().map(|scope| scope.as_str().to_owned()).collect(),
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
