use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use reqwest::Url;
use secrecy::SecretString;
use wire::{api::ProfileName, cxone::Service};

use super::{
    Config, ConfigError, DatabaseUrl, ForwardProxies, ServiceConfig, Tuning, WebhookConfig,
    file::{File, ServiceFile, overlay},
    service::Defaults,
};
use crate::logging::LogFormat;

/// Minimum length of an access token in characters; a shorter one could be guessed.
const MIN_ACCESS_TOKEN_CHARS: usize = 16;

/// Number of days for which events are kept where no other is given.
const DEFAULT_RETENTION_DAYS: u32 = 30;

/// Values from flags and environment variables; each beats the file's key of the same name.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The TOML file.
    pub config: Option<PathBuf>,
    /// `listen`
    pub listen: Option<String>,
    /// `profile`
    pub profile: Option<String>,
    /// `audit_log`
    pub audit_log: Option<PathBuf>,
    /// `database_url`
    pub database_url: Option<String>,
    /// `public_url`
    pub public_url: Option<String>,
    /// `access_token_file`
    pub access_token_file: Option<PathBuf>,
    /// `allowed_origin`
    pub allowed_origins: Vec<String>,
    /// `public_host`
    pub public_hosts: Vec<String>,
    /// `trusted_proxy`
    pub trusted_proxies: Vec<String>,
    /// `app_dir`
    pub app_dir: Option<PathBuf>,
    /// `log_format`
    pub log_format: Option<String>,
}

/// Looks up an environment variable; tests give their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads the file that `overrides` name, puts the overrides over it and checks everything.
    pub fn load(overrides: Overrides, environment: Environment<'_>) -> Result<Self, ConfigError> {
        let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
        let file = read_file(overrides.config.as_deref(), environment)?;

        let listen = overrides.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:8787".into());
        let listen: SocketAddr = listen
            .parse()
            .map_err(|_| ConfigError::invalid("listen", format!("{listen:?} is no IP address and port")))?;
        let profile = overrides.profile.or(file.profile).unwrap_or_else(|| "sandbox".into());
        let profile = ProfileName::from_name(&profile).ok_or_else(|| {
            let message = format!("{profile:?} is no profile; there are \"sandbox\" and \"tutorial\"");
            ConfigError::invalid("profile", message)
        })?;
        let log_format = overrides.log_format.or(file.log_format).map_or(Ok(LogFormat::Text), |name| {
            LogFormat::from_name(&name).ok_or_else(|| {
                let message = format!("{name:?} is no format; there are \"text\" and \"json\"");
                ConfigError::invalid("log_format", message)
            })
        })?;
        let access_token = overrides
            .access_token_file
            .or(file.access_token_file.map(PathBuf::from))
            .map(|path| read_access_token(&path))
            .transpose()?;
        if access_token.is_none() && !listen.ip().is_loopback() {
            let message = format!(
                "must be given to listen on {listen}: whoever reaches the proxy uses your CXone credentials"
            );
            return Err(ConfigError::invalid("access_token_file", message));
        }
        let files = [
            file.service.interactions,
            file.service.voice,
            file.service.flow,
            file.service.dialer,
            file.service.media,
        ];
        let mut services = BTreeMap::new();
        for (service, file) in Service::ALL.into_iter().zip(files) {
            services.insert(service, service_config(service, file, environment)?);
        }
        let qa_endpoint = file.qa.endpoint.map(|text| http_url("qa.endpoint", &text)).transpose()?;
        let analytics_webhook =
            file.analytics.webhook.map(|text| http_url("analytics.webhook", &text)).transpose()?;
        let webhook = WebhookConfig::load(file.webhook, &environment)?;
        let database_url = overrides.database_url.or(file.database_url);
        let database_url = DatabaseUrl::parse(database_url.as_deref().unwrap_or("sqlite:dialbench.db"))
            .map_err(|message| ConfigError::invalid("database_url", message))?;
        let retention_days = file.retention_days.unwrap_or(DEFAULT_RETENTION_DAYS);
        if retention_days == 0 {
            return Err(ConfigError::invalid("retention_days", "must be at least 1"));
        }
        let tuning = Tuning::default();
        let tuning = Tuning {
            max_voice: file.limits.media_streams,
            max_connections: positive("max_connections", file.max_connections, tuning.max_connections)?,
            max_client_connections: positive(
                "max_client_connections",
                file.max_client_connections,
                tuning.max_client_connections,
            )?,
            max_pages: positive("max_pages", file.max_pages, tuning.max_pages)?,
            max_client_pages: positive("max_client_pages", file.max_client_pages, tuning.max_client_pages)?,
            ..tuning
        };
        let public_url = overrides.public_url.or(file.public_url);
        let public_url = public_url.map(|text| http_url("public_url", &text)).transpose()?;
        Ok(Self {
            listen,
            profile,
            audit_log: overrides
                .audit_log
                .or(file.audit_log.map(PathBuf::from))
                .unwrap_or_else(|| "dialbench-audit.jsonl".into()),
            access_token,
            allowed_origins: checked_origins(or_else(overrides.allowed_origins, file.allowed_origin))?,
            public_hosts: checked_hosts(or_else(overrides.public_hosts, file.public_host))?,
            trusted_proxies: checked_proxies(&or_else(overrides.trusted_proxies, file.trusted_proxy))?,
            app_dir: overrides.app_dir.or(file.app_dir.map(PathBuf::from)),
            services,
            sandbox_control: None,
            tuning,
            limits: file.limits,
            qa_endpoint,
            analytics_webhook,
            event_filters: file.interactions.filters,
            webhook,
            database_url,
            retention_days,
            public_url,
            log_format,
            forward_proxies: ForwardProxies::from_environment(&environment),
        })
    }
}

