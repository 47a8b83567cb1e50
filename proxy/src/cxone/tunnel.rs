//! Connections for sockets: straight to a service, or through a forward proxy by CONNECT (RFC 9110, section 9.3.6).

use std::io;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpStream;

use crate::config::{ForwardProxies, ForwardProxy};

/// Failure to connect.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The service cannot be reached.
    #[error(transparent)]
    Direct(#[from] io::Error),
    /// The forward proxy is in the way.
    #[error(transparent)]
    Tunnel(TunnelError),
}

/// Failure of a forward proxy to open the way to a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TunnelError {
    /// The proxy cannot be reached.
    #[error("the proxy {proxy} cannot be reached: {reason}")]
    Unreached { proxy: String, reason: String },
    /// The proxy wants credentials, or others.
    #[error("the proxy {proxy} {}", if *had_credentials {
        "does not accept the credentials in its address (HTTP 407)"
    } else {
        "asks for credentials (HTTP 407); give them in its address, http://USER:PASSWORD@HOST:PORT"
    })]
    Credentials { proxy: String, had_credentials: bool },
    /// The proxy refuses to connect to the service.
    #[error("the proxy {proxy} does not let it through to {target} (HTTP {status})")]
    Refused { proxy: String, target: String, status: u16 },
    /// The proxy's answer is no answer to CONNECT.
    #[error("the proxy {proxy} does not answer CONNECT as HTTP has it: {reason}")]
    Broken { proxy: String, reason: String },
    /// The proxy is reached by TLS, which is supported for requests, but not for sockets.
    #[error("sockets go through http:// proxies only, not through {proxy}")]
    Encrypted { proxy: String },
}

/// Connects to the host of `url`, through the proxy that `proxies` name for it.
pub(super) async fn connect(proxies: &ForwardProxies, url: &Url) -> Result<TcpStream, ConnectError> {
    let stream = match proxies.of(url) {
        None => TcpStream::connect(address(url)).await?,
        Some(proxy) => {
            let target = format!("{}:{}", url.host_str().unwrap_or_default(), address(url).1);
            Box::pin(through(proxy, target)).await.map_err(ConnectError::Tunnel)?
        }
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Returns the host of an address, as a resolver takes it, and its port.
fn address(url: &Url) -> (&str, u16) {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    (host, url.port_or_known_default().unwrap_or_default())
}

async fn through(proxy: &ForwardProxy, target: String) -> Result<TcpStream, TunnelError> {
    let (shown, url) = (proxy.shown().to_owned(), proxy.url());
    if url.scheme() != "http" {
        return Err(TunnelError::Encrypted { proxy: shown });
    }
    let unreached =
        |error: io::Error| TunnelError::Unreached { proxy: shown.clone(), reason: error.to_string() };
    let broken = |reason: String| TunnelError::Broken { proxy: shown.clone(), reason };
    let stream = TcpStream::connect(address(&url)).await.map_err(unreached)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(error.to_string()))?;
    let carrying = tokio::spawn(connection.with_upgrades());
    let authorization = proxy.authorization();
    let had_credentials = authorization.is_some();
    let mut request = Request::connect(&target).header(header::HOST, &target);
    if let Some(authorization) = authorization {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(Body::empty()).map_err(|error| broken(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            carrying.abort();
            return Err(TunnelError::Credentials { proxy: shown, had_credentials });
        }
        status => {
            carrying.abort();
            return Err(TunnelError::Refused { proxy: shown, target, status: status.as_u16() });
        }
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|error| broken(error.to_string()))?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().expect("the connection was made of this stream");
    if parts.read_buf.is_empty() {
        Ok(parts.io.into_inner())
    } else {
        Err(broken("it sent data before the connection was used".into()))
    }
}
