use reqwest::Url;
use secrecy::SecretString;

use wire::cxone::Service;

/// Defaults of a service, from `docs/contract.md`.
pub(super) struct Defaults {
    /// Address, or its pattern where only the user knows a part of it.
    pub base_url: Result<&'static str, &'static str>,
    pub token_path: &'static str,
    pub style: TokenStyle,
    pub scopes: &'static [&'static str],
    pub send_scopes: bool,
    pub margin_s: u64,
}

impl Defaults {
    /// Returns the defaults of `service`.
    pub(super) const fn of(service: Service) -> Self {
        match service {
            Service::Interactions => Self {
                base_url: Ok("https://platform.nicecxone.com"),
                token_path: "/oauth/token",
                style: TokenStyle::FormBody,
                scopes: &["interactions:read", "media:read", "voice:read"],
                send_scopes: true,
                margin_s: 300,
            },
            Service::Voice => Self {
                base_url: Err("https://{tenant}.niceincontact.com"),
                token_path: "/oauth2/token",
                style: TokenStyle::JsonBody,
                scopes: &["agent:voice:stream", "interaction:view"],
                send_scopes: false,
                margin_s: 60,
            },
            Service::Flow => Self {
                base_url: Err("https://api.{region}.niceincontact.com"),
                token_path: "/oauth/token",
                style: TokenStyle::BasicForm,
                scopes: &["flow:simulator:run", "flow:simulator:read", "flow:read"],
                send_scopes: false,
                margin_s: 30,
            },
            Service::Dialer => Self {
                base_url: Err("https://{orgId}.api.nicecxone.com"),
                token_path: "/oauth/token",
                style: TokenStyle::BasicForm,
                scopes: &[
                    "dialer:campaigns:write",
                    "dialer:simulations:write",
                    "dialer:simulations:read",
                    "dialer:metrics:read",
                ],
                send_scopes: true,
                margin_s: 30,
            },
            Service::Media => Self {
                base_url: Ok("https://api.niceincontact.com"),
                token_path: "/oauth/token",
                style: TokenStyle::BasicForm,
                scopes: &["media:manage", "media:read", "analytics:write"],
                send_scopes: false,
                margin_s: 60,
            },
        }
    }
}

/// Form of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenStyle {
    /// Everything in a form body.
    FormBody,
    /// Everything but the scopes in a JSON object.
    JsonBody,
    /// The client in an `Authorization: Basic` header, the rest in a form.
    BasicForm,
}

/// Configuration of one service, as far as it is complete.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The service.
    pub service: Service,
    /// Address; WebSocket addresses are derived from it.
    pub base_url: Option<Url>,
    /// Address of the token endpoint.
    pub token_url: Option<Url>,
    /// Form of a token request.
    pub token_style: TokenStyle,
    /// Scopes that a token must have.
    pub scopes: Vec<String>,
    /// True when the scopes are part of the request; some of CXone's endpoints take none.
    pub send_scopes: bool,
    /// Time before its expiry at which a token is renewed, in seconds.
    pub refresh_margin_s: u64,
    /// Identifier of the OAuth client.
    pub client_id: Option<SecretString>,
    /// Secret of the OAuth client.
    pub client_secret: Option<SecretString>,
    /// Keys of the configuration that are missing. Empty means that the service can be used.
    pub missing: Vec<String>,
}

impl ServiceConfig {
    /// Returns the configuration of a stand-in's service: the defaults at `base_url` with these credentials.
    pub fn at(
        service: Service,
        base_url: Url,
        token_url: Url,
        client_id: SecretString,
        client_secret: SecretString,
    ) -> Self {
        let defaults = Defaults::of(service);
        Self {
            service,
            base_url: Some(base_url),
            token_url: Some(token_url),
            token_style: defaults.style,
            scopes: defaults.scopes.iter().map(ToString::to_string).collect(),
            send_scopes: defaults.send_scopes,
            refresh_margin_s: defaults.margin_s,
            client_id: Some(client_id),
            client_secret: Some(client_secret),
            missing: Vec::new(),
        }
    }
}
