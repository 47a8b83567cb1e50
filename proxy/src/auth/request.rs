use std::time::{Duration, Instant};

use axum::http::{HeaderValue, header};
use base64::Engine as _;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{AccessToken, TokenErrorKind};
use crate::{
    config::{ServiceConfig, TokenStyle},
    http::{describe, retry_after},
};

/// Lifetime of a token whose answer names none: RFC 6749 recommends, but does not demand, `expires_in`.
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_mins(5);
/// Maximum size of an answer. A token's answer is small; more is something else.
const MAX_ANSWER_BYTES: usize = 64 << 10;

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    expires_in: Option<f64>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Asks for a token once.
pub(super) async fn ask(
    http: &Client,
    config: &ServiceConfig,
    timeout: Duration,
) -> Result<AccessToken, TokenErrorKind> {
    let request = build(http, config).ok_or_else(|| TokenErrorKind::NotConfigured(config.missing.clone()))?;
    let asked = Instant::now();
    let network = |error: reqwest::Error| TokenErrorKind::Network(describe(&error));
    let mut response = request.timeout(timeout).send().await.map_err(network)?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(TokenErrorKind::NoToken("it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    match status {
        200..=299 => read(&body, asked, Duration::from_secs(config.refresh_margin_s)),
        400 => Err(TokenErrorKind::Malformed(oauth_code(&body))),
        401 => Err(TokenErrorKind::Credentials),
        403 => Err(TokenErrorKind::Scopes(config.scopes.join(" "))),
        429 => Err(TokenErrorKind::RateLimited { retry_after }),
        500..=599 => Err(TokenErrorKind::Unavailable { status, retry_after }),
        other => Err(TokenErrorKind::Unexpected(other)),
    }
}

fn build(http: &Client, config: &ServiceConfig) -> Option<RequestBuilder> {
    let id = config.client_id.as_ref()?.expose_secret();
    let secret = config.client_secret.as_ref()?.expose_secret();
    let request = http.post(config.token_url.clone()?).header(header::ACCEPT, "application/json");
    let scope = (config.send_scopes && !config.scopes.is_empty()).then(|| config.scopes.join(" "));
    Some(match config.token_style {
        TokenStyle::FormBody => {
            let mut form =
                vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
            form.extend(scope.as_deref().map(|scope| ("scope", scope)));
            request.form(&form)
        }
        TokenStyle::JsonBody => {
            let mut body = serde_json::json!({
                "grant_type": "client_credentials", "client_id": id, "client_secret": secret,
            });
            if let Some(scope) = scope {
                body["scope"] = scope.into();
            }
            request.json(&body)
        }
        TokenStyle::BasicForm => {
            let mut form = vec![("grant_type", "client_credentials")];
            form.extend(scope.as_deref().map(|scope| ("scope", scope)));
            request.header(header::AUTHORIZATION, basic(id, secret)).form(&form)
        }
    })
}

/// Returns the value of a `Basic` header. Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &str) -> HeaderValue {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encode(id), encode(secret));
    let encoded = base64::engine::general_purpose::STANDARD.encode(joined);
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).expect("base64 is a header's text");
    value.set_sensitive(true);
    value
}

fn read(body: &[u8], asked: Instant, margin: Duration) -> Result<AccessToken, TokenErrorKind> {
    // The parser's own message could quote the token.
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| TokenErrorKind::NoToken("it is no JSON object with an access_token"))?;
    let text = answer.access_token.expose_secret();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenErrorKind::NoToken(
            "its access_token is empty or has characters that no token may have",
        ));
    }
    let lifetime = match answer.expires_in {
        Some(seconds) => Duration::try_from_secs_f64(seconds.min(1e9))
            .map_err(|_| TokenErrorKind::NoToken("its expires_in is negative"))?,
        None => DEFAULT_TOKEN_LIFETIME,
    };
    Ok(AccessToken::new(answer.access_token, asked, lifetime, margin))
}

/// Returns the `error` of RFC 6749, section 5.2, where it is one of those; anything else might be an echo of the request.
fn oauth_code(body: &[u8]) -> Option<&'static str> {
    const KNOWN: [&str; 6] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ];
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    KNOWN.into_iter().find(|known| *known == refusal.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded_first() {
        let value = basic("a b", "p:w/ü");
        let encoded = base64::engine::general_purpose::STANDARD.encode("a+b:p%3Aw%2F%C3%BC");
        assert_eq!(value, format!("Basic {encoded}").as_str());
        assert!(value.is_sensitive());
    }

    #[test]
    fn an_answer_without_a_usable_token_is_refused() {
        let check = |body: &str, ok: bool| {
            let result = read(body.as_bytes(), Instant::now(), Duration::ZERO);
            assert_eq!(result.is_ok(), ok, "{body}");
        };
        check(r#"{"access_token":"t","expires_in":3600}"#, true);
        check(r#"{"access_token":"t"}"#, true);
        check(r#"{"access_token":"t","expires_in":1e300}"#, true);
        check(r#"{"access_token":"t","expires_in":-1}"#, false);
        check(r#"{"access_token":"t\n"}"#, false);
        check(r#"{"access_token":""}"#, false);
        check("<html>", false);
    }
}
