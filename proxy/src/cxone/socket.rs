use std::time::Duration;

use axum::http::{HeaderValue, header};
use base::ids::CallId;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{Error, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

use super::{Cxone, UpstreamError};
use crate::{auth::TokenError, config::Service, http::retry_after};

/// Open WebSocket to CXone.
pub(crate) type Upstream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Bounds of a socket. The library's own defaults cost 278 KB a relay and admit 64 MiB messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum size of a message in bytes.
    pub(crate) message: usize,
    /// Size of the read and of the write buffer on each side of a relay, in bytes.
    pub(crate) buffer: usize,
}

impl Limits {
    /// Bounds of an event socket, whose messages are texts of some hundred bytes.
    pub(crate) const EVENTS: Self = Self { message: 1 << 20, buffer: 4 << 10 };
    /// Bounds of a voice socket. Four seconds of audio in one message is more than anyone sends. At most three frames are
    /// read at a time: the buffers are most of a relay's cost, and the library clears them before every read.
    pub(crate) const VOICE: Self = Self { message: 64 << 10, buffer: 1 << 10 };

    /// Returns the maximum number of bytes that wait to be written: one message and the control frames beside it.
    pub(crate) const fn write_bound(self) -> usize {
        self.message + (64 << 10)
    }

    fn config(self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(self.buffer)
            .write_buffer_size(self.buffer)
            .max_write_buffer_size(self.write_bound())
            .max_message_size(Some(self.message))
            .max_frame_size(Some(self.message))
    }
}

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
        let mut url = self.url(service, path).map_err(DialError::NotConfigured)?;
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).expect("http and ws are both special schemes");
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
        let dialling = connect_async_tls_with_config(request, Some(limits.config()), true, None);
        match tokio::time::timeout(self.connect_timeout(), dialling).await {
            Err(_) => Err(network("no answer in time", true)),
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(Error::Http(response))) => Err(DialError::Refused {
                service,
                status: response.status().as_u16(),
                retry_after: retry_after(response.headers()),
            }),
            // Only errors whose text cannot hold the address are quoted.
            Ok(Err(Error::Io(error))) => Err(network(&error.to_string(), false)),
            Ok(Err(Error::Tls(error))) => Err(network(&error.to_string(), false)),
            Ok(Err(Error::Protocol(error))) => Err(network(&error.to_string(), false)),
            Ok(Err(_)) => Err(network("the handshake failed", false)),
        }
    }
}

#[derive(Clone, Copy)]
enum TokenPlace {
    Header,
    Query,
}
