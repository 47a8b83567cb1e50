use std::time::Duration;

use reqwest::Response;
use sandbox::SandboxConfig;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::bench::{Bench, SHORT_MS, TIMEOUT, config};

const SESSIONS: &str = "/media/api/v2/media/sessions";
const EVENTS: &str = "/media/api/v2/analytics/events/custom";

/// Settings that do not count posts.
fn fast() -> SandboxConfig {
    let mut config = config();
    config.limits.media_posts = 10_000;
    config
}

fn payload(session: &str, prompt: &str) -> Value {
    json!({
        "sessionId": session,
        "promptId": prompt,
        "playbackConfig": {
            "volumeMatrix": { "baseGain": 0.8, "peakLimit": 0.95, "compressionRatio": 0.7 },
            "interruptibility": { "allowDTMF": true, "allowVoice": false, "cutoffBehavior": "fade" },
            "codecPreference": "G711U", "bufferPreload": true, "formatVerification": true,
        },
        "sessionMetadata": { "createdVia": "test", "timestamp": "2026-11-27T20:15:00.000Z" },
    })
}

struct Gateway {
    bench: Bench,
    token: String,
}

impl Gateway {
    async fn new(config: SandboxConfig) -> Self {
        let bench = Bench::with(config).await;
        let token = bench.token("media").await;
        Self { bench, token }
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.bench.http.post(self.bench.url(path)).bearer_auth(&self.token).json(body);
        request.send().await.unwrap()
    }

    async fn send(&self, session: &str, prompt: &str) -> (u16, Value) {
        let answer = self.post(SESSIONS, &payload(session, prompt)).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Response {
        self.bench.http.get(self.bench.url(path)).bearer_auth(&self.token).send().await.unwrap()
    }

    async fn active(&self) -> u64 {
        let answer = self.get(&format!("{SESSIONS}?pageSize=1&status=active")).await;
        answer.json::<Value>().await.unwrap()["totalCount"].as_u64().unwrap()
    }

    /// The sessions that were made, with their states.
    async fn made(&self) -> Vec<(String, String)> {
        let listed: Vec<Value> = self.get("/sandbox/media/sessions").await.json().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        listed.iter().map(|session| (text(&session["id"]), text(&session["playbackState"]))).collect()
    }
}

#[tokio::test]
async fn a_session_plays_for_the_length_of_its_prompt() {
    let gateway = Gateway::new(fast()).await;
    let began = Instant::now();
    let (status, answer) = gateway.send("s-1", "short").await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["id"], "s-1");
    assert_eq!(answer["playbackState"], "playing");
    assert_eq!((&answer["formatVerified"], &answer["bufferPreloaded"]), (&json!(true), &json!(true)));
    assert!(answer["latencyMs"].is_number());
    timeout(TIMEOUT, async { while gateway.active().await > 0 {} }).await.expect("it ends");
    assert!(began.elapsed() >= Duration::from_millis(SHORT_MS as u64), "{:?}", began.elapsed());
    assert_eq!(gateway.made().await, [("s-1".to_owned(), "completed".to_owned())]);
    assert_eq!(gateway.send("s-1", "short").await.0, 409, "its identifier stays taken");
}

#[tokio::test]
async fn the_gateway_refuses_in_its_own_words_all_at_once() {
    let gateway = Gateway::new(fast()).await;
    let mut body = payload("s-1", "short");
    body["playbackConfig"] = json!({
        "volumeMatrix": { "baseGain": 1.5, "peakLimit": 1.2, "compressionRatio": 0.01 },
        "interruptibility": { "allowDTMF": true, "allowVoice": false, "cutoffBehavior": "fade" },
        "codecPreference": "MP3", "bufferPreload": false, "formatVerification": true, "silenceTrimMs": 100,
    });
    body["sessionMetadata"]["maxConcurrentStreams"] = json!(51);
    let answer = gateway.post(SESSIONS, &body).await;
    assert_eq!(answer.status(), 400);
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        json!({ "errors": [
            "baseGain must be between 0.0 and 1.0",
            "peakLimit must exceed baseGain and not exceed 1.0",
            "compressionRatio must be between 0.1 and 1.0",
            "Unsupported codec: MP3. Gateway supports: G711U, G711A, G729, OPUS",
            "bufferPreload must be true to prevent audio dropout during IVR scaling",
            "Silence trim must be at least 300ms to prevent playback stutter",
            "Exceeds maximum concurrent stream limit of 50",
        ] })
    );
    let (status, answer) = gateway.send("s-1", "nothing").await;
    assert_eq!((status, answer), (400, json!({ "errors": ["promptId is unknown: nothing"] })));
    let broken = gateway.bench.http.post(gateway.bench.url(SESSIONS)).bearer_auth(&gateway.token).body("{");
    assert_eq!(broken.send().await.unwrap().status(), 400);
    assert_eq!(gateway.made().await, []);
}

