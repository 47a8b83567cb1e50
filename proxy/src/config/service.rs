use reqwest::Url;
use secrecy::SecretString;

pub use shared::wire::Service;

/// The contract's table: what holds where nothing is configured.
pub(super) struct Defaults {
    /// The address, or its pattern where only the user knows a part of it.
    pub base_url: Result<&'static str, &'static str>,
    pub token_path: &'static str,
    pub style: TokenStyle,
    pub scopes: &'static [&'static str],
    pub send_scopes: bool,
    pub margin_s: u64,
}

impl Defaults {
    /// What holds for `service`.
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

/// How a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenStyle {
    /// Everything in a form.
    FormBody,
    /// Everything but the scopes in a JSON object.
    JsonBody,
    /// The client in an `Authorization: Basic` header, the rest in a form.
    BasicForm,
}

/// One service, as far as it is configured.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Which one.
    pub service: Service,
    /// Its address; WebSocket addresses are derived from it.
    pub base_url: Option<Url>,
    /// Its token endpoint.
    pub token_url: Option<Url>,
    /// How a token is asked for.
    pub token_style: TokenStyle,
    /// What a token must allow.
    pub scopes: Vec<String>,
    /// Whether the scopes are part of the request; some of CXone's endpoints take none.
    pub send_scopes: bool,
    /// A token is renewed this long before it expires, in seconds.
    pub refresh_margin_s: u64,
    /// The client's identifier.
    pub client_id: Option<SecretString>,
    /// The client's secret.
    pub client_secret: Option<SecretString>,
    /// What is missing, by the names of the configuration. Empty means that the service can be used.
    pub missing: Vec<String>,
}

impl ServiceConfig {
    /// A service of a stand-in: the contract's defaults at `base_url` with these credentials.
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
