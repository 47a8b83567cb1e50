//! The access token that requests must show, and the cookie that it is exchanged for.

mod guesses;
mod pages;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::browser::is_from_elsewhere;
pub(crate) use guesses::Guesses;
pub(crate) use pages::sign_in_page;

/// Name of the cookie that the access token is exchanged for.
const COOKIE_NAME: &str = "dialbench_session";

/// Credentials that a request must show: the access token, or the cookie that the token was exchanged for.
pub(crate) struct Access {
    token: [u8; 32],
    cookie: SecretString,
    cookie_hash: [u8; 32],
    pub(crate) guesses: Guesses,
}

/// An access token that a request shows.
pub(crate) enum ShownToken {
    /// In the header `Authorization`.
    Bearer(SecretString),
    /// In the address of the page, to sign in.
    SignIn(SecretString),
}

impl ShownToken {
    /// Returns the token that a request shows, if it shows one.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let bearer = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if let Some((_, token)) = bearer {
            return Some(Self::Bearer(token.trim().into()));
        }
        if request.method() != Method::GET || request.uri().path() != "/" {
            return None;
        }
        let query = request.uri().query()?;
        let (_, token) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "access_token")?;
        Some(Self::SignIn(token.into_owned().into()))
    }

    fn token(&self) -> &SecretString {
        match self {
            Self::Bearer(token) | Self::SignIn(token) => token,
        }
    }
}

impl Access {
    /// Returns the check for `token`.
    pub(crate) fn new(token: &SecretString) -> Self {
        let token = token.expose_secret();
        // The cookie follows from the token, so that a restart keeps sessions and a new token ends them.
        let cookie = HEXLOWER.encode(&Sha256::digest(format!("dialbench session\n{token}")));
        Self {
            token: hash(token),
            cookie_hash: hash(&cookie),
            cookie: cookie.into(),
            guesses: Guesses::default(),
        }
    }

    /// Returns true when `shown` is the access token.
    pub(crate) fn is_right(&self, shown: &ShownToken) -> bool {
        // Hashes are compared: how long that takes says nothing of the token.
        hash(shown.token().expose_secret()) == self.token
    }

    /// Returns true when a request's headers show the cookie.
    pub(crate) fn has_session(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE_NAME && hash(value) == self.cookie_hash)
    }

    /// Exchanges the token for a cookie, which travels by https alone where `is_https`. The answer leads to the page without
    /// the token in its address.
    ///
    /// A browser does not send the cookie on a redirect that another site's link has led to, so it gets a document that goes
    /// on from here.
    pub(crate) fn sign_in(&self, headers: &HeaderMap, is_https: bool) -> Response {
        let secure = if is_https { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict{secure}",
            self.cookie.expose_secret()
        );
        let cookie = HeaderValue::try_from(cookie).expect("hex is a header's text");
        let cookie = [(header::SET_COOKIE, cookie)];
        if is_from_elsewhere(headers) {
            (cookie, Html(pages::GO_ON)).into_response()
        } else {
            let location = [(header::LOCATION, HeaderValue::from_static("/"))];
            (StatusCode::SEE_OTHER, cookie, location).into_response()
        }
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
