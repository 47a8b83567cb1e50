use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use wire::api::{ProfileName, WebhookDoor};

use super::{PATH, Verifier};
use crate::config::Config;

/// The door for CXone's events.
pub(crate) struct Door {
    pub(crate) verifier: Verifier,
    /// Address that is given to CXone where a request names none.
    url: Option<String>,
    /// False where anybody could send events: reached from beyond this machine, and without a secret.
    is_open: bool,
}

impl Door {
    /// Returns the door that follows from the configuration and the listening address.
    pub(crate) fn new(config: &Config, listening: SocketAddr) -> Self {
        let verifier = Verifier::new(&config.webhook);
        let url = match (&config.public_url, config.profile) {
            (Some(base), _) => Some(format!("{}{PATH}", base.as_str().trim_end_matches('/'))),
            // The stand-in is on this machine.
            (None, ProfileName::Sandbox) => Some(format!("http://{}{PATH}", reachable(listening))),
            (None, ProfileName::Tutorial) => None,
        };
        Self { is_open: config.is_local(listening) || verifier.is_needed(), verifier, url }
    }

    /// Returns true when events are taken at all.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Returns the address that is given to CXone where a request names none.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Returns the door as the page sees it.
    pub(crate) fn status(&self) -> WebhookDoor {
        WebhookDoor { url: self.url.clone(), signed: self.verifier.is_needed() }
    }
}

/// Returns an address of this machine that reaches what listens on `listening`.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let own: IpAddr = match listening {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let ip = listening.ip();
    SocketAddr::new(if ip.is_unspecified() { own } else { ip }, listening.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn door(profile: &str, listening: &str, public_url: Option<&str>, secret: Option<&str>) -> Door {
        let overrides = Overrides {
            profile: Some(profile.into()),
            public_url: public_url.map(Into::into),
            ..Overrides::default()
        };
        let mut config = Config::load(overrides, &|_| None).unwrap();
        config.webhook.secrets.extend(secret.map(Into::into));
        Door::new(&config, listening.parse().unwrap())
    }

    #[test]
    fn cxone_is_given_the_public_address_and_the_stand_in_the_listening_one() {
        let url =
            |profile, listening, public| door(profile, listening, public, None).url().map(str::to_owned);
        let public = Some("https://bench.example.com/base/");
        let expected = "https://bench.example.com/base/webhook/simulation-events";
        assert_eq!(url("tutorial", "127.0.0.1:8787", public).as_deref(), Some(expected));
        assert_eq!(url("sandbox", "127.0.0.1:8787", public).as_deref(), Some(expected));
        assert_eq!(url("tutorial", "127.0.0.1:8787", None), None);
        let own = "http://127.0.0.1:8787/webhook/simulation-events";
        assert_eq!(url("sandbox", "127.0.0.1:8787", None).as_deref(), Some(own));
        assert_eq!(url("sandbox", "0.0.0.0:8787", None).as_deref(), Some(own));
    }

    #[test]
    fn without_a_secret_nobody_comes_in_from_elsewhere() {
        let is_open = |listening, public, secret| door("sandbox", listening, public, secret).is_open();
        assert!(is_open("127.0.0.1:1", None, None));
        assert!(is_open("[::1]:1", Some("http://localhost:1"), None));
        assert!(is_open("127.0.0.1:1", Some("http://127.0.0.1:1"), None));
        assert!(!is_open("127.0.0.1:1", Some("https://bench.example.com"), None));
        assert!(!is_open("0.0.0.0:1", None, None));
        assert!(is_open("0.0.0.0:1", Some("https://bench.example.com"), Some("secret")));
    }
}
