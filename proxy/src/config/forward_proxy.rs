use std::net::IpAddr;

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use super::Environment;

/// Proxies through which addresses beyond this machine are reached, as the environment names them: `HTTPS_PROXY`,
/// `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case.
#[derive(Clone, Debug, Default)]
pub struct ForwardProxies {
    http: Option<ForwardProxy>,
    https: Option<ForwardProxy>,
    exemptions: Vec<Exemption>,
    unusable: Vec<String>,
}

/// Proxy that carries requests and sockets on.
#[derive(Clone, Debug)]
pub struct ForwardProxy {
    /// The address, which may hold credentials.
    url: SecretString,
    shown: String,
}

/// Hosts that are reached without a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exemption {
    hosts: Hosts,
    /// The port that is meant; every port where there is none.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A domain and everything below it.
    Domain(String),
    /// The addresses that share so many leading bits.
    Network(IpAddr, u32),
}

impl ForwardProxies {
    /// Reads the environment.
    pub fn from_environment(environment: Environment<'_>) -> Self {
        let mut unusable = Vec::new();
        let mut read = |names: [&str; 2]| {
            let (name, text) = variable(environment, names)?;
            let proxy = ForwardProxy::parse(&text);
            if proxy.is_none() {
                unusable.push(name);
            }
            proxy
        };
        let all = read(["ALL_PROXY", "all_proxy"]);
        let http = read(["HTTP_PROXY", "http_proxy"]).or_else(|| all.clone());
        let https = read(["HTTPS_PROXY", "https_proxy"]).or(all);
        let exempt =
            variable(environment, ["NO_PROXY", "no_proxy"]).map(|(_, list)| list).unwrap_or_default();
        let entries = exempt.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self { http, https, exemptions: entries.map(Exemption::parse).collect(), unusable }
    }

    /// Returns the proxy through which `url` is reached, if there is one. This machine is always reached without.
    pub fn of(&self, url: &Url) -> Option<&ForwardProxy> {
        let proxy = match url.scheme() {
            "http" | "ws" => self.http.as_ref(),
            "https" | "wss" => self.https.as_ref(),
            _ => None,
        }?;
        let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let port = url.port_or_known_default();
        let is_direct =
            is_this_machine(&host) || self.exemptions.iter().any(|exemption| exemption.covers(&host, port));
        (!is_direct).then_some(proxy)
    }

    /// Returns true where everything is reached straight.
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// Returns the proxies' addresses without credentials, the one for plain HTTP first.
    pub(crate) fn shown(&self) -> [Option<&str>; 2] {
        [&self.http, &self.https].map(|proxy| proxy.as_ref().map(ForwardProxy::shown))
    }

    /// Returns the variables that name what is no HTTP proxy.
    pub(crate) fn unusable(&self) -> &[String] {
        &self.unusable
    }
}

fn variable(environment: Environment<'_>, names: [&str; 2]) -> Option<(String, String)> {
    names.into_iter().find_map(|name| {
        let value = environment(name).filter(|value| !value.trim().is_empty())?;
        Some((name.to_owned(), value))
    })
}

fn is_this_machine(host: &str) -> bool {
    let by_name = host == "localhost" || host.ends_with(".localhost");
    by_name
        || host.parse::<IpAddr>().is_ok_and(|ip| {
            let ip = ip.to_canonical();
            ip.is_loopback() || ip.is_unspecified()
        })
}

impl ForwardProxy {
    /// Reads an address; without a scheme it is `http://`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let url = if text.contains("://") { text.parse() } else { format!("http://{text}").parse() };
        let url: Url = url.ok()?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return None;
        }
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        let shown = format!("{}://{host}:{port}", url.scheme());
        Some(Self { url: String::from(url).into(), shown })
    }

    /// Returns the address without credentials.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns the address with its credentials. It must not be printed.
    pub(crate) fn url(&self) -> Url {
        self.url.expose_secret().parse().expect("it was parsed before")
    }

    /// Returns the value of a `Proxy-Authorization` header, where the address has credentials.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let url = self.url();
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let user = percent_decode_str(url.username());
        let password = percent_decode_str(url.password().unwrap_or_default());
        let credentials: Vec<u8> = user.chain([b':']).chain(password).collect();
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials)))
            .expect("base64 is a header's text");
        value.set_sensitive(true);
        Some(value)
    }
}

impl Exemption {
    /// Reads an entry of `NO_PROXY`: `*`, a domain with or without a leading dot or `*.`, an address, a network such as
    /// `10.0.0.0/8`; a domain or an address may be followed by a port.
    fn parse(entry: &str) -> Self {
        let entry = entry.to_ascii_lowercase();
        if let Some(network) = Hosts::network(&entry) {
            return Self { hosts: network, port: None };
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => (entry.as_str(), None),
            },
            None => (entry.as_str(), None),
        };
        let host = host.trim_matches(['[', ']']);
        let hosts = Hosts::network(host).unwrap_or_else(|| match host.trim_matches('.') {
            "*" => Hosts::All,
            domain => Hosts::Domain(domain.strip_prefix("*.").unwrap_or(domain).to_owned()),
        });
        Self { hosts, port }
    }

    fn covers(&self, host: &str, port: Option<u16>) -> bool {
        self.hosts.cover(host) && (self.port.is_none() || self.port == port)
    }
}

impl Hosts {
    fn network(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let address_bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(address_bits);
        (prefix <= address_bits).then_some(Self::Network(address, prefix))
    }

