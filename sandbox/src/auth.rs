//! The check of a request's access token.

use axum::http::{HeaderMap, header};

use crate::{oauth::Tokens, refusal::Refusal, scope::Scope, services::Service};

/// Checks that the Bearer header has a token of `service` with all of `scopes`: 401 without a token, or for one that is
/// unknown or has expired; 403 for another service's token, or one that lacks a scope.
pub(crate) fn bearer(
    tokens: &Tokens,
    headers: &HeaderMap,
    service: Service,
    scopes: &[Scope],
) -> Result<(), Refusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    check(tokens, token, service, scopes)
}

/// Checks a token as [`bearer`] does, for requests that carry it elsewhere.
pub(crate) fn check(
    tokens: &Tokens,
    token: Option<&str>,
    service: Service,
    scopes: &[Scope],
) -> Result<(), Refusal> {
    let token = token.ok_or_else(|| Refusal::unauthorized("no access token"))?;
    let grant = tokens
        .grant(token)
        .ok_or_else(|| Refusal::unauthorized("the access token is unknown or has expired"))?;
    if grant.service != service {
        let detail = format!("the access token is the {} service's", grant.service.name());
        return Err(Refusal::forbidden(detail));
    }
    match scopes.iter().find(|scope| !grant.scopes.contains(scope)) {
        Some(missing) => {
            Err(Refusal::forbidden(format!("the access token lacks the scope {}", missing.as_str())))
        }
        None => Ok(()),
    }
}
