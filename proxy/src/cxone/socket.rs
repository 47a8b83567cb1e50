use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base::ids::CallId;
use reqwest::{Upgraded, Url};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::{Cxone, UpstreamError};
use crate::{
    auth::TokenError,
    config::Service,
    http::{describe, retry_after},
    socket::{Limits, Socket},
};

/// Open WebSocket to CXone.
pub(crate) type Upstream = Socket<Upgraded>;

/// Failure to open a socket.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The handshake was answered with another status than 101.
    #[error("{service} answered the handshake with HTTP {status}{}", fault(*service, *status))]
    Refused { service: Service, status: u16, retry_after: Option<Duration> },
    /// The service did not answer.
    #[error("{service} cannot be reached: {message}")]
    Network { service: Service, message: String, is_timeout: bool },
    /// The service is not configured.
    #[error(transparent)]
    NotConfigured(UpstreamError),
}

/// Returns the fault that a refused handshake's status tells of.
const fn fault(service: Service, status: u16) -> &'static str {
    match (service, status) {
        (_, 401) => ": the token was not accepted",
        (Service::Voice, 403) => ": the client lacks the scope agent:voice:stream, or the call is not live",
        (Service::Interactions, 403) => {
            ": the client lacks one of the scopes interactions:read, media:read, voice:read"
        }
        (Service::Voice, 404) => ": there is no such call",
        _ => "",
    }
}

impl Cxone {
    /// Opens the interactions socket, with the token in a header.
    pub(crate) async fn dial_interactions(&self) -> Result<Upstream, DialError> {
        let path = ["api", "v2", "interactions", "websocket"];
        self.dial(Service::Interactions, &path, Limits::EVENTS, TokenPlace::Header).await
    }

    /// Opens the voice stream of `call_id`, with the token in the query, the only place where the service takes it.
    pub(crate) async fn dial_voice(&self, call_id: &CallId) -> Result<Upstream, DialError> {
        let path = ["agent", "voice", call_id.as_str(), "stream"];
        self.dial(Service::Voice, &path, Limits::VOICE, TokenPlace::Query).await
    }

    async fn dial(
        &self,
        service: Service,
        path: &[&str],
        limits: Limits,
        token_place: TokenPlace,
    ) -> Result<Upstream, DialError> {
        let url = self.url(service, path).map_err(DialError::NotConfigured)?;
        let (_, tokens) = self.service(service).map_err(DialError::NotConfigured)?;
        let mut renewed = false;
        loop {
            let token = tokens.token().await?;
            let dialled = match token_place {
                TokenPlace::Header => self.open(service, &url, Some(token.bearer()), limits).await,
                TokenPlace::Query => self.open(service, &token.in_query(url.clone()), None, limits).await,
            };
            self.metrics().upstream_request(service, if dialled.is_ok() { "ok" } else { "failed" });
            match dialled {
                Err(DialError::Refused { status: 401, .. }) if !renewed => {
                    renewed = true;
                    tokens.refused(&token);
                }
                dialled => return dialled,
            }
        }
    }

    /// Opens a socket by a request of the HTTP client, so that it finds its way as any other request does.
    async fn open(
        &self,
        service: Service,
        url: &Url,
        bearer: Option<HeaderValue>,
        limits: Limits,
    ) -> Result<Upstream, DialError> {
        let network = |message: String, is_timeout| DialError::Network { service, message, is_timeout };
        let key = generate_key();
        let mut request = self
            .http()
            .get(url.clone())
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key);
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let dialling = async {
            // Causes are quoted, never the address, which may hold a token.
            let failed = |error: reqwest::Error| network(describe(&error), error.is_timeout());
            let response = request.send().await.map_err(failed)?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                return Err(DialError::Refused {
                    service,
                    status: response.status().as_u16(),
                    retry_after: retry_after(response.headers()),
                });
            }
            if !accepts(response.headers(), &key) {
                return Err(network("its answer to the handshake is none of a WebSocket's".into(), false));
            }
            Ok(Socket::of_client(response.upgrade().await.map_err(failed)?, limits).await)
        };
        tokio::time::timeout(self.connect_timeout(), dialling)
            .await
            .unwrap_or_else(|_| Err(network("no answer in time".into(), true)))
    }
}

/// Returns true when the answer to a handshake is that of a server that understood it (RFC 6455, section 4.1), without
/// extensions or a subprotocol, for which nobody asked.
fn accepts(headers: &HeaderMap, key: &str) -> bool {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let upgrades =
        text(header::CONNECTION).split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    upgrades
        && text(header::UPGRADE).eq_ignore_ascii_case("websocket")
        && text(header::SEC_WEBSOCKET_ACCEPT) == derive_accept_key(key.as_bytes())
        && !headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS)
        && !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL)
}

#[derive(Clone, Copy)]
enum TokenPlace {
    Header,
    Query,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_handshake_counts() {
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let check = |expect: bool, changes: &[(header::HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("WebSocket"));
            headers.insert(
                header::SEC_WEBSOCKET_ACCEPT,
                HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            );
            for (name, value) in changes {
                headers.insert(name, value.parse().unwrap());
            }
            assert_eq!(accepts(&headers, key), expect, "{changes:?}");
        };
        check(true, &[]);
        check(false, &[(header::SEC_WEBSOCKET_ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=")]);
        check(false, &[(header::CONNECTION, "close")]);
        check(false, &[(header::UPGRADE, "h2c")]);
        check(false, &[(header::SEC_WEBSOCKET_EXTENSIONS, "permessage-deflate")]);
        check(false, &[(header::SEC_WEBSOCKET_PROTOCOL, "voice")]);
    }
}
