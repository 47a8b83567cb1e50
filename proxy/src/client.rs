//! The client of a request, also where a proxy that is trusted stands between.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{FromRequestParts, Request},
    http::{Extensions, HeaderMap, header, request::Parts},
};

use crate::{config::Config, state::AppState};

/// Name of the header in which a proxy says whom it asks for.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Name of the header in which a proxy says by which scheme it was asked.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Address from which a connection came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// Address of the client of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self(address(&parts.headers, &parts.extensions, &state.config.trusted_proxies)))
    }
}

fn peer(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<PeerAddress>();
    peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |PeerAddress(address)| address.ip().to_canonical())
}

/// Returns the address of the client: the connection's, or, where that is a proxy's of `trusted`, the last one in its
/// `X-Forwarded-For` that is none of theirs.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer(extensions);
    if !trusted.contains(&peer) {
        return peer;
    }
    let values = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
    let addresses = hops.iter().rev().map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    addresses.map(|hop| hop.to_canonical()).find(|hop| !trusted.contains(hop)).unwrap_or(peer)
}

/// Returns true where the client's browser uses https: because the request is for the public URL, which is one, or because a
/// proxy that is trusted says so.
pub(crate) fn is_https(request: &Request, config: &Config) -> bool {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let is_public = config.public_url.as_ref().is_some_and(|url| {
        url.scheme() == "https" && host.is_some_and(|host| host.eq_ignore_ascii_case(url.authority()))
    });
    let says_https = || {
        let values =
            request.headers().get_all(FORWARDED_PROTO).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).last().is_some_and(|proto| proto.trim() == "https")
    };
    is_public || (config.trusted_proxies.contains(&peer(request.extensions())) && says_https())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_asks() {
        let trusted = ["127.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        let check = |from: &str, forwarded: &str, expect: &str| {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(PeerAddress(SocketAddr::new(from.parse().unwrap(), 1)));
            request.headers_mut().insert(FORWARDED_FOR, forwarded.parse().unwrap());
            let client = address(request.headers(), request.extensions(), &trusted);
            assert_eq!(client.to_string(), expect, "{from}: {forwarded}");
        };
        check("127.0.0.1", "192.0.2.7", "192.0.2.7");
        check("::ffff:127.0.0.1", "192.0.2.7", "192.0.2.7");
        check("127.0.0.1", "203.0.113.9, 192.0.2.7, 10.0.0.2", "192.0.2.7");
        check("127.0.0.1", "192.0.2.7, garbage", "127.0.0.1");
        check("127.0.0.1", "", "127.0.0.1");
        check("192.0.2.1", "192.0.2.7", "192.0.2.1");
    }
}
