//! Reading answers and errors of HTTP servers.

use std::{
    error::Error as _,
    time::{Duration, SystemTime},
};

use axum::http::{HeaderMap, header};

/// Returns the wait that `Retry-After` asks for (RFC 9110, section 10.2.3): seconds or a date. A date in the past is no wait.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
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
    causes.pop().unwrap_or_else(|| "the request failed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check("99999999999999999999999", None, None);
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0), Some(0));
        let future = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
        check(&future, Some(28), Some(30));
    }
}
