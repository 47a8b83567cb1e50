//! Posts events to a campaign's webhook, signed as Standard Webhooks has it, until they are taken.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use standardwebhooks::Webhook;

use crate::error::StartError;

/// Number of times that an event is posted again after it was not taken.
const RETRIES: u32 = 8;
/// Wait before the first of them; each further one is twice as long, up to [`MAX_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Maximum time that a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends webhooks.
#[derive(Debug)]
pub(super) struct Sender {
    client: reqwest::Client,
    /// Client for this machine, which no forward proxy can reach.
    direct: reqwest::Client,
    signer: Option<Signer>,
}

struct Signer(Webhook);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Sender {
    /// Returns a sender that signs with `secret`: base64, with or without `whsec_` before it, or any other text.
    pub(super) fn new(secret: Option<&SecretString>) -> Result<Self, StartError> {
        let signer = secret
            .map(|secret| {
                let secret = secret.expose_secret();
                let webhook = Webhook::new(secret);
                webhook.or_else(|_| Webhook::from_bytes(secret.as_bytes().to_vec())).map(Signer)
            })
            .transpose()
            .map_err(|error| StartError::Webhook(format!("the secret cannot be used: {error}")))?;
        // Whoever runs the stand-in may have chosen a provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder =
            || reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
        // A bare container has no CA certificates, and a webhook on this machine needs none.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
        let direct = builder().no_proxy().tls_certs_only([]).build();
        let failed = |error: reqwest::Error| StartError::Webhook(error.to_string());
        Ok(Self { client: client.map_err(failed)?, direct: direct.map_err(failed)?, signer })
    }

    /// Posts an event until it is taken or given up; returns true when it was taken.
    pub(super) async fn deliver(&self, url: &str, id: &str, body: &str) -> bool {
        let mut wait = FIRST_WAIT;
        for attempt in 0..=RETRIES {
            match self.post(url, id, body, false).await {
                Ok(status) if status.is_success() => return true,
                Ok(status) => tracing::debug!(id, attempt, %status, "webhook refused"),
                Err(error) => tracing::debug!(id, attempt, %error, "webhook not delivered"),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(MAX_WAIT);
        }
        tracing::warn!(id, url, "webhook given up");
        false
    }

    /// Posts an event once, with a signature that is wrong.
    pub(super) async fn forge(&self, url: &str, id: &str, body: &str) {
        let outcome = self.post(url, id, body, true).await.map(|status| status.as_u16());
        tracing::debug!(id, ?outcome, "forged webhook");
    }

    async fn post(
        &self,
        url: &str,
        id: &str,
        body: &str,
        is_forged: bool,
    ) -> reqwest::Result<reqwest::StatusCode> {
        let now = jiff::Timestamp::now().as_second();
        let client = if is_on_this_machine(url) { &self.direct } else { &self.client };
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.to_string());
        if let Some(Signer(webhook)) = &self.signer {
            let signed = if is_forged { "{}" } else { body };
            match webhook.sign(id, now, signed.as_bytes()) {
                Ok(signature) => request = request.header("webhook-signature", signature),
                Err(error) => tracing::warn!(%error, "webhook not signed"),
            }
        }
        Ok(request.body(body.to_owned()).send().await?.status())
    }
}

/// Returns true where an address is on this machine.
fn is_on_this_machine(url: &str) -> bool {
    let url = url.parse::<reqwest::Url>().ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
