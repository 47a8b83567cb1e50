//! Export of test results to the QA platform: to one configured address, which gets no token of CXone's.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{Client, Url, header};
use wire::api::{QaExport, UpstreamName};

use crate::{
    config::Config,
    error::ApiError,
    http::{describe, retry_after},
    retry::{Idempotency, RETRY_POLICY, RetriedBy, Retryable, retry},
};

/// Maximum number of bytes that are shown of the platform's answer.
const MAX_SHOWN_BYTES: usize = 4 << 10;

/// Client of the QA platform.
#[derive(Clone)]
pub(crate) struct Qa {
    http: Client,
    endpoint: Option<Url>,
    timeout: Duration,
}

/// Answer of the platform to an export that it took.
pub(crate) struct Receipt {
    pub(crate) status: u16,
    pub(crate) answer: String,
    /// Number of attempts that were made.
    pub(crate) attempts: u32,
    /// Time from the first attempt to the answer.
    pub(crate) duration: Duration,
}

enum ExportError {
    Status { status: StatusCode, answer: String, retry_after: Option<Duration> },
    Network { message: String, is_timeout: bool, is_unsent: bool },
}

impl Retryable for ExportError {
    fn is_retryable(&self, idempotency: Idempotency) -> bool {
        match self {
            Self::Status { status, .. } => *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Network { is_unsent, .. } => *is_unsent || idempotency == Idempotency::Idempotent,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Network { .. } => None,
        }
    }
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Status { status, answer, retry_after } => {
                let quote = if answer.is_empty() { String::new() } else { format!(": {answer}") };
                let detail = format!("the QA platform answered with HTTP {}{quote}", status.as_u16());
                let passed_on = match status {
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => status,
                    _ => StatusCode::BAD_GATEWAY,
                };
                Self::new(passed_on, detail).upstream(UpstreamName::Qa, Some(status.as_u16()), retry_after)
            }
            ExportError::Network { message, is_timeout, is_unsent } => {
                let status = if is_timeout { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
                let detail = format!("the QA platform cannot be reached: {message}");
                Self::new(status, detail).upstream(UpstreamName::Qa, None, None).unsent(is_unsent)
            }
        }
    }
}

impl Qa {
    pub(crate) fn new(config: &Config, http: Client) -> Self {
        Self { http, endpoint: config.qa_endpoint.clone(), timeout: config.tuning.request_timeout / 4 }
    }

    /// Returns the configured address, or an error that names the missing key.
    pub(crate) fn endpoint(&self) -> Result<&Url, ApiError> {
        self.endpoint.as_ref().ok_or_else(|| {
            let detail = "qa is not configured: qa.endpoint (where test results are exported to)";
            let problem = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail);
            problem.upstream(UpstreamName::Qa, None, None).unsent(true)
        })
    }

    /// Hands `export` over, again where that is safe and may help. Whether the platform recognises a test's key is not known,
    /// so an export is not repeated where the platform may have acted on it.
    pub(crate) async fn export(&self, export: &QaExport, retried_by: RetriedBy) -> Result<Receipt, ApiError> {
        let endpoint = self.endpoint()?;
        let began = Instant::now();
        let policy = retried_by.policy(RETRY_POLICY);
        let receipt = retry(policy, Idempotency::NotIdempotent, |attempts| async move {
            let (status, answer) = self.send(endpoint, export).await?;
            Ok::<_, ExportError>(Receipt {
                status: status.as_u16(),
                answer,
                attempts,
                duration: began.elapsed(),
            })
        });
        Ok(receipt.await?)
    }

    async fn send(&self, endpoint: &Url, export: &QaExport) -> Result<(StatusCode, String), ExportError> {
        let network = |error: reqwest::Error| ExportError::Network {
            message: describe(&error),
            is_timeout: error.is_timeout(),
            is_unsent: error.is_connect(),
        };
        let request = self
            .http
            .post(endpoint.clone())
            .timeout(self.timeout)
            .header(header::ACCEPT, "application/json")
            // A platform that knows the header takes a repetition for the same test.
            .header("idempotency-key", idempotency_key(&export.test_id))
            .json(export);
        let mut response = request.send().await.map_err(network)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        while body.len() <= MAX_SHOWN_BYTES {
            let Some(chunk) = response.chunk().await.map_err(network)? else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(MAX_SHOWN_BYTES + 1 - body.len())]);
        }
        let is_longer = body.len() > MAX_SHOWN_BYTES;
        body.truncate(MAX_SHOWN_BYTES);
        let mut answer = String::from_utf8_lossy(&body).trim().to_owned();
        if is_longer {
            answer.push_str("… (the rest is left out)");
        }
        if status.is_success() {
            Ok((status, answer))
        } else {
            Err(ExportError::Status { status, answer, retry_after })
        }
    }
}

/// Returns a test's name as a key: what a header cannot hold is percent-encoded as UTF-8, so that names of every script give
/// keys of their own.
fn idempotency_key(test_id: &str) -> String {
    const KEPT_OUT: &AsciiSet = &CONTROLS.add(b' ').add(b'%');
    utf8_percent_encode(test_id, KEPT_OUT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_every_letter_of_its_test() {
        let check = |test: &str, expect: &str| {
            assert_eq!(idempotency_key(test), expect);
            assert!(header::HeaderValue::try_from(expect).unwrap().to_str().is_ok());
        };
        check("QA-7/menu:2024_x", "QA-7/menu:2024_x");
        check("a b%20c", "a%20b%2520c");
        check("Prüfung", "Pr%C3%BCfung");
        check("проба-1", "%D0%BF%D1%80%D0%BE%D0%B1%D0%B0-1");
        check("试验", "%E8%AF%95%E9%AA%8C");
        check("a\r\nb\u{7f}", "a%0D%0Ab%7F");
    }
}