#[tokio::test]
async fn the_fifty_first_stream_and_a_taken_identifier_are_conflicts() {
    let gateway = Gateway::new(fast()).await;
    for number in 0..50 {
        assert_eq!(gateway.send(&format!("s-{number}"), "long").await.0, 201, "{number}");
    }
    assert_eq!(gateway.active().await, 50);
    let (status, answer) = gateway.send("s-50", "long").await;
    assert_eq!((status, &answer["message"]), (409, &json!("Exceeds maximum concurrent stream limit of 50")));
    let (status, answer) = gateway.send("s-7", "long").await;
    assert_eq!((status, &answer["message"]), (409, &json!("Session s-7 already exists")));
    timeout(TIMEOUT, async { while gateway.send("s-50", "short").await.0 == 409 {} })
        .await
        .expect("one ends");
}

#[tokio::test]
async fn the_sixth_post_of_a_second_is_refused() {
    let gateway = Gateway::new(config()).await;
    let mut statuses = Vec::new();
    let began = Instant::now();
    for number in 0..6 {
        statuses.push(gateway.post(SESSIONS, &payload(&format!("s-{number}"), "short")).await);
    }
    // On a machine that is too busy to send six posts in a fifth of a second, there is nothing to see.
    if began.elapsed() < Duration::from_millis(190) {
        let last = statuses.pop().unwrap();
        assert_eq!(last.status(), 429);
        assert_eq!(last.headers()["retry-after"], "1");
    }
    assert!(statuses.iter().all(|answer| answer.status() == 201));
}

#[tokio::test]
async fn making_reading_and_telling_have_scopes_of_their_own() {
    let event = json!({
        "eventType": "IVR_PLAYBACK_CONTROL", "sessionId": "s-1", "timestamp": "2026-11-27T20:15:00Z",
        "metrics": { "latencyMs": 3, "formatVerified": true, "bufferPreloaded": true, "playbackState": "playing" },
    });
    for (denied, expect) in [
        ("media:manage", (403, 200, 202)),
        ("media:read", (201, 403, 202)),
        ("analytics:write", (201, 200, 403)),
    ] {
        let bench = Bench::with(SandboxConfig { denied_scopes: vec![denied.into()], ..fast() }).await;
        let (id, secret) = bench.sandbox.credentials();
        let request = bench.http.post(bench.endpoint("media").token_url);
        let request = request.basic_auth(id, Some(secrecy::ExposeSecret::expose_secret(&secret)));
        let answer = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
        let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
        let gateway = Gateway { bench, token };
        let statuses = (
            gateway.send("s-1", "short").await.0,
            gateway.get(&format!("{SESSIONS}?status=active")).await.status().as_u16(),
            gateway.post(EVENTS, &event).await.status().as_u16(),
        );
        assert_eq!(statuses, expect, "{denied}");
    }
    let gateway = Gateway { token: "wrong".into(), ..Gateway::new(fast()).await };
    assert_eq!(gateway.send("s-1", "short").await.0, 401);
    for control in ["/sandbox/media/prompts", "/sandbox/media/prompts/short/audio"] {
        assert_eq!(gateway.get(control).await.status(), 401, "{control}");
    }
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_session_was_made() {
    let gateway = Gateway::new(fast()).await;
    gateway.bench.fault(json!({ "on": "media", "kind": "lose_answer" })).await;
    let url = gateway.bench.url(SESSIONS);
    let request = gateway.bench.http.post(url).bearer_auth(&gateway.token).json(&payload("s-1", "long"));
    assert!(request.send().await.is_err());
    assert_eq!(gateway.made().await, [("s-1".to_owned(), "playing".to_owned())]);
    assert_eq!(gateway.send("s-1", "long").await.0, 409);
    gateway.bench.fault(json!({ "on": "media", "kind": "drop" })).await;
    let request = gateway.bench.http.post(gateway.bench.url(SESSIONS));
    assert!(request.bearer_auth(&gateway.token).json(&payload("s-2", "long")).send().await.is_err());
    assert_eq!(gateway.made().await.len(), 1, "this one was not looked at");
}

#[tokio::test]
async fn sessions_count_and_events_meet_faults_of_their_own() {
    let gateway = Gateway::new(fast()).await;
    for (point, status) in [("media", 500), ("streams", 503), ("analytics", 429)] {
        gateway.bench.fault(json!({ "on": point, "kind": "status", "status": status })).await;
    }
    assert_eq!(gateway.send("s-1", "short").await.0, 500);
    assert_eq!(gateway.get(&format!("{SESSIONS}?status=active")).await.status(), 503);
    assert_eq!(gateway.post(EVENTS, &json!({})).await.status(), 429);
    gateway.bench.fault(json!({ "on": "media", "kind": "fail_run" })).await;
    gateway.bench.fault(json!({ "on": "media", "kind": "never_ends" })).await;
    let (_, failed) = gateway.send("s-1", "short").await;
    assert_eq!((&failed["playbackState"], &failed["bufferPreloaded"]), (&json!("failed"), &json!(false)));
    let (_, endless) = gateway.send("s-2", "short").await;
    assert_eq!(endless["playbackState"], "playing");
    assert_eq!(gateway.send("s-3", "short").await.0, 201);
    timeout(TIMEOUT, async { while gateway.active().await > 1 {} }).await.expect("the third one ends");
    let states: Vec<String> = gateway.made().await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["failed", "playing", "completed"]);
}