/// Returns a number that must not be 0, or its default.
fn positive(key: &str, given: Option<usize>, default: usize) -> Result<usize, ConfigError> {
    match given {
        Some(0) => Err(ConfigError::invalid(key, "must be at least 1")),
        given => Ok(given.unwrap_or(default)),
    }
}

fn or_else(first: Vec<String>, second: Vec<String>) -> Vec<String> {
    if first.is_empty() { second } else { first }
}

fn read_file(path: Option<&Path>, environment: impl Fn(&str) -> Option<String>) -> Result<File, ConfigError> {
    let text = path
        .map(|path| {
            std::fs::read_to_string(path).map_err(|error| ConfigError::Read {
                key: "config",
                path: path.into(),
                error,
            })
        })
        .transpose()?
        .unwrap_or_default();
    let toml_error = |error: toml::de::Error| ConfigError::Toml {
        path: path.unwrap_or(Path::new("(environment)")).into(),
        message: error.to_string(),
    };
    // First as it stands, so that an error shows the line it is in.
    let file: File = toml::from_str(&text).map_err(toml_error)?;
    let mut table: toml::Table = toml::from_str(&text).map_err(toml_error)?;
    let before = table.clone();
    overlay(&mut table, environment)?;
    if table == before { Ok(file) } else { File::deserialize_from(table).map_err(toml_error) }
}

impl File {
    fn deserialize_from(table: toml::Table) -> Result<Self, toml::de::Error> {
        serde::Deserialize::deserialize(table)
    }
}

fn read_access_token(path: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read {
        key: "access_token_file",
        path: path.into(),
        error,
    })?;
    let token = text.trim();
    if token.len() < MIN_ACCESS_TOKEN_CHARS || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!(
            "{} must hold at least {MIN_ACCESS_TOKEN_CHARS} printable ASCII characters and no spaces",
            path.display()
        );
        return Err(ConfigError::invalid("access_token_file", message));
    }
    Ok(SecretString::from(token))
}

