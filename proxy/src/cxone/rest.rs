use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

use axum::http::{Method, header};
use bytes::{Bytes, BytesMut};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::{Client, Url};
use serde::de::DeserializeOwned;
use shared::link::Backoff;

use super::{describe, jittered, retry_after};
use crate::{
    auth::{AccessToken, TokenError, TokenSource},
    config::{Config, Service, ServiceConfig},
    metrics::Metrics,
};

/// A request is sent at most this often before its caller is told.
const ATTEMPTS: u32 = 3;
/// Between attempts.
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(2) };
/// The longest `Retry-After` that a caller is kept waiting for; after a longer one it is told.
const LONGEST_PATIENCE: Duration = Duration::from_secs(5);
/// CXone's answers are documents; more is something else.
const LONGEST_ANSWER: usize = 8 << 20;

/// Whether a request may reach CXone twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or carries its own key.
    Safely,
    /// Only where CXone cannot have acted on it: after 429 and where no connection was made.
    IfUnheard,
}

/// A service's answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) service: Service,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as what the contract says it is.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, UpstreamError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| UpstreamError::Unreadable { service: self.service, message: error.to_string() })
    }
}

/// Why a service did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// It is not configured.
    #[error("{service} is not configured: {}", missing.join(", "))]
    NotConfigured { service: Service, missing: Vec<String> },
    /// No token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It answered with an error.
    #[error("{service} answered with HTTP {status}{}", message.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Status { service: Service, status: u16, retry_after: Option<Duration>, message: Option<String> },
    /// It did not answer.
    #[error("{service} cannot be reached: {message}")]
    Network { service: Service, message: String, timeout: bool, unheard: bool },
    /// Its answer is not what the contract says.
    #[error("{service} answered with something unexpected: {message}")]
    Unreadable { service: Service, message: String },
}

