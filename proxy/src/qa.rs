//! The QA platform: the one configured address that results are exported to. It gets no token of CXone's.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use reqwest::{Client, Url, header};
use shared::{link::Backoff, wire::QaExport};

use crate::{
    config::Config,
    cxone::{describe, jittered, retry_after},
    error::ApiError,
};

/// An export is sent at most this often.
const ATTEMPTS: u32 = 3;
/// Between attempts.
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(2) };
/// The longest `Retry-After` that a caller is kept waiting for.
const LONGEST_PATIENCE: Duration = Duration::from_secs(5);
/// What of the platform's answer is shown, in bytes.
const SHOWN: usize = 4 << 10;

/// The way to the QA platform.
#[derive(Clone)]
pub(crate) struct Qa {
    http: Client,
    endpoint: Option<Url>,
    timeout: Duration,
}

/// What the platform answered.
pub(crate) struct Taken {
    pub(crate) status: u16,
    pub(crate) answer: String,
    pub(crate) attempts: u32,
    pub(crate) took: Duration,
}

enum Trouble {
    Status { status: StatusCode, answer: String, retry_after: Option<Duration> },
    Network { message: String, timeout: bool, unheard: bool },
}

impl Trouble {
    /// Only where the platform cannot have acted on it: whether it knows a test's key again is not known.
    fn may_repeat(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Network { unheard, .. } => *unheard,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Network { .. } => None,
        }
    }

    fn into_error(self) -> ApiError {
        match self {
            Self::Status { status, answer, retry_after } => {
                let said = if answer.is_empty() { String::new() } else { format!(": {answer}") };
                let detail = format!("the QA platform answered with HTTP {}{said}", status.as_u16());
                let ours = match status {
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => status,
                    _ => StatusCode::BAD_GATEWAY,
                };
                ApiError::new(ours, detail).upstream_named("qa", Some(status.as_u16()), retry_after)
            }
            Self::Network { message, timeout, .. } => {
                let ours = if timeout { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
                let detail = format!("the QA platform cannot be reached: {message}");
                ApiError::new(ours, detail).upstream_named("qa", None, None)
            }
        }
    }
}

impl Qa {
    pub(crate) fn new(config: &Config, http: Client) -> Self {
        Self { http, endpoint: config.qa_endpoint.clone(), timeout: config.tuning.request_timeout / 4 }
    }

    /// The configured address, or what is missing.
    pub(crate) fn endpoint(&self) -> Result<&Url, ApiError> {
        self.endpoint.as_ref().ok_or_else(|| {
            let detail = "qa is not configured: qa.endpoint (where test results are exported to)";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail).upstream_named("qa", None, None)
        })
    }

    /// Hands `export` over, again where that is safe and may help.
    pub(crate) async fn export(&self, export: &QaExport) -> Result<Taken, ApiError> {
        let endpoint = self.endpoint()?;
        let began = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let trouble = match self.send(endpoint, export).await {
                Ok((status, answer)) => {
                    return Ok(Taken { status: status.as_u16(), answer, attempts, took: began.elapsed() });
                }
                Err(trouble) => trouble,
            };
            let wait = jittered(BACKOFF, attempts - 1).max(trouble.retry_after().unwrap_or_default());
            if attempts == ATTEMPTS || !trouble.may_repeat() || wait > LONGEST_PATIENCE {
                return Err(trouble.into_error());
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn send(&self, endpoint: &Url, export: &QaExport) -> Result<(StatusCode, String), Trouble> {
        let network = |error: reqwest::Error| Trouble::Network {
            message: describe(&error),
            timeout: error.is_timeout(),
            unheard: error.is_connect(),
        };
        let request = self
            .http
            .post(endpoint.clone())
            .timeout(self.timeout)
            .header(header::ACCEPT, "application/json")
            // A platform that knows the header takes a repetition for the same test.
            .header("idempotency-key", printable(&export.test_id))
            .json(export);
        let mut response = request.send().await.map_err(network)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        while body.len() < SHOWN {
            let Some(chunk) = response.chunk().await.map_err(network)? else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(SHOWN - body.len())]);
        }
        let answer = String::from_utf8_lossy(&body).trim().to_owned();
        if status.is_success() {
            Ok((status, answer))
        } else {
            Err(Trouble::Status { status, answer, retry_after })
        }
    }
}

/// A test's key as far as a header can hold it.
fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).collect()
}