#[tokio::test]
async fn analytics_keep_what_they_are_told() {
    let gateway = Gateway::new(fast()).await;
    let event = json!({
        "eventType": "IVR_PLAYBACK_CONTROL", "sessionId": "s-1", "timestamp": "2026-11-27T20:15:00Z",
        "metrics": { "latencyMs": 3.5, "formatVerified": true, "bufferPreloaded": false, "playbackState": "playing" },
    });
    assert_eq!(gateway.post(EVENTS, &event).await.status(), 202);
    assert_eq!(gateway.post(EVENTS, &json!({ "eventType": "OTHER" })).await.status(), 400);
    let mut untimed = event.clone();
    untimed["timestamp"] = Value::Null;
    assert_eq!(gateway.post(EVENTS, &untimed).await.status(), 400);
    let told: Value = gateway.get("/sandbox/analytics").await.json().await.unwrap();
    assert_eq!(told, json!([event]));
}

/// A WAV file of silence at 8 kHz, 16 bit.
fn silence(ms: usize) -> Vec<u8> {
    let data = u32::try_from(ms * 16).unwrap();
    let mut wav = Vec::new();
    for part in [&b"RIFF"[..], &(36 + data).to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes()] {
        wav.extend_from_slice(part);
    }
    for part in [1u16, 1] {
        wav.extend_from_slice(&part.to_le_bytes());
    }
    for part in [8_000u32, 16_000] {
        wav.extend_from_slice(&part.to_le_bytes());
    }
    for part in [2u16, 16] {
        wav.extend_from_slice(&part.to_le_bytes());
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&data.to_le_bytes());
    wav.resize(wav.len() + data as usize, 0);
    wav
}

#[tokio::test]
async fn a_prompt_of_one_s_own_can_be_played() {
    let gateway = Gateway::new(fast()).await;
    let put = async |id: &str, bytes: Vec<u8>| {
        let url = gateway.bench.url(&format!("/sandbox/media/prompts/{id}"));
        gateway.bench.http.put(url).bearer_auth(&gateway.token).body(bytes).send().await.unwrap()
    };
    assert_eq!(put("mine", b"ID3 no WAV".to_vec()).await.status(), 422);
    assert_eq!(put("short", silence(100)).await.status(), 409, "the stand-in's own");
    assert_eq!(gateway.send("s-0", "mine").await.0, 400);
    let answer = put("mine", silence(100)).await;
    assert_eq!(answer.status(), 200);
    let summary = json!({ "promptId": "mine", "durationMs": 100, "uploaded": true });
    assert_eq!(answer.json::<Value>().await.unwrap(), summary);
    let list: Value = gateway.get("/sandbox/media/prompts").await.json().await.unwrap();
    let prompts = list["prompts"].as_array().unwrap();
    assert!(prompts.contains(&summary) && prompts.len() > 50, "{} prompts", prompts.len());
    assert!(prompts.contains(&json!({ "promptId": "short", "durationMs": SHORT_MS, "uploaded": false })));
    let audio = gateway.get("/sandbox/media/prompts/mine/audio").await;
    assert_eq!(audio.headers()["content-type"], "audio/wav");
    assert_eq!(audio.bytes().await.unwrap(), silence(100));
    let audio = gateway.get("/sandbox/media/prompts/short/audio").await.bytes().await.unwrap();
    assert_eq!((&audio[..4], audio.len()), (&b"RIFF"[..], 44 + SHORT_MS * 16));
    assert_eq!(gateway.get("/sandbox/media/prompts/nothing/audio").await.status(), 404);
    assert_eq!(gateway.get("/sandbox/media/sessions/nothing/audio").await.status(), 404);
    assert_eq!(gateway.send("s-1", "mine").await.0, 201);
    // What this build cannot make audible.
    let mut inaudible = payload("s-2", "mine");
    inaudible["playbackConfig"]["codecPreference"] = json!("G729");
    let answer = gateway.post(SESSIONS, &inaudible).await;
    assert_eq!(answer.status(), 201);
    let session: Value = answer.json().await.unwrap();
    let path = format!("/sandbox/media/sessions/{}/audio", session["id"].as_str().unwrap());
    let audio = gateway.get(&path).await;
    assert_eq!(audio.status(), 404);
    assert!(audio.text().await.unwrap().contains("G729"));
}
