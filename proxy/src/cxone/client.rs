use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::header;
use bytes::BytesMut;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::{Client, Proxy, Url};

use super::{Answer, UpstreamError, UpstreamRequest, pause::Pauses, request::Body};
use crate::{
    auth::{AccessToken, Redactor, TokenSource},
    config::{Config, ForwardProxies, ForwardProxy, Service, ServiceConfig},
    http::{complaints, describe, message, retry_after},
    metrics::Metrics,
    retry::{RETRY_POLICY, retry},
};

/// Client of CXone's five services, with their tokens.
#[derive(Clone)]
pub(crate) struct Cxone {
    http: Client,
    services: Arc<BTreeMap<Service, (ServiceConfig, TokenSource)>>,
    control: Option<Url>,
    limiter: Arc<DefaultDirectRateLimiter>,
    pauses: Arc<Pauses>,
    redactor: Redactor,
    forward_proxies: ForwardProxies,
    timeout: Duration,
    connect_timeout: Duration,
    metrics: Metrics,
}

impl Cxone {
    pub(crate) fn new(config: &Config, metrics: Metrics) -> Result<Self, reqwest::Error> {
        tell_forward_proxies(&config.forward_proxies);
        let http = client(config)?;
        let secrets = config.services.values().filter_map(|service| service.client_secret.clone());
        let redactor = Redactor::new(secrets);
        let services = config.services.iter().map(|(service, settings)| {
            let tokens = TokenSource::new(
                http.clone(),
                settings.clone(),
                config.tuning.connect_timeout,
                metrics.clone(),
                redactor.clone(),
            );
            (*service, (settings.clone(), tokens))
        });
        let per_second = NonZeroU32::new(config.limits.requests_per_second).unwrap_or(NonZeroU32::MIN);
        Ok(Self {
            services: Arc::new(services.collect()),
            control: config.sandbox_control.clone(),
            limiter: Arc::new(RateLimiter::direct(Quota::per_second(per_second))),
            pauses: Arc::default(),
            redactor,
            forward_proxies: config.forward_proxies.clone(),
            timeout: config.tuning.request_timeout / 2,
            connect_timeout: config.tuning.connect_timeout,
            http,
            metrics,
        })
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the remover of the services' secrets from what they say.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Returns the proxies through which services are reached.
    pub(super) fn forward_proxies(&self) -> &ForwardProxies {
        &self.forward_proxies
    }

    /// Returns the waits that services have asked for.
    pub(super) fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// Returns an HTTP client that follows no redirect, for requests without a token.
    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// Returns the time within which a connection must be made.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Returns the configuration of `service` and its tokens, or an error that names the missing keys.
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

    /// Returns the address of `path` at `service`; a segment stays one segment whatever characters it has.
    pub(crate) fn url(&self, service: Service, path: &[&str]) -> Result<Url, UpstreamError> {
        let (config, _) = self.service(service)?;
        let base = config.base_url.as_ref().ok_or_else(|| UpstreamError::NotConfigured {
            service,
            missing: vec![format!("service.{service}.base_url")],
        })?;
        Ok(joined(base, path))
    }

    /// Returns the address of `path` at the stand-in's control routes.
    fn control_url(&self, path: &[&str]) -> Result<Url, UpstreamError> {
        let base = self.control.as_ref().ok_or_else(|| UpstreamError::NotConfigured {
            service: Service::Interactions,
            missing: vec!["the stand-in's address".to_owned()],
        })?;
        Ok(joined(base, path))
    }

    /// Sends `request` to the stand-in's control routes, which take the interactions service's token.
    pub(crate) async fn control(&self, request: UpstreamRequest<'_>) -> Result<Answer, UpstreamError> {
        let url = with_query(self.control_url(request.path)?, request.query);
        self.send(&request, &url).await
    }

    /// Sends `request`, again where that is safe and may help. An answer other than 2xx is an error.
    pub(crate) async fn ask(&self, request: UpstreamRequest<'_>) -> Result<Answer, UpstreamError> {
        let url = with_query(self.url(request.service, request.path)?, request.query);
        self.send(&request, &url).await
    }

    async fn send(&self, request: &UpstreamRequest<'_>, url: &Url) -> Result<Answer, UpstreamError> {
        let (_, tokens) = self.service(request.service)?;
        let policy = request.retried_by.policy(RETRY_POLICY);
        retry(policy, request.idempotency, |_| self.attempt(request, url, tokens)).await
    }

    /// Sends `request` with a token, and once more with a new one where the token was refused, or may have been.
    async fn attempt(
        &self,
        request: &UpstreamRequest<'_>,
        url: &Url,
        tokens: &TokenSource,
    ) -> Result<Answer, UpstreamError> {
        self.pauses.check(Instant::now(), request.service)?;
        let token = tokens.token().await?;
        let error = match self.send_once(request, url, &token).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let Some(newer) = tokens.token_after(&token, error.status()).await? else { return Err(error) };
        let answer = self.send_once(request, url, &newer).await;
        if let Err(error) = &answer {
            tokens.note_second_refusal(error.status());
        }
        answer
    }

    async fn send_once(
        &self,
        request: &UpstreamRequest<'_>,
        url: &Url,
        token: &AccessToken,
    ) -> Result<Answer, UpstreamError> {
        self.limiter.until_ready().await;
        let result = self.exchange(request, url, token).await;
        self.metrics.upstream_request(request.service, if result.is_ok() { "ok" } else { "failed" });
        result
    }

    async fn exchange(
        &self,
        request: &UpstreamRequest<'_>,
        url: &Url,
        token: &AccessToken,
    ) -> Result<Answer, UpstreamError> {
        let began = Instant::now();
        let (service, max_bytes) = (request.service, request.max_answer_bytes);
        let builder = self
            .http
            .request(request.method.clone(), url.clone())
            .timeout(self.timeout)
            .header(header::AUTHORIZATION, token.bearer())
            .header(header::ACCEPT, "application/json");
        let builder = match &request.body {
            Body::None => builder,
            Body::Json(body) => builder.json(body),
            Body::Bytes(bytes, kind) => builder.header(header::CONTENT_TYPE, *kind).body(bytes.clone()),
        };
        let network = |error: reqwest::Error| UpstreamError::Network {
            service,
            message: describe(&error),
            is_timeout: error.is_timeout(),
            is_unsent: error.is_connect(),
        };
        let mut response = builder.send().await.map_err(network)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(network)? {
            if body.len() + chunk.len() > max_bytes {
                let message = format!("more than {max_bytes} bytes");
                return Err(UpstreamError::Unreadable { service, message });
            }
            body.extend_from_slice(&chunk);
        }
        let (body, status) = (self.redactor.body(body.freeze()), status.as_u16());
        if (200..300).contains(&status) {
            return Ok(Answer { service, status, body, elapsed: began.elapsed() });
        }
        self.pauses.note(Instant::now(), service, status, retry_after);
        let (message, complaints) = (message(&body), complaints(&body));
        Err(UpstreamError::Status { service, status, retry_after, message, complaints })
    }
}

/// Returns the address of `path` below `base`; a segment stays one segment whatever characters it has.
fn joined(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("the configuration admits http addresses only")
        .pop_if_empty()
        .extend(path);
    url
}

fn with_query(mut url: Url, query: &[(&str, &str)]) -> Url {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// Says through what addresses are reached, as nobody sees it otherwise.
fn tell_forward_proxies(proxies: &ForwardProxies) {
    for (scheme, proxy) in ["http", "https"].into_iter().zip(proxies.shown()) {
        if let Some(proxy) = proxy {
            tracing::info!(proxy, "{scheme} addresses beyond this machine are reached through a proxy");
        }
    }
    for variable in proxies.unusable() {
        tracing::warn!(variable, "it is not used: only http:// and https:// proxies are supported");
    }
}

fn client(config: &Config) -> Result<Client, reqwest::Error> {
    let proxies = &config.forward_proxies;
    let builder = || {
        let builder = Client::builder()
            .connect_timeout(config.tuning.connect_timeout)
            // A redirect would carry a token to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("dialbench/", env!("CARGO_PKG_VERSION")));
        if proxies.is_empty() {
            builder.no_proxy()
        } else {
            let proxies = proxies.clone();
            builder.proxy(Proxy::custom(move |url| proxies.of(url).map(ForwardProxy::url)))
        }
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
