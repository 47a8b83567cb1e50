//! The lifetime that a token endpoint names, read leniently: a token whose lifetime is unclear can be used all the same.

use std::time::Duration;

use serde_json::value::RawValue;

/// Lifetime of a token whose answer names none: RFC 6749 recommends, but does not demand, `expires_in`.
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_mins(5);
/// Maximum lifetime that is believed. A token that is said to live longer is renewed once a day.
const MAX_TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// Lifetime of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) duration: Duration,
    /// Deviation of the answer from RFC 6749, section 5.1, where there is one.
    pub(super) oddity: Option<&'static str>,
}

impl Lifetime {
    /// Reads the `expires_in` of an answer.
    pub(super) fn read(expires_in: Option<&RawValue>) -> Self {
        let odd = |oddity, duration| Self { duration, oddity: Some(oddity) };
        let Some(value) = expires_in.map(RawValue::get).filter(|value| *value != "null") else {
            return odd("expires_in is missing", DEFAULT_TOKEN_LIFETIME);
        };
        let text = serde_json::from_str::<String>(value);
        let seconds = text.as_deref().unwrap_or(value).trim().parse::<f64>().ok();
        let Some(seconds) = seconds.filter(|seconds| !seconds.is_nan()) else {
            return odd("expires_in is no number", DEFAULT_TOKEN_LIFETIME);
        };
        if seconds <= 0.0 {
            return odd("expires_in is not positive", DEFAULT_TOKEN_LIFETIME);
        }
        if seconds > MAX_TOKEN_LIFETIME.as_secs_f64() {
            return odd("expires_in is more than a day", MAX_TOKEN_LIFETIME);
        }
        let oddity = match text {
            Ok(_) => Some("expires_in is a text"),
            Err(_) if seconds.fract() != 0.0 => Some("expires_in is a fraction"),
            Err(_) => None,
        };
        Self { duration: Duration::from_secs_f64(seconds), oddity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_lifetime_is_read() {
        #[derive(serde::Deserialize)]
        struct Answer {
            expires_in: Option<Box<RawValue>>,
        }
        let check = |body: &str, seconds: f64, oddity: Option<&str>| {
            let answer: Answer = serde_json::from_str(body).unwrap();
            let read = Lifetime::read(answer.expires_in.as_deref());
            assert_eq!((read.duration.as_secs_f64(), read.oddity), (seconds, oddity), "{body}");
        };
        check(r#"{"expires_in":3600}"#, 3_600.0, None);
        check(r#"{"expires_in":3600.0}"#, 3_600.0, None);
        check(r#"{"expires_in":86400}"#, 86_400.0, None);
        check(r#"{"expires_in":"3600"}"#, 3_600.0, Some("expires_in is a text"));
        check(r#"{"expires_in":" 59.5 "}"#, 59.5, Some("expires_in is a text"));
        check(r#"{"expires_in":59.5}"#, 59.5, Some("expires_in is a fraction"));
        for body in ["{}", r#"{"expires_in":null}"#] {
            check(body, 300.0, Some("expires_in is missing"));
        }
        for value in [r#""soon""#, r#""""#, "true", "[3600]", "{}", r#""NaN""#, r#""null""#] {
            check(&format!(r#"{{"expires_in":{value}}}"#), 300.0, Some("expires_in is no number"));
        }
        for value in ["-1", "0", r#""-3600""#, "-1e999"] {
            check(&format!(r#"{{"expires_in":{value}}}"#), 300.0, Some("expires_in is not positive"));
        }
        for value in ["86401", "1e300", "1e999", r#""Infinity""#, "99999999999999999999999999"] {
            check(&format!(r#"{{"expires_in":{value}}}"#), 86_400.0, Some("expires_in is more than a day"));
        }
    }
}
