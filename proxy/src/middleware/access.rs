use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{error::ApiError, id::hex, state::AppState};

const COOKIE: &str = "dialbench_session";

/// What a request must show: the access token, or the cookie that the token was exchanged for.
pub(crate) struct Access {
    token: [u8; 32],
    cookie: SecretString,
    cookie_hash: [u8; 32],
}

impl Access {
    pub(crate) fn new(token: &SecretString) -> Self {
        let token = token.expose_secret();
        // The cookie follows from the token, so that a restart keeps sessions and a new token ends them.
        let cookie = hex(&Sha256::digest(format!("dialbench session\n{token}")));
        Self { token: hash(token), cookie_hash: hash(&cookie), cookie: cookie.into() }
    }

    fn is_token(&self, shown: &str) -> bool {
        // Hashes are compared: how long that takes says nothing of the token.
        hash(shown) == self.token
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
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
            .any(|(name, value)| name == COOKIE && hash(value) == self.cookie_hash)
    }

    /// Exchanges `/?access_token=…` for a cookie. The redirect takes the token out of the address.
    fn sign_in(&self, request: &Request) -> Option<Response> {
        if request.method() != Method::GET || request.uri().path() != "/" {
            return None;
        }
        let query = request.uri().query()?;
        let (_, shown) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "access_token")?;
        if !self.is_token(&shown) {
            return None;
        }
        let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie.expose_secret());
        let mut cookie = HeaderValue::try_from(cookie).expect("hex is a header's text");
        cookie.set_sensitive(true);
        let headers = [(header::LOCATION, HeaderValue::from_static("/")), (header::SET_COOKIE, cookie)];
        Some((StatusCode::SEE_OTHER, headers).into_response())
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Refuses whoever does not show the access token, where one is configured.
pub(crate) async fn access(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(access) = &state.access else { return next.run(request).await };
    if request.uri().path() == "/healthz" || access.admits(request.headers()) {
        return next.run(request).await;
    }
    if let Some(signed_in) = access.sign_in(&request) {
        return signed_in;
    }
    let detail = "show the access token: Authorization: Bearer …, or open /?access_token=… in a browser";
    let mut response = ApiError::new(StatusCode::UNAUTHORIZED, detail).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