impl UpstreamError {
    fn may_repeat(&self, repeat: Repeat) -> bool {
        let safely = repeat == Repeat::Safely;
        match self {
            Self::Status { status: 429, .. } => true,
            Self::Status { status, .. } => safely && matches!(status, 500 | 502..=504),
            Self::Network { unheard, .. } => safely || *unheard,
            Self::NotConfigured { .. } | Self::Token(_) | Self::Unreadable { .. } => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Token(error) => error.retry_after(),
            Self::NotConfigured { .. } | Self::Network { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// CXone's five services, with their tokens.
#[derive(Clone)]
pub(crate) struct Cxone {
    http: Client,
    services: Arc<BTreeMap<Service, (ServiceConfig, TokenSource)>>,
    control: Option<Url>,
    limiter: Arc<DefaultDirectRateLimiter>,
    timeout: Duration,
    connect_timeout: Duration,
    metrics: Metrics,
}

impl Cxone {
    pub(crate) fn new(config: &Config, metrics: Metrics) -> Result<Self, reqwest::Error> {
        let http = client(config)?;
        let services = config.services.iter().map(|(service, settings)| {
            let tokens = TokenSource::new(
                http.clone(),
                settings.clone(),
                config.tuning.connect_timeout,
                metrics.clone(),
            );
            (*service, (settings.clone(), tokens))
        });
        let per_second = NonZeroU32::new(config.limits.requests_per_second).unwrap_or(NonZeroU32::MIN);
        Ok(Self {
            services: Arc::new(services.collect()),
            control: config.sandbox_control.clone(),
            limiter: Arc::new(RateLimiter::direct(Quota::per_second(per_second))),
            timeout: config.tuning.request_timeout / 2,
            connect_timeout: config.tuning.connect_timeout,
            http,
            metrics,
        })
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A client that follows no redirect, for requests without a token.
    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// How long a connection may take to be made.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// What is configured of `service`, and its tokens; an error says what is missing.
    pub(crate) fn service(&self, service: Service) -> Result<(&ServiceConfig, &TokenSource), UpstreamError> {
        let (config, tokens) = self.services.get(&service).ok_or_else(|| UpstreamError::NotConfigured {
            service,
            missing: vec![format!("service.{service}")],
        })?;
        if config.missing.is_empty() {
            Ok((config, tokens))
        } else {
            Err(UpstreamError::NotConfigured { service, missing: config.missing.clone() })
        }
    }

    /// The address of `path` below the service's own; every segment is one, whatever is in it.
    pub(crate) fn url(&self, service: Service, path: &[&str]) -> Result<Url, UpstreamError> {
        let (config, _) = self.service(service)?;
        let mut url = config.base_url.clone().ok_or_else(|| UpstreamError::NotConfigured {
            service,
            missing: vec![format!("service.{service}.base_url")],
        })?;
        url.path_segments_mut()
            .expect("the configuration admits http addresses only")
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    /// Asks the stand-in's control routes, which take the interactions service's token.
    pub(crate) async fn control(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&serde_json::Value>,
    ) -> Result<Answer, UpstreamError> {
        let service = Service::Interactions;
        let mut url = self.control.clone().ok_or_else(|| UpstreamError::NotConfigured {
            service,
            missing: vec!["the stand-in's address".to_owned()],
        })?;
        url.path_segments_mut()
            .expect("the configuration admits http addresses only")
            .pop_if_empty()
            .extend(path);
        self.ask_at(service, method, url, body, Repeat::IfUnheard).await
    }

    /// Asks `service`, again where that is safe and may help. An answer other than 2xx is an error.
    pub(crate) async fn ask(
        &self,
        service: Service,
        method: Method,
        path: &[&str],
        body: Option<&serde_json::Value>,
        repeat: Repeat,
    ) -> Result<Answer, UpstreamError> {
        let url = self.url(service, path)?;
        self.ask_at(service, method, url, body, repeat).await
    }

    async fn ask_at(
        &self,
        service: Service,
        method: Method,
        url: Url,
        body: Option<&serde_json::Value>,
        repeat: Repeat,
    ) -> Result<Answer, UpstreamError> {
        let (_, tokens) = self.service(service)?;
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            let token = tokens.token().await?;
            let error = match self.send(service, &method, &url, body, &token).await {
                Ok(answer) => {
                    self.metrics.upstream_request(service, "ok");
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.metrics.upstream_request(service, "failed");
            if matches!(error, UpstreamError::Status { status: 401, .. }) && !renewed {
                renewed = true;
                tokens.refused(&token);
                continue;
            }
            attempt += 1;
            let wait = jittered(BACKOFF, attempt - 1).max(error.retry_after().unwrap_or_default());
            if attempt == ATTEMPTS || !error.may_repeat(repeat) || wait > LONGEST_PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn send(
        &self,
        service: Service,
        method: &Method,
        url: &Url,
        body: Option<&serde_json::Value>,
        token: &AccessToken,
    ) -> Result<Answer, UpstreamError> {
        self.limiter.until_ready().await;
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .timeout(self.timeout)
            .header(header::AUTHORIZATION, token.bearer())
            .header(header::ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        let network = |error: reqwest::Error| UpstreamError::Network {
            service,
            message: describe(&error),
            timeout: error.is_timeout(),
            unheard: error.is_connect(),
        };
        let mut response = request.send().await.map_err(network)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(network)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                let message = format!("more than {LONGEST_ANSWER} bytes");
                return Err(UpstreamError::Unreadable { service, message });
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(Answer { service, body: body.freeze() });
        }
        let message = complaint(&body);
        Err(UpstreamError::Status { service, status: status.as_u16(), retry_after, message })
    }
}

fn client(config: &Config) -> Result<Client, reqwest::Error> {
    let builder = || {
        Client::builder()
            .connect_timeout(config.tuning.connect_timeout)
            // A redirect would carry a token to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("dialbench/", env!("CARGO_PKG_VERSION")))
    };
    builder().build().or_else(|error| {
        // A bare container has no certificates, and the stand-in needs none.
        tracing::warn!(
            error = describe(&error),
            "the system's CA certificates cannot be loaded (is ca-certificates installed?): no https address can be reached"
        );
        builder().tls_certs_only([]).build()
    })
}

/// What an error's body says, in the forms that CXone's services use.
fn complaint(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = ["detail", "message", "error_description", "error", "errorMessage"]
        .iter()
        .find_map(|key| value.get(key).and_then(|value| value.as_str()))?;
    Some(text.chars().take(300).collect())
}
