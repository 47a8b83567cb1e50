use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

/// OAuth access token of one service.
#[derive(Debug)]
pub struct AccessToken {
    secret: SecretString,
    renew_at: Instant,
    expires_at: Instant,
}

impl AccessToken {
    /// Returns a token whose `lifetime` counts from `asked`, the time of the request: the token may have been made at any
    /// time since. It is renewed `margin` before its end, or a little earlier so that services do not all renew at once; a
    /// token that lives no longer than twice the margin is renewed halfway, never at once.
    pub(super) fn new(secret: SecretString, asked: Instant, lifetime: Duration, margin: Duration) -> Self {
        // A token of no lifetime still serves those who wait for it.
        let lifetime = lifetime.max(Duration::from_secs(1));
        let margin = margin.min(lifetime / 2);
        let early = (margin / 10).mul_f64(rand::random::<f64>());
        Self {
            secret,
            renew_at: asked + lifetime.saturating_sub(margin + early),
            expires_at: asked + lifetime,
        }
    }

    /// Returns true when the token need not be renewed yet.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now < self.renew_at
    }

    /// Returns true when the token has not expired.
    pub(super) fn is_alive(&self, now: Instant) -> bool {
        now < self.expires_at
    }

    /// Returns the value of an `Authorization` header, marked as sensitive so that it is not printed.
    pub fn bearer(&self) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.secret.expose_secret()))
            .expect("a token is checked to be a header's text when it is read");
        value.set_sensitive(true);
        value
    }

    /// Returns `url` with the token in its query, where the voice service wants it. The result must not be printed.
    pub fn in_query(&self, mut url: Url) -> Url {
        url.query_pairs_mut().append_pair("access_token", self.secret.expose_secret());
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_a_margin_before_its_end_and_never_at_once() {
        let check = |lifetime: u64, margin: u64, earliest: f64, latest: f64| {
            let asked = Instant::now();
            let seconds = Duration::from_secs;
            for _ in 0..100 {
                let token = AccessToken::new("t".into(), asked, seconds(lifetime), seconds(margin));
                let after = (token.renew_at - asked).as_secs_f64();
                assert!((earliest..=latest).contains(&after), "{lifetime} s, margin {margin} s: {after}");
            }
        };
        check(3_600, 300, 3_270.0, 3_300.0);
        check(300, 300, 135.0, 150.0);
        check(10, 300, 4.5, 5.0);
        check(0, 30, 0.45, 0.5);
        check(100, 0, 100.0, 100.0);
    }
}
