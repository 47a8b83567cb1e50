use std::time::{Duration, Instant};

use axum::http::{HeaderValue, header};
use base64::Engine as _;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    AccessToken, TokenErrorKind,
    error::{ClientFault, OauthCode},
    lifetime::Lifetime,
};
use crate::{
    config::{ServiceConfig, TokenStyle},
    http::{describe, retry_after},
};

/// Maximum size of an answer. A token's answer is small; more is something else.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Token that an endpoint gave.
pub(super) struct Grant {
    pub(super) token: AccessToken,
    /// Time of the request.
    pub(super) asked: Instant,
    pub(super) lifetime: Duration,
    /// Deviation of the answer's lifetime from the standard, where there is one.
    pub(super) oddity: Option<&'static str>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    expires_in: Option<Box<RawValue>>,
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
) -> Result<Grant, TokenErrorKind> {
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
        200..=299 => read(&body, asked),
        400 | 401 => Err(refusal(status, oauth_code(&body), config)),
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

fn read(body: &[u8], asked: Instant) -> Result<Grant, TokenErrorKind> {
    // The parser's own message could quote the token.
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| TokenErrorKind::NoToken("it is no JSON object with an access_token"))?;
    let text = answer.access_token.expose_secret();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenErrorKind::NoToken(
            "its access_token is empty or has characters that no token may have",
        ));
    }
    let Lifetime { duration: lifetime, oddity } = Lifetime::read(answer.expires_in.as_deref());
    Ok(Grant { token: AccessToken::new(answer.access_token), asked, lifetime, oddity })
}

/// Returns the fault that a refusal with HTTP 400 or 401 tells of.
fn refusal(status: u16, code: Option<OauthCode>, config: &ServiceConfig) -> TokenErrorKind {
    match code {
        Some(OauthCode::InvalidClient) => TokenErrorKind::Credentials { status, fault: client_fault(config) },
        None if status == 401 => TokenErrorKind::Credentials { status, fault: client_fault(config) },
        Some(
            OauthCode::InvalidRequest
            | OauthCode::InvalidGrant
            | OauthCode::UnauthorizedClient
            | OauthCode::UnsupportedGrantType
            | OauthCode::InvalidScope,
        )
        | None => TokenErrorKind::Refused { status, code },
    }
}

/// Returns the likely fault of credentials that were not accepted.
fn client_fault(config: &ServiceConfig) -> ClientFault {
    let is_encoded = |secret: Option<&SecretString>| {
        let text = secret.map_or("", |secret| secret.expose_secret());
        form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>() != text
    };
    let is_basic = config.token_style == TokenStyle::BasicForm;
    if is_basic && (is_encoded(config.client_id.as_ref()) || is_encoded(config.client_secret.as_ref())) {
        ClientFault::WrongOrNotDecoded
    } else {
        ClientFault::Wrong
    }
}

/// Returns the `error` of RFC 6749, section 5.2, where it is one of those; anything else might be an echo of the request.
fn oauth_code(body: &[u8]) -> Option<OauthCode> {
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    OauthCode::from_name(&refusal.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Service;

    #[test]
    fn basic_credentials_are_form_encoded_first() {
        let value = basic("a b", "p:w/ü");
        let encoded = base64::engine::general_purpose::STANDARD.encode("a+b:p%3Aw%2F%C3%BC");
        assert_eq!(value, format!("Basic {encoded}").as_str());
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_refusal_is_blamed_on_what_is_likely() {
        let check = |status: u16, error: &str, style: TokenStyle, secret: &str, expect: &str| {
            let url: reqwest::Url = "http://127.0.0.1/".parse().unwrap();
            let mut config = ServiceConfig::at(Service::Flow, url.clone(), url, "id".into(), secret.into());
            config.token_style = style;
            let code = oauth_code(format!(r#"{{"error":"{error}"}}"#).as_bytes());
            let said = refusal(status, code, &config).to_string();
            let blames_client = said.contains("client id and secret");
            assert_eq!(blames_client, expect.contains("client id and secret"), "{status} {error}: {said}");
            assert!(said.contains(expect), "{status} {error}: {said}");
            assert_eq!(said.contains("decode"), expect.contains("decode"), "{said}");
        };
        let (basic, form) = (TokenStyle::BasicForm, TokenStyle::FormBody);
        let (client, decoding) = ("check the client id and secret", "some servers do not decode");
        for status in [400, 401] {
            check(status, "invalid_client", form, "p+w", client);
            check(status, "invalid_client", basic, "plain-secret_1.2", client);
            check(status, "invalid_scope", basic, "p+w", "check scopes");
            check(status, "unauthorized_client", basic, "p+w", "client_credentials");
            check(status, "unsupported_grant_type", basic, "p+w", "check token_url");
            check(status, "invalid_request", basic, "p+w", "check token_style and token_url");
        }
        check(401, "", basic, "plain", client);
        check(400, "", basic, "p+w", "check token_style and token_url");
        let config = |secret: &str| {
            let url: reqwest::Url = "http://127.0.0.1/".parse().unwrap();
            ServiceConfig::at(Service::Flow, url.clone(), url, "id".into(), secret.into())
        };
        for odd in ["p+w", "p w", "pä", "a/b", "a=", "a:b"] {
            let said = refusal(401, Some(OauthCode::InvalidClient), &config(odd)).to_string();
            assert!(said.contains(client) && said.contains(decoding), "{odd}: {said}");
            assert!(!said.contains(odd), "{said}");
        }
    }

    #[test]
    fn an_answer_without_a_usable_token_is_refused() {
        let check = |body: &str, ok: bool| {
            let result = read(body.as_bytes(), Instant::now());
            assert_eq!(result.is_ok(), ok, "{body}");
        };
        check(r#"{"access_token":"t","expires_in":3600}"#, true);
        check(r#"{"access_token":"t"}"#, true);
        check(r#"{"access_token":"t","expires_in":1e300}"#, true);
        check(r#"{"access_token":"t","expires_in":-1}"#, true);
        check(r#"{"access_token":"t","expires_in":{"soon":true}}"#, true);
        check(r#"{"access_token":"t\n"}"#, false);
        check(r#"{"access_token":""}"#, false);
        check("<html>", false);
    }
}