    fn cover(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Self::Network(network, prefix) => host.parse::<IpAddr>().is_ok_and(|ip| {
                let ip = ip.to_canonical();
                let same_bits = (leading(ip) ^ leading(*network)).leading_zeros();
                ip.is_ipv4() == network.is_ipv4() && same_bits >= *prefix
            }),
        }
    }
}

/// Returns an address' bits, its first the highest.
fn leading(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> ForwardProxies {
        ForwardProxies::from_environment(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn through(proxies: &ForwardProxies, url: &str) -> Option<String> {
        proxies.of(&url.parse().unwrap()).map(|proxy| proxy.shown().to_owned())
    }

    #[test]
    fn each_variable_names_the_proxy_of_its_scheme() {
        let check = |variables: &[(&str, &str)], http: Option<&str>, https: Option<&str>| {
            let proxies = proxies(variables);
            for (scheme, expect) in [("http", http), ("ws", http), ("https", https), ("wss", https)] {
                let found = through(&proxies, &format!("{scheme}://cxone.example/a"));
                assert_eq!(found.as_deref(), expect, "{variables:?} {scheme}");
            }
        };
        let (a, b) = (Some("http://a:3128"), Some("http://b:80"));
        check(&[], None, None);
        check(&[("HTTP_PROXY", "http://a:3128")], a, None);
        check(&[("http_proxy", "a:3128"), ("https_proxy", "http://b/")], a, b);
        check(&[("ALL_PROXY", "http://a:3128")], a, a);
        check(&[("all_proxy", "http://a:3128"), ("HTTPS_PROXY", "b")], a, b);
        check(&[("HTTPS_PROXY", "https://b")], None, Some("https://b:443"));
        check(&[("HTTPS_PROXY", " ")], None, None);
        let socks = proxies(&[("ALL_PROXY", "socks5h://127.0.0.1:1080"), ("HTTP_PROXY", "a:3128")]);
        assert_eq!((through(&socks, "https://x"), through(&socks, "http://x").as_deref()), (None, a));
        assert_eq!(socks.unusable(), ["ALL_PROXY"]);
    }

    #[test]
    fn this_machine_is_reached_without_a_proxy_whatever_the_variables_say() {
        let proxies = proxies(&[("ALL_PROXY", "http://a:3128"), ("HTTP_PROXY", "http://a:3128")]);
        for host in [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1:9000",
            "127.8.9.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0:80",
        ] {
            for scheme in ["http", "https", "ws", "wss"] {
                assert_eq!(through(&proxies, &format!("{scheme}://{host}/")), None, "{host}");
            }
        }
        for host in ["128.0.0.1", "localhost.example", "notlocalhost", "[::2]"] {
            assert!(through(&proxies, &format!("http://{host}/")).is_some(), "{host}");
        }
    }

    #[test]
    fn every_form_of_an_exemption_is_read() {
        let check = |list: &str, direct: &[&str], proxied: &[&str]| {
            let proxies = proxies(&[("ALL_PROXY", "http://a:3128"), ("NO_PROXY", list)]);
            for host in direct {
                assert_eq!(through(&proxies, &format!("https://{host}/")), None, "{list:?} {host}");
            }
            for host in proxied {
                assert!(through(&proxies, &format!("https://{host}/")).is_some(), "{list:?} {host}");
            }
        };
        check("*", &["nice.example", "10.0.0.1", "[2001:db8::1]"], &[]);
        for list in
            ["nice.example", ".nice.example", "*.nice.example", " NICE.example. ", "x.example,nice.example"]
        {
            check(list, &["nice.example", "api.nice.example", "a.b.Nice.Example."], &["notnice.example"]);
        }
        check("a.example b.example\tc.example,,", &["a.example", "b.example", "c.example"], &["d.example"]);
        check("nice.example:8443", &["nice.example:8443", "api.nice.example:8443"], &["nice.example"]);
        check(
            "10.1.2.3",
            &["10.1.2.3", "10.1.2.3:9", "[::ffff:10.1.2.3]"],
            &["10.1.2.4", "10.1.2.3.example"],
        );
        check("10.1.2.3:443", &["10.1.2.3"], &["10.1.2.3:9"]);
        check("10.0.0.0/8", &["10.255.0.1"], &["11.0.0.1", "[a00::1]"]);
        check("192.168.1.128/25", &["192.168.1.200"], &["192.168.1.100"]);
        check("2001:db8::/32", &["[2001:db8:1::1]"], &["[2001:db9::1]", "32.1.13.184"]);
        check("[2001:db8::1]:443,[2001:db8::2]", &["[2001:db8::1]", "[2001:db8::2]:9"], &["[2001:db8::1]:9"]);
        check("0.0.0.0/0", &["8.8.8.8"], &["nice.example", "[2001:db8::1]"]);
        check("10.0.0.0/33,:,/,[", &[], &["10.0.0.1", "nice.example"]);
    }

    #[test]
    fn credentials_are_decoded_for_the_header_and_never_shown() {
        let proxies = proxies(&[("HTTPS_PROXY", "http://us%20er:p%40ss@a:3128")]);
        let proxy = proxies.of(&"https://cxone.example".parse().unwrap()).unwrap();
        let value = proxy.authorization().unwrap();
        assert_eq!(value, format!("Basic {}", STANDARD.encode("us er:p@ss")).as_str());
        assert!(value.is_sensitive());
        assert_eq!(proxy.shown(), "http://a:3128");
        assert!(!format!("{proxies:?}").contains("p%40ss"));
    }
}
