use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use reqwest::Response;
use sandbox::SandboxConfig;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

use crate::bench::{Bench, TIMEOUT, config};

const SIMULATIONS: &str = "/dialer/api/v2/dialer/simulations";
const METRICS: &str = "/dialer/api/v2/dialer/metrics/aggregations";
/// 32 bytes in base64, as Standard Webhooks writes secrets.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A webhook that came: its headers and body.
struct Came {
    headers: HeaderMap,
    body: Bytes,
}

impl Came {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver of webhooks, which answers the first ones with these statuses and the others with 204.
struct Receiver {
    url: String,
    came: UnboundedReceiver<Came>,
}

#[derive(Clone)]
struct Inbox {
    came: UnboundedSender<Came>,
    refusals: std::sync::Arc<std::sync::Mutex<Vec<u16>>>,
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if let Some(status) = inbox.refusals.lock().unwrap().pop() {
        return StatusCode::from_u16(status).unwrap();
    }
    inbox.came.send(Came { headers, body }).unwrap();
    StatusCode::NO_CONTENT
}

impl Receiver {
    async fn new(refusals: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, came) = unbounded_channel();
        let inbox = Inbox { came: sender, refusals: std::sync::Arc::new(refusals.into()) };
        let app = Router::new().route("/hook", post(take)).with_state(inbox);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, came }
    }

    async fn next(&mut self) -> Came {
        timeout(TIMEOUT, self.came.recv()).await.expect("a webhook comes").unwrap()
    }

    /// Everything up to the simulation's own event.
    async fn until_the_end(&mut self) -> Vec<Came> {
        let mut all = Vec::new();
        loop {
            let came = self.next().await;
            let is_last = came.json().get("callId").is_none();
            all.push(came);
            if is_last {
                return all;
            }
        }
    }
}

struct Campaigns {
    bench: Bench,
    token: String,
}

impl Campaigns {
    async fn new(config: SandboxConfig) -> Self {
        let bench = Bench::with(config).await;
        let token = bench.token("dialer").await;
        Self { bench, token }
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.bench.http.post(self.bench.url(path)).bearer_auth(&self.token).json(body).send().await.unwrap()
    }

