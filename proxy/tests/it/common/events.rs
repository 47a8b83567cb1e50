//! Events as CXone's dialer posts them, signed as Standard Webhooks has it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{program::SECRET, stream::Sent, within};

/// The event of a call, with the identifier that it is posted under.
#[derive(Clone, Debug)]
pub struct Posted {
    pub id: String,
    pub body: String,
}

impl Posted {
    pub fn of_call(simulation: &str, call: usize, state: &str) -> Self {
        let body = json!({
            "simulationId": simulation,
            "callId": format!("call-{call}"),
            "state": state,
            "timestamp": "2026-11-28T00:00:00Z",
            "outcome": "answered",
            "durationMs": 1_000 + call,
        });
        Self { id: format!("{simulation}-{call}-{state}"), body: body.to_string() }
    }

    pub fn of_simulation(simulation: &str, state: &str) -> Self {
        let body = json!({ "simulationId": simulation, "state": state, "timestamp": "2026-11-28T00:00:00Z" });
        Self { id: format!("{simulation}-{state}"), body: body.to_string() }
    }

    /// Returns the request that posts it to a server, signed with `secret` at `time`.
    pub fn signed(
        &self,
        http: &reqwest::Client,
        server: &str,
        secret: &str,
        time: i64,
    ) -> reqwest::RequestBuilder {
        let signature = Webhook::new(secret).unwrap().sign(&self.id, time, self.body.as_bytes()).unwrap();
        self.unsigned(http, server)
            .header("webhook-timestamp", time.to_string())
            .header("webhook-signature", signature)
    }

    pub fn unsigned(&self, http: &reqwest::Client, server: &str) -> reqwest::RequestBuilder {
        http.post(format!("http://{server}/webhook/simulation-events"))
            .header("content-type", "application/json")
            .header("webhook-id", &self.id)
            .body(self.body.clone())
    }

    /// Posts it, with the usual signature of now; the status.
    pub async fn post(&self, http: &reqwest::Client, server: &str) -> u16 {
        let request = self.signed(http, server, SECRET, now_s());
        within(request.send()).await.unwrap().status().as_u16()
    }
}

pub fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Checks that ids grow, and counts each event's data.
pub fn counted(events: &[Sent]) -> BTreeMap<String, usize> {
    let mut last = 0;
    let mut counts = BTreeMap::new();
    for event in events {
        let id: i64 = event["id"].parse().unwrap();
        assert!(id > last, "{id} follows {last}");
        last = id;
        let data: Value = serde_json::from_str(&event["data"]).unwrap();
        let expected = if data["callId"].is_null() { "simulation" } else { "call" };
        assert_eq!(event["event"], expected);
        *counts.entry(event["data"].clone()).or_default() += 1;
    }
    counts
}
