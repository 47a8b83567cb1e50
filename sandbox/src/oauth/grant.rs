//! The scopes that a token request is granted.

use secrecy::ExposeSecret as _;

use super::{
    error::TokenError,
    form,
    request::{Credentials, TokenRequest},
};
use crate::{
    config::SandboxConfig,
    scope::Scope,
    services::{Service, ServiceContract as _},
};

/// Returns the scopes that a token request is granted, or the error that refuses it.
pub(crate) fn granted_scopes(
    service: Service,
    config: &SandboxConfig,
    request: &TokenRequest,
) -> Result<Vec<Scope>, TokenError> {
    if request.grant_type != "client_credentials" {
        return Err(TokenError::unsupported_grant_type());
    }
    if !credentials_match(config, &request.credentials) {
        return Err(TokenError::invalid_client());
    }
    let denied = |scope: Scope| config.denied_scopes.iter().any(|denied| denied == scope.as_str());
    let Some(scopes) = &request.scope else {
        if service.requires_scope() {
            return Err(TokenError::invalid_request("the scope is missing"));
        }
        return Ok(service.scopes().iter().copied().filter(|scope| !denied(*scope)).collect());
    };
    let mut granted = Vec::new();
    for name in scopes.split(' ').filter(|name| !name.is_empty()) {
        match service.scopes().iter().find(|known| known.as_str() == name) {
            None => return Err(TokenError::invalid_scope("a scope that this service does not know")),
            Some(scope) if denied(*scope) => {
                return Err(TokenError::invalid_scope("the client lacks a required scope"));
            }
            Some(scope) if granted.contains(scope) => {}
            Some(scope) => granted.push(*scope),
        }
    }
    if granted.is_empty() { Err(TokenError::invalid_request("the scope is empty")) } else { Ok(granted) }
}

/// Returns true if these are the stand-in's client identifier and secret.
fn credentials_match(config: &SandboxConfig, credentials: &Credentials) -> bool {
    let secret = config.client_secret.expose_secret();
    match credentials {
        Credentials::Body { id, secret: given } => *id == config.client_id && given.expose_secret() == secret,
        // RFC 6749 section 2.3.1 asks for both parts to be URL-encoded first, which most clients omit.
        Credentials::Basic(pair) => {
            let plain = format!("{}:{secret}", config.client_id);
            let encoded = format!("{}:{}", form::encode(&config.client_id), form::encode(secret));
            let pair = pair.expose_secret();
            pair == plain || pair == encoded
        }
    }
}
