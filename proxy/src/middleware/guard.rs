use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{Config, error::ApiError, state::AppState};

/// The address at which a connection arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalAddress(pub(crate) SocketAddr);

/// The names under which the proxy may be addressed, and the origins that may use it.
#[derive(Debug)]
pub(crate) struct Names {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Names {
    pub(crate) fn new(config: &Config, listening: SocketAddr) -> Self {
        let mut hosts = config.public_hosts.clone();
        hosts.extend(spelled(listening));
        if listening.ip().is_loopback() || listening.ip().is_unspecified() {
            let port = listening.port();
            hosts.push(format!("localhost:{port}"));
            hosts.extend(spelled(SocketAddr::from(([127, 0, 0, 1], port))));
            hosts.extend(spelled(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port))));
            if port == 80 {
                hosts.push("localhost".into());
            }
        }
        Self { hosts, origins: config.allowed_origins.clone() }
    }

    fn has_host(&self, host: &str, local: Option<LocalAddress>) -> bool {
        let host = host.to_ascii_lowercase();
        self.hosts.contains(&host)
            || local.is_some_and(|LocalAddress(local)| spelled(local).any(|name| name == host))
    }

    fn has_origin(&self, origin: &str, local: Option<LocalAddress>) -> bool {
        if self.origins.iter().any(|known| known == origin) {
            return true;
        }
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| self.has_host(host, local))
    }
}

/// How a `Host` header names an address: without the port where that is HTTP's own.
fn spelled(address: SocketAddr) -> impl Iterator<Item = String> {
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let bare = match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    let port_80 = (address.port() == 80).then_some(bare);
    [address.to_string()].into_iter().chain(port_80)
}

/// Refuses foreign hosts (a rebound name), foreign origins (another site's page) and changes without `X-Dialbench: 1`
/// (a form of another site's, which cannot set a header).
pub(crate) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match check(&state.names, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(names: &Names, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    let local = request.extensions().get::<LocalAddress>().copied();
    let host = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| text(headers, &header::HOST));
    if !host.is_some_and(|host| names.has_host(host, local)) {
        let detail = "this host is not served here; configure it with --public-host if it should be";
        return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, detail));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let handshake = headers.contains_key(header::UPGRADE);
    if (!reads || handshake) && headers.contains_key(header::ORIGIN) {
        let allowed = text(headers, &header::ORIGIN).is_some_and(|origin| names.has_origin(origin, local));
        if !allowed {
            let detail = "this origin may not use the proxy; configure it with --allowed-origin if it should";
            return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
        }
    }
    if !reads && request.uri().path().starts_with("/api/") {
        let marked = headers.get("x-dialbench").is_some_and(|value| value == "1");
        if !marked {
            let detail = "a request that changes something needs the header X-Dialbench: 1";
            return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
        }
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
