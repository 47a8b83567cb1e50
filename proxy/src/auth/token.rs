use axum::http::HeaderValue;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

/// OAuth access token of one service.
#[derive(Debug)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Returns the token with this text, which is checked to be a header's.
    pub(super) const fn new(text: SecretString) -> Self {
        Self(text)
    }

    /// Returns the token's text.
    pub(super) const fn text(&self) -> &SecretString {
        &self.0
    }

    /// Returns the value of an `Authorization` header, marked as sensitive so that it is not printed.
    pub fn bearer(&self) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0.expose_secret()))
            .expect("a token is checked to be a header's text when it is read");
        value.set_sensitive(true);
        value
    }

    /// Returns `url` with the token in its query, where the voice service wants it. The result must not be printed.
    pub fn in_query(&self, mut url: Url) -> Url {
        url.query_pairs_mut().append_pair("access_token", self.0.expose_secret());
        url
    }
}