    async fn start(&self, body: &Value) -> String {
        let answer = self.post(SIMULATIONS, body).await;
        assert_eq!(answer.status(), 201);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer, json!({ "id": answer["id"], "state": "queued" }));
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, id: &str) -> Value {
        let url = self.bench.url(&format!("{SIMULATIONS}/{id}"));
        self.bench.http.get(url).bearer_auth(&self.token).send().await.unwrap().json().await.unwrap()
    }

    async fn until(&self, id: &str, state: &str) -> Value {
        let reached = async {
            loop {
                let status = self.status(id).await;
                if status["state"] == state {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, reached).await.expect("it gets there")
    }
}

/// Calls of a minute are over in a fifth of a second.
fn fast() -> SandboxConfig {
    SandboxConfig { dialer_speed: 300.0, ..config() }
}

fn campaign(calls: u64, url: &str) -> Value {
    json!({
        "campaignId": "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f", "virtualAgentMatrix": { "flowId": "support-line" },
        "outcomeInjection": {
            "enabled": true, "answerProbability": 0.5, "busySignalProbability": 0.25, "noAnswerProbability": 0.125,
            "dialToneProbability": 0.0625,
        },
        "concurrencyLimit": 5, "maxCalls": calls, "complianceBypass": true, "webhookUrl": url,
    })
}

#[tokio::test]
async fn a_campaign_makes_its_calls_and_tells_of_each() {
    let mut receiver = Receiver::new(vec![]).await;
    let campaigns = Campaigns::new(fast()).await;
    let id = campaigns.start(&campaign(40, &receiver.url)).await;
    let all = receiver.until_the_end().await;
    let mut ends = HashMap::new();
    for came in &all[..all.len() - 1] {
        let event = came.json();
        assert_eq!(event["simulationId"], *id);
        if event["state"] == "completed" {
            let outcome = event["outcome"].as_str().unwrap().to_owned();
            assert!(event["durationMs"].as_u64().unwrap() >= 1_500, "{event}");
            assert!(ends.insert(event["callId"].clone(), outcome).is_none(), "{event} came twice");
        }
    }
    assert_eq!(ends.len(), 40);
    let known = ["answered", "busy", "no-answer", "dial-tone", "voicemail"];
    assert!(ends.values().all(|outcome| known.contains(&&**outcome)), "{ends:?}");
    let last = all.last().unwrap().json();
    assert_eq!((&last["state"], &last["callsCompleted"]), (&json!("completed"), &json!(40)));
    let status = campaigns.until(&id, "completed").await;
    let expected = json!({
        "id": id, "state": "completed", "callsAttempted": 40, "callsCompleted": 40, "complianceBypassed": true,
    });
    assert_eq!(status, expected);
}

#[tokio::test]
async fn events_are_signed_as_standard_webhooks_has_it() {
    let mut receiver = Receiver::new(vec![]).await;
    let campaigns = Campaigns::new(SandboxConfig { webhook_secret: Some(SECRET.into()), ..fast() }).await;
    campaigns.bench.fault(json!({ "on": "webhook", "kind": "forge" })).await;
    campaigns.start(&campaign(3, &receiver.url)).await;
    let webhook = Webhook::new(SECRET).unwrap();
    let all = receiver.until_the_end().await;
    let (genuine, forged): (Vec<&Came>, Vec<&Came>) =
        all.iter().partition(|came| webhook.verify(&came.body, &came.headers).is_ok());
    assert_eq!(forged.len(), 1, "one of {} is forged", all.len());
    let ids: HashSet<_> = genuine.iter().map(|came| came.headers["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), genuine.len(), "each event has an identifier of its own");
}

#[tokio::test]
async fn an_event_that_is_not_taken_comes_again() {
    let mut receiver = Receiver::new(vec![503, 500]).await;
    let campaigns = Campaigns::new(fast()).await;
    campaigns.start(&campaign(1, &receiver.url)).await;
    let mut states = HashSet::new();
    while states.len() < 2 {
        states.insert(receiver.next().await.json()["state"].as_str().unwrap().to_owned());
    }
    assert!(states.contains("dialing"), "{states:?}");
}

#[tokio::test]
async fn events_are_doubled_late_or_lost_on_demand() {
    let mut receiver = Receiver::new(vec![]).await;
    let campaigns = Campaigns::new(fast()).await;
    campaigns.bench.fault(json!({ "on": "webhook", "kind": "double" })).await;
    campaigns.bench.fault(json!({ "on": "webhook", "kind": "drop" })).await;
    let mut body = campaign(1, &receiver.url);
    body["outcomeInjection"] = json!({ "enabled": true, "answerProbability": 1 });
    campaigns.start(&body).await;
    // Dialing comes twice, ringing never.
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let event = receiver.next().await.json();
        seen.push(format!("{} {}", event["state"].as_str().unwrap(), event.get("callId").is_some()));
    }
    seen.sort();
    assert_eq!(seen, ["completed false", "completed true", "dialing true", "dialing true"]);
}

#[tokio::test]
async fn a_sixth_simulation_waits_for_a_place() {
    let campaigns = Campaigns::new(fast()).await;
    campaigns.bench.fault(json!({ "on": "dialer", "kind": "never_ends", "times": 5 })).await;
    let body = campaign(1, "http://127.0.0.1:9/");
    for _ in 0..5 {
        campaigns.start(&body).await;
    }
    assert_eq!(campaigns.post(SIMULATIONS, &body).await.status(), 409);
}

#[tokio::test]
async fn a_wrong_request_is_told_every_field() {
    let campaigns = Campaigns::new(fast()).await;
    let mut body = campaign(0, "ftp://x");
    body["complianceBypass"] = json!(false);
    let answer = campaigns.post(SIMULATIONS, &body).await;
    assert_eq!(answer.status(), 422);
    let answer: Value = answer.json().await.unwrap();
    let fields: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["maxCalls", "complianceBypass", "webhookUrl"]);
}

#[tokio::test]
async fn a_simulation_fails_as_its_fault_says() {
    let mut receiver = Receiver::new(vec![]).await;
    let campaigns = Campaigns::new(fast()).await;
    campaigns.bench.fault(json!({ "on": "dialer", "kind": "fail_run", "message": "no trunk" })).await;
    let id = campaigns.start(&campaign(20, &receiver.url)).await;
    let status = campaigns.until(&id, "failed").await;
    assert_eq!(status["errors"], json!([{ "code": "DIALER_FAILED", "message": "no trunk" }]));
    assert!(status["callsCompleted"].as_u64().unwrap() < 20, "{status}");
    let last = receiver.until_the_end().await.pop().unwrap().json();
    assert_eq!(last["state"], "failed");
}

#[tokio::test]
async fn metrics_are_kept() {
    let campaigns = Campaigns::new(fast()).await;
    let id = campaigns.start(&campaign(1, "http://127.0.0.1:9/")).await;
    let metrics = |id: &str| {
        json!({
            "simulationId": id,
            "metrics": { "totalCalls": 1, "completedCalls": 1, "averageLatencyMs": 0.5, "accuracyRate": 1.0 },
        })
    };
    assert_eq!(campaigns.post(METRICS, &metrics(&id)).await.status(), 202);
    assert_eq!(campaigns.post(METRICS, &metrics("other")).await.status(), 404);
    assert_eq!(campaigns.post(METRICS, &json!({ "simulationId": id })).await.status(), 422);
    let url = campaigns.bench.url("/sandbox/dialer/metrics");
    let kept: Value = campaigns.bench.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(kept, json!([metrics(&id)]));
}
