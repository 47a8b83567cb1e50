//! The decision on a token request.

use secrecy::ExposeSecret as _;

use super::{
    denial::Denial,
    form,
    request::{Ask, Credentials},
};
use crate::{
    config::SandboxConfig,
    services::{Offer as _, Service},
};

/// Whether the client may have what it asks for, and with which scopes.
pub(crate) fn decide(
    service: Service,
    config: &SandboxConfig,
    ask: &Ask,
) -> Result<Vec<&'static str>, Denial> {
    if ask.grant_type != "client_credentials" {
        return Err(Denial::grant_type());
    }
    if !knows(config, &ask.credentials) {
        return Err(Denial::client());
    }
    let denied = |scope: &str| config.denied_scopes.iter().any(|denied| denied == scope);
    let Some(asked) = &ask.scope else {
        if service.asks_for_scope() {
            return Err(Denial::malformed("the scope is missing"));
        }
        return Ok(service.scopes().iter().copied().filter(|scope| !denied(scope)).collect());
    };
    let mut granted = Vec::new();
    for asked in asked.split(' ').filter(|asked| !asked.is_empty()) {
        match service.scopes().iter().find(|known| **known == asked) {
            None => return Err(Denial::scope("a scope that this service does not know")),
            Some(scope) if denied(scope) => return Err(Denial::scope("the client lacks a required scope")),
            Some(scope) if granted.contains(scope) => {}
            Some(scope) => granted.push(*scope),
        }
    }
    if granted.is_empty() { Err(Denial::malformed("the scope is empty")) } else { Ok(granted) }
}

fn knows(config: &SandboxConfig, credentials: &Credentials) -> bool {
    let secret = config.client_secret.expose_secret();
    match credentials {
        Credentials::Plain { id, secret: given } => {
            *id == config.client_id && given.expose_secret() == secret
        }
        // RFC 6749 section 2.3.1 has both parts URL-encoded first; the seeds, and most clients, do not.
        Credentials::Basic(pair) => {
            let plain = format!("{}:{secret}", config.client_id);
            let encoded = format!("{}:{}", form::encode(&config.client_id), form::encode(secret));
            let pair = pair.expose_secret();
            pair == plain || pair == encoded
        }
    }
}
