//! Copies of playback events for the configured webhook, which gets no token of CXone's.

use std::time::Duration;

use prompt::event::WebhookCopy;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::{config::Config, http::describe};

/// Time within which the webhook must answer, as in CXone's tutorial.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// Sender of the copies.
pub(crate) struct EventCopies {
    http: Client,
    webhook: Option<Url>,
}

impl EventCopies {
    pub(crate) fn new(config: &Config, http: Client) -> Self {
        Self { http, webhook: config.analytics_webhook.clone() }
    }

    /// Sends a copy of `event` to the configured address, and to no other, once. Returns what became of it, and why it
    /// failed.
    pub(crate) async fn send(&self, event: &Value) -> (WebhookCopy, Option<String>) {
        let Some(webhook) = &self.webhook else { return (WebhookCopy::NotConfigured, None) };
        let sending = self.http.post(webhook.clone()).timeout(WEBHOOK_TIMEOUT).json(event).send();
        let why = match sending.await {
            Ok(answer) if answer.status().is_success() => return (WebhookCopy::Sent, None),
            Ok(answer) => format!("it answered with HTTP {}", answer.status().as_u16()),
            Err(error) => describe(&error),
        };
        tracing::warn!(why, "the analytics webhook did not take an event");
        (WebhookCopy::Failed, Some(format!("the analytics webhook did not take a copy: {why}")))
    }
}
