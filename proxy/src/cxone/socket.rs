use std::time::{Duration, Instant};

use axum::http::{HeaderValue, header};
use base::ids::CallId;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream,
    tungstenite::{Error, client::IntoClientRequest as _, error::ProtocolError, handshake::client::Response},
};

use super::{
    Cxone, Paused, TunnelError, UpstreamError, tls,
    tunnel::{self, ConnectError},
};
use crate::{
    auth::{AccessToken, TokenError},
    config::Service,
    http::retry_after,
    socket::{Limits, Socket},
};

/// Open WebSocket to CXone.
pub(crate) type Upstream = Socket<MaybeTlsStream<TcpStream>>;

/// Failure to open a socket.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The service asked to be left alone.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// The handshake was answered with another status than 101.
    #[error("{service} answered the handshake with HTTP {status}{}", fault(*service, *status))]
    Refused { service: Service, status: u16, retry_after: Option<Duration> },
    /// The service's answer to the handshake breaks the protocol.
    #[error("{service} answered the handshake in a way that the WebSocket protocol forbids: {message}")]
    Broken { service: Service, message: String },
    /// A forward proxy does not open the way to the service.
    #[error("{service} cannot be reached: {error}")]
    Tunnel { service: Service, error: TunnelError },
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

impl DialError {
    /// Returns the status by which the handshake was refused.
    const fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Token(_)
            | Self::Paused(_)
            | Self::Broken { .. }
            | Self::Tunnel { .. }
            | Self::Network { .. }
            | Self::NotConfigured(_) => None,
        }
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
        let mut url = self.url(service, path).map_err(DialError::NotConfigured)?;
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).expect("http and ws are both special schemes");
        let (_, tokens) = self.service(service).map_err(DialError::NotConfigured)?;
        self.pauses().check(Instant::now(), service)?;
        let token = tokens.token().await?;
        let error = match self.dial_once(service, &url, limits, token_place, &token).await {
            Ok(socket) => return Ok(socket),
            Err(error) => error,
        };
        let Some(newer) = tokens.token_after(&token, error.status()).await? else { return Err(error) };
        let dialled = self.dial_once(service, &url, limits, token_place, &newer).await;
        if let Err(error) = &dialled {
            tokens.note_second_refusal(error.status());
        }
        dialled
    }

    async fn dial_once(
        &self,
        service: Service,
        url: &Url,
        limits: Limits,
        token_place: TokenPlace,
        token: &AccessToken,
    ) -> Result<Upstream, DialError> {
        let dialled = match token_place {
            TokenPlace::Header => self.open(service, url, Some(token.bearer()), limits).await,
            TokenPlace::Query => self.open(service, &token.in_query(url.clone()), None, limits).await,
        };
        self.metrics().upstream_request(service, if dialled.is_ok() { "ok" } else { "failed" });
        if let Err(DialError::Refused { status, retry_after, .. }) = &dialled {
            self.pauses().note(Instant::now(), service, *status, *retry_after);
        }
        dialled
    }

    async fn open(
        &self,
        service: Service,
        url: &Url,
        bearer: Option<HeaderValue>,
        limits: Limits,
    ) -> Result<Upstream, DialError> {
        let network =
            |message: &str, is_timeout| DialError::Network { service, message: message.into(), is_timeout };
        let mut request =
            url.as_str().into_client_request().map_err(|_| network("its address is unusable", false))?;
        if let Some(bearer) = bearer {
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
        let dialling = async {
            let stream = tunnel::connect(self.forward_proxies(), url).await.map_err(|error| match error {
                ConnectError::Direct(error) => Unopened::Handshake(Error::Io(error)),
                ConnectError::Tunnel(error) => Unopened::Tunnel(error),
            })?;
            limits.bound_send_buffer(&stream);
            let stream =
                tls::wrapped(stream, url).await.map_err(|error| Unopened::Handshake(Error::Io(error)))?;
            Socket::dial(request, stream, limits).await.map_err(Unopened::Handshake)
        };
        match tokio::time::timeout(self.connect_timeout(), dialling).await {
            Err(_) => Err(network("no answer in time", true)),
            Ok(Ok((socket, response))) => match unasked_extensions(&response) {
                None => Ok(socket),
                Some(names) => {
                    let names = self.redactor().text(&names).into_owned();
                    let message = format!("it uses extensions that were not asked for ({names})");
                    Err(DialError::Broken { service, message })
                }
            },
            Ok(Err(Unopened::Tunnel(error))) => Err(DialError::Tunnel { service, error }),
            Ok(Err(Unopened::Handshake(error))) => Err(self.unopened(service, error)),
        }
    }

    fn unopened(&self, service: Service, error: Error) -> DialError {
        let network = |error: &dyn std::fmt::Display| {
            let message = self.redactor().text(&error.to_string()).into_owned();
            DialError::Network { service, message, is_timeout: false }
        };
        match error {
            Error::Http(response) => DialError::Refused {
                service,
                status: response.status().as_u16(),
                retry_after: retry_after(response.headers()),
            },
            Error::Protocol(error @ ProtocolError::HandshakeIncomplete) => network(&error),
            Error::Protocol(error) => {
                let message = self.redactor().text(&error.to_string()).into_owned();
                DialError::Broken { service, message }
            }
            // Only errors whose text cannot hold the address are quoted.
            Error::Io(error) => network(&error),
            Error::Tls(error) => network(&error),
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Capacity(_)
            | Error::WriteBufferFull(_)
            | Error::Utf8(_)
            | Error::AttackAttempt
            | Error::Url(_)
            | Error::HttpFormat(_) => network(&"the handshake failed"),
        }
    }
}

/// Reason for which there is no socket.
enum Unopened {
    Tunnel(TunnelError),
    Handshake(Error),
}

/// Returns the extensions that the server uses, where it names some: none is ever asked for, and its frames could not be read
/// (RFC 6455, section 4.1).
fn unasked_extensions(response: &Response) -> Option<String> {
    const MAX_SHOWN_CHARS: usize = 100;
    let values = response.headers().get_all(header::SEC_WEBSOCKET_EXTENSIONS);
    let names: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let names = names.join(", ");
    let is_named = !names.trim_matches([',', ' ', '\t']).is_empty();
    is_named.then(|| names.chars().take(MAX_SHOWN_CHARS).collect())
}

#[derive(Clone, Copy)]
enum TokenPlace {
    Header,
    Query,
}
