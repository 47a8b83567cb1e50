//! The access token that requests must show, and the cookie that it is exchanged for.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// Name of the cookie that the access token is exchanged for.
const COOKIE_NAME: &str = "dialbench_session";

/// Credentials that a request must show: the access token, or the cookie that the token was exchanged for.
pub(crate) struct Access {
    token: [u8; 32],
    cookie: SecretString,
    cookie_hash: [u8; 32],
}

impl Access {
    /// Returns the check for `token`.
    pub(crate) fn new(token: &SecretString) -> Self {
        let token = token.expose_secret();
        // The cookie follows from the token, so that a restart keeps sessions and a new token ends them.
        let cookie = HEXLOWER.encode(&Sha256::digest(format!("dialbench session\n{token}")));
        Self { token: hash(token), cookie_hash: hash(&cookie), cookie: cookie.into() }
    }

    fn is_token(&self, shown: &str) -> bool {
        // Hashes are compared: how long that takes says nothing of the token.
        hash(shown) == self.token
    }

    /// Returns true when a request's headers show the token or the cookie.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if bearer.is_some_and(|(_, token)| self.is_token(token.trim())) {
            return true;
        }
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE_NAME && hash(value) == self.cookie_hash)
    }

    /// Exchanges `/?access_token=…` for a cookie. The redirect takes the token out of the address.
    pub(crate) fn sign_in(&self, request: &Request) -> Option<Response> {
        if request.method() != Method::GET || request.uri().path() != "/" {
            return None;
        }
        let query = request.uri().query()?;
        let (_, shown) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "access_token")?;
        if !self.is_token(&shown) {
            return None;
        }
        let cookie =
            format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie.expose_secret());
        let cookie = HeaderValue::try_from(cookie).expect("hex is a header's text");
        let headers = [(header::LOCATION, HeaderValue::from_static("/")), (header::SET_COOKIE, cookie)];
        Some((StatusCode::SEE_OTHER, headers).into_response())
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