fn service_config(
    service: Service,
    file: ServiceFile,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<ServiceConfig, ConfigError> {
    let defaults = Defaults::of(service);
    let key = |name: &str| format!("service.{service}.{name}");
    let mut missing = Vec::new();

    let base_url = match (file.base_url, defaults.base_url) {
        (Some(text), _) => Some(http_url(&key("base_url"), &text)?),
        (None, Ok(text)) => Some(http_url(&key("base_url"), text)?),
        (None, Err(pattern)) => {
            missing.push(format!("{} (for example {pattern})", key("base_url")));
            None
        }
    };
    let token_url = match (file.token_url, &base_url) {
        (Some(text), _) => Some(http_url(&key("token_url"), &text)?),
        (None, Some(base)) => {
            let joined = format!("{}{}", base.as_str().trim_end_matches('/'), defaults.token_path);
            Some(http_url(&key("token_url"), &joined)?)
        }
        (None, None) => None,
    };
    let scopes = file.scopes.unwrap_or_else(|| defaults.scopes.iter().map(ToString::to_string).collect());
    if let Some(bad) = scopes.iter().find(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
        return Err(ConfigError::invalid(key("scopes"), format!("{bad:?} is no scope")));
    }
    let mut secret = |name: &str, named: Option<String>, default: &str| {
        let variable = named.unwrap_or_else(|| default.to_owned());
        let value = environment(&variable);
        if value.is_none() {
            missing.push(format!("environment variable {variable} ({})", key(name)));
        }
        value.map(SecretString::from)
    };
    let client_id = secret("client_id_env", file.client_id_env, "CXONE_CLIENT_ID");
    let client_secret = secret("client_secret_env", file.client_secret_env, "CXONE_CLIENT_SECRET");
    Ok(ServiceConfig {
        service,
        base_url,
        token_url,
        token_style: file.token_style.unwrap_or(defaults.style),
        scopes,
        send_scopes: file.send_scopes.unwrap_or(defaults.send_scopes),
        refresh_margin_s: file.refresh_margin_s.unwrap_or(defaults.margin_s),
        client_id,
        client_secret,
        missing,
    })
}

fn http_url(key: &str, text: &str) -> Result<Url, ConfigError> {
    if text.contains(['{', '}']) {
        return Err(ConfigError::invalid(key, format!("replace the part in braces of {text:?}")));
    }
    let url = Url::parse(text).map_err(|error| ConfigError::invalid(key, format!("{text:?}: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(ConfigError::invalid(key, format!("{text:?} must begin with https:// or http://")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConfigError::invalid(key, "no credentials may stand in an address"));
    }
    Ok(url)
}

fn checked_origins(origins: Vec<String>) -> Result<Vec<String>, ConfigError> {
    origins
        .into_iter()
        .map(|text| {
            let url = http_url("allowed_origin", &text)?;
            let origin = url.origin().ascii_serialization();
            if text.trim_end_matches('/') == origin {
                Ok(origin)
            } else {
                let message = format!("{text:?} is more than an origin; did you mean {origin:?}?");
                Err(ConfigError::invalid("allowed_origin", message))
            }
        })
        .collect()
}

fn checked_hosts(hosts: Vec<String>) -> Result<Vec<String>, ConfigError> {
    hosts
        .into_iter()
        .map(|text| {
            let host = text.to_ascii_lowercase();
            let valid = host.parse::<axum::http::uri::Authority>().is_ok() && !host.contains('@');
            if valid {
                Ok(host)
            } else {
                Err(ConfigError::invalid("public_host", format!("{text:?} is no host or host:port")))
            }
        })
        .collect()
}

fn checked_proxies(proxies: &[String]) -> Result<Vec<IpAddr>, ConfigError> {
    proxies
        .iter()
        .map(|text| {
            text.parse::<IpAddr>()
                .map(|address| address.to_canonical())
                .map_err(|_| ConfigError::invalid("trusted_proxy", format!("{text:?} is no IP address")))
        })
        .collect()
}

#[cfg(test)]
mod tests;
