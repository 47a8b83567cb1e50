//! The parser of token requests, strict about the service's style.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use secrecy::SecretString;
use serde_json::Value;

use super::{error::TokenError, form};
use crate::services::TokenStyle;

/// A token request.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(super) grant_type: String,
    pub(super) credentials: Credentials,
    pub(super) scope: Option<String>,
}

/// The client's identifier and secret.
#[derive(Debug)]
pub(super) enum Credentials {
    /// From the body.
    Body { id: String, secret: SecretString },
    /// From a Basic header: `id:secret`, in the client's own encoding.
    Basic(SecretString),
}

impl TokenRequest {
    /// Reads a request in a service's style.
    pub(crate) fn read(style: TokenStyle, headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        let mut fields = match style {
            TokenStyle::JsonBody => json(headers, body),
            TokenStyle::FormBody | TokenStyle::BasicForm => urlencoded(headers, body),
        }?;
        let authorization = headers.get(header::AUTHORIZATION);
        let credentials = match style {
            TokenStyle::FormBody | TokenStyle::JsonBody => {
                if authorization.is_some() {
                    return Err(TokenError::invalid_request("this endpoint takes no Authorization header"));
                }
                let id = take(&mut fields, "client_id")
                    .ok_or(TokenError::invalid_request("client_id is missing"))?;
                let secret = take(&mut fields, "client_secret")
                    .ok_or(TokenError::invalid_request("client_secret is missing"))?;
                Credentials::Body { id, secret: secret.into() }
            }
            TokenStyle::BasicForm => {
                if take(&mut fields, "client_secret").is_some() {
                    return Err(TokenError::invalid_request("the client authenticates twice"));
                }
                let pair = authorization.and_then(|value| value.to_str().ok()).and_then(basic);
                Credentials::Basic(pair.ok_or(TokenError::invalid_client())?)
            }
        };
        let grant_type =
            take(&mut fields, "grant_type").ok_or(TokenError::invalid_request("grant_type is missing"))?;
        Ok(Self { grant_type, credentials, scope: take(&mut fields, "scope") })
    }
}

type Fields = Vec<(String, String)>;

fn take(fields: &mut Fields, name: &str) -> Option<String> {
    let at = fields.iter().position(|(known, _)| known == name)?;
    Some(fields.swap_remove(at).1)
}

fn urlencoded(headers: &HeaderMap, body: &[u8]) -> Result<Fields, TokenError> {
    if media_type(headers) != "application/x-www-form-urlencoded" {
        return Err(TokenError::invalid_request("the body must be application/x-www-form-urlencoded"));
    }
    form::parse(body).map_err(|error| match error {
        form::FormError::NotEncoded => TokenError::invalid_request("the form is not URL-encoded"),
        form::FormError::DuplicateField => TokenError::invalid_request("a form field occurs twice"),
    })
}

fn json(headers: &HeaderMap, body: &[u8]) -> Result<Fields, TokenError> {
    if media_type(headers) != "application/json" {
        return Err(TokenError::invalid_request("the body must be application/json"));
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Err(TokenError::invalid_request("the body is no JSON object"));
    };
    object
        .into_iter()
        .map(|(name, value)| {
            if let Value::String(value) = value {
                Ok((name, value))
            } else {
                Err(TokenError::invalid_request("every member must be a string"))
            }
        })
        .collect()
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the pair in a Basic header (RFC 7617).
fn basic(header: &str) -> Option<SecretString> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    String::from_utf8(pair).ok().filter(|pair| pair.contains(':')).map(SecretString::from)
}
