//! Reading answers and errors of HTTP servers.

use std::{
    error::Error as _,
    time::{Duration, SystemTime},
};

use axum::http::{HeaderMap, header};
use serde_json::Value;

/// Maximum that `Retry-After` counts for. What a server asks for beyond it is forgotten: a mistake of its should not end a
/// day's work, and it can ask again.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);
/// Maximum number of characters that are quoted of an error's message.
const MAX_MESSAGE_CHARS: usize = 300;
/// Maximum number of errors that are read of a list.
const MAX_COMPLAINTS: usize = 100;

/// Returns the wait that `Retry-After` asks for (RFC 9110, section 10.2.3), [`MAX_RETRY_AFTER`] at most: seconds, also with a
/// fraction, or a date. A date in the past is no wait.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
        Ok(_) => return None,
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            date.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// Returns the cause of a client error, without the address, which may hold a token.
pub(crate) fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    // reqwest's own text quotes the address; what went wrong is in the causes.
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let cause = causes.pop().unwrap_or_else(|| "the request failed".into());
    // The library's type for this is private.
    match cause.strip_prefix("tunnel error: ") {
        Some("proxy authorization required") => {
            "the forward proxy asks for credentials, or does not accept those in its address (HTTP 407)"
                .into()
        }
        Some(reason) => format!("the forward proxy does not let it through ({reason})"),
        None => cause,
    }
}

/// Returns the message in an error's body, in the forms that CXone's services use.
pub(crate) fn message(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = ["detail", "message", "error_description", "error", "errorMessage"]
        .iter()
        .find_map(|key| value.get(key).and_then(Value::as_str).map(shortened));
    text.or_else(|| {
        let complaints = listed(&value);
        (!complaints.is_empty()).then(|| shortened(&complaints.join("; ")))
    })
}

/// Returns the errors that an error's body lists under `errors`, as texts or as objects with a text.
pub(crate) fn complaints(body: &[u8]) -> Vec<String> {
    serde_json::from_slice(body).map(|value: Value| listed(&value)).unwrap_or_default()
}

fn listed(value: &Value) -> Vec<String> {
    let text = |error: &Value| {
        let named = error.get("field").and_then(Value::as_str);
        let text = error.as_str().or_else(|| {
            ["message", "detail", "error", "code"]
                .iter()
                .find_map(|key| error.get(key).and_then(Value::as_str))
        })?;
        Some(shortened(&named.map_or_else(|| text.to_owned(), |field| format!("{field}: {text}"))))
    };
    let all = value.get("errors").and_then(Value::as_array);
    all.into_iter().flatten().take(MAX_COMPLAINTS).filter_map(text).collect()
}

fn shortened(text: &str) -> String {
    base::text::shortened(text, MAX_MESSAGE_CHARS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_error_s_text_is_read() {
        let check = |body: &str, expect: Option<&str>, listed: &[&str]| {
            assert_eq!(message(body.as_bytes()).as_deref(), expect, "{body}");
            assert_eq!(complaints(body.as_bytes()), listed, "{body}");
        };
        check(r#"{"message":"no"}"#, Some("no"), &[]);
        check(
            r#"{"errors":["a is wrong","b is wrong"]}"#,
            Some("a is wrong; b is wrong"),
            &["a is wrong", "b is wrong"],
        );
        check(
            r#"{"error":"bad","errors":[{"field":"a","message":"is wrong"},{"code":"E1"},7]}"#,
            Some("bad"),
            &["a: is wrong", "E1"],
        );
        check(r#"{"errors":[]}"#, None, &[]);
        check(r#"{"errors":"a"}"#, None, &[]);
        check("<html>", None, &[]);
    }

    #[test]
    fn every_form_of_retry_after_is_read() {
        let check = |text: &str, least: Option<u64>, most: Option<u64>| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            let read = retry_after(&headers).map(|wait| wait.as_secs());
            assert!(least <= read && read <= most && read.is_some() == most.is_some(), "{text}: {read:?}");
        };
        check("7", Some(7), Some(7));
        check(" 0 ", Some(0), Some(0));
        check("-1", None, None);
        check("soon", None, None);
        check("NaN", None, None);
        check("1.9", Some(1), Some(1));
        check("86400", Some(60), Some(60));
        check("99999999999999999999999", Some(60), Some(60));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0), Some(0));
        let future = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
        check(&future, Some(28), Some(30));
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(60), Some(60));
    }
}
