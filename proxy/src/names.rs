//! The names under which the proxy may be addressed.

use std::net::SocketAddr;

use crate::config::Config;

/// Address at which a connection arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalAddress(pub(crate) SocketAddr);

/// Hosts under which the proxy may be addressed, and origins that may use it.
#[derive(Debug)]
pub(crate) struct Names {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Names {
    /// Returns the names that follow from the configuration and the listening address.
    pub(crate) fn new(config: &Config, listening: SocketAddr) -> Self {
        let mut hosts = config.public_hosts.clone();
        hosts.extend(host_forms(listening));
        hosts.extend(config.public_url.as_ref().map(|url| url.authority().to_ascii_lowercase()));
        if listening.ip().is_loopback() || listening.ip().is_unspecified() {
            let port = listening.port();
            hosts.push(format!("localhost:{port}"));
            hosts.extend(host_forms(SocketAddr::from(([127, 0, 0, 1], port))));
            hosts.extend(host_forms(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port))));
            if port == 80 {
                hosts.push("localhost".into());
            }
        }
        Self { hosts, origins: config.allowed_origins.clone() }
    }

    /// Returns true when a `Host` header may name the proxy as `host` on a connection that arrived at `local`.
    pub(crate) fn has_host(&self, host: &str, local: Option<LocalAddress>) -> bool {
        let host = host.to_ascii_lowercase();
        self.hosts.contains(&host)
            || local.is_some_and(|LocalAddress(local)| host_forms(local).any(|name| name == host))
    }

    /// Returns true when pages of `origin` may use the proxy.
    pub(crate) fn has_origin(&self, origin: &str, local: Option<LocalAddress>) -> bool {
        if self.origins.iter().any(|known| known == origin) {
            return true;
        }
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| self.has_host(host, local))
    }
}

/// Returns the forms of an address in a `Host` header: the port may be missing where it is HTTP's own.
fn host_forms(address: SocketAddr) -> impl Iterator<Item = String> {
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let bare = match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    let port_80 = (address.port() == 80).then_some(bare);
    [address.to_string()].into_iter().chain(port_80)
}
