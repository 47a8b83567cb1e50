use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, TIMEOUT, close_code, press, refusal};

async fn status_of_token(bench: &Bench, service: &str) -> u16 {
    bench.token_request(service).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_status_comes_as_often_as_was_asked_for() {
    let bench = Bench::new().await;
    bench
        .fault(json!({ "on": "token", "service": "flow", "kind": "status", "status": 503, "times": 2 }))
        .await;
    assert_eq!(status_of_token(&bench, "media").await, 200);
    assert_eq!(status_of_token(&bench, "flow").await, 503);
    let listed: Value =
        bench.http.get(bench.url("/sandbox/faults")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&listed[0]["left"], &listed[0]["kind"]), (&json!(1), &json!("status")));
    assert_eq!(status_of_token(&bench, "flow").await, 503);
    assert_eq!(status_of_token(&bench, "flow").await, 200);
}

#[tokio::test]
async fn too_many_requests_come_with_every_form_of_retry_after() {
    let bench = Bench::new().await;
    let token = bench.token("flow").await;
    let mut values = Vec::new();
    for form in ["none", "seconds", "date"] {
        let rule = json!({ "on": "flow", "kind": "status", "status": 429, "retryAfter": form, "retryAfterSeconds": 7 });
        bench.fault(rule).await;
        let url = bench.url("/flow/api/v2/flow/definitions");
        let answer = bench.http.get(url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 429);
        values.push(answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned()));
    }
    assert_eq!(values[..2], [None, Some("7".into())]);
    let date = httpdate::parse_http_date(values[2].as_ref().unwrap()).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!((5..=7).contains(&ahead.as_secs()), "{ahead:?}");
}

#[tokio::test]
async fn answers_can_be_late_broken_or_missing() {
    let bench = Bench::new().await;
    bench.fault(json!({ "on": "token", "kind": "slow", "ms": 150 })).await;
    let began = Instant::now();
    assert_eq!(status_of_token(&bench, "flow").await, 200);
    assert!(began.elapsed() >= Duration::from_millis(150));

    bench.fault(json!({ "on": "token", "kind": "garbage" })).await;
    let answer = bench.token_request("flow").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<Value>().await.is_err(), "garbage was read");

    bench.fault(json!({ "on": "token", "kind": "drop" })).await;
    assert!(bench.token_request("flow").send().await.is_err());

    bench.fault(json!({ "on": "token", "kind": "half_open" })).await;
    let waiting = bench.token_request("flow").timeout(Duration::from_millis(200)).send().await;
    assert!(waiting.unwrap_err().is_timeout());
    assert_eq!(status_of_token(&bench, "flow").await, 200);
}

#[tokio::test]
async fn handshakes_are_refused() {
    let bench = Bench::new().await;
    let call = bench.place("tiny").await;
    bench.fault(json!({ "on": "interactions", "kind": "status", "status": 401 })).await;
    bench.fault(json!({ "on": "voice", "kind": "status", "status": 503 })).await;
    let token = bench.token("interactions").await;
    assert_eq!(refusal(bench.events_socket(&token).await), 401);
    let token = bench.token("voice").await;
    assert_eq!(refusal(bench.voice_socket(call.call_id.as_str(), &token).await), 503);
    bench.fault(json!({ "on": "call", "kind": "status", "status": 500 })).await;
    let url = bench.url(&format!("/voice/api/v2/interactions/{}/call", call.interaction_id));
    assert_eq!(bench.http.get(url).bearer_auth(&token).send().await.unwrap().status(), 500);
}

#[tokio::test]
async fn open_sockets_are_closed_or_dropped() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    bench.fault(json!({ "on": "interactions", "kind": "close", "code": 1012 })).await;
    assert_eq!(close_code(&mut events.socket).await, Some(1012));

    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    bench.fault(json!({ "on": "voice", "kind": "drop", "afterMs": 50 })).await;
    assert_eq!(close_code(&mut voice).await, None);
    // The call outlives its socket.
    let mut events = bench.events().await;
    let mut again = bench.voice(&call).await;
    press(&mut again, "1").await;
    events.until("entered one").await;
}

#[tokio::test]
async fn a_half_open_socket_says_nothing_any_more() {
    let bench = Bench::new().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    bench.fault(json!({ "on": "voice", "kind": "half_open" })).await;
    let quiet = async {
        // Frames come every 20 ms from a socket that is alive.
        while let Ok(message) = timeout(Duration::from_millis(500), voice.next()).await {
            message.expect("still open").expect("still open");
        }
    };
    timeout(TIMEOUT, quiet).await.expect("it falls silent");
    drop(voice);
    let mut again = bench.voice(&call).await;
    assert!(again.next().await.unwrap().unwrap().is_binary());
}

#[tokio::test]
async fn garbage_passes_and_the_sockets_go_on() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    events.until("state connecting").await;
    bench.fault(json!({ "on": "interactions", "kind": "garbage" })).await;
    bench.fault(json!({ "on": "voice", "kind": "garbage", "afterMs": 100 })).await;
    let mut unknown = 0;
    while unknown < 5 {
        let event = events.next().await;
        assert!(matches!(event, wire::cxone::dtmf::Message::Unknown(_)), "{event:?}");
        unknown += 1;
    }
    let mut voice = bench.voice(&call).await;
    let saw_text = timeout(TIMEOUT, async {
        loop {
            if let Message::Text(_) = voice.next().await.unwrap().unwrap() {
                return;
            }
        }
    });
    saw_text.await.unwrap();
    press(&mut voice, "1").await;
    events.until("entered one").await;
}

#[tokio::test]
async fn tokens_expire_in_the_middle_of_a_call() {
    let bench = Bench::new().await;
    let call = bench.place("tiny").await;
    let mut events = bench.events().await;
    let token = bench.token("voice").await;
    let mut voice = bench.voice_socket(call.call_id.as_str(), &token).await.unwrap();
    bench.fault(json!({ "on": "voice", "kind": "expire_tokens" })).await;
    assert_eq!(close_code(&mut voice).await, Some(1008));
    assert_eq!(refusal(bench.voice_socket(call.call_id.as_str(), &token).await), 401);
    let mut again = bench.voice(&call).await;
    press(&mut again, "1").await;
    events.until("entered one").await;
}

#[tokio::test]
async fn an_outage_cuts_everything_and_passes() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    let began = Instant::now();
    let answer = bench.post("/sandbox/outage", json!({ "ms": 1_000 })).await;
    assert_eq!(answer.status(), 202);
    assert_eq!((close_code(&mut events.socket).await, close_code(&mut voice).await), (None, None));
    let refused = tokio::net::TcpStream::connect(bench.sandbox.address()).await;
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    while tokio::net::TcpStream::connect(bench.sandbox.address()).await.is_err() {
        assert!(began.elapsed() < TIMEOUT, "it never comes back");
    }
    assert!(began.elapsed() >= Duration::from_secs(1), "back after {:?}", began.elapsed());
    let mut events = bench.events().await;
    let mut voice = bench.voice(&call).await;
    press(&mut voice, "1").await;
    events.until("entered one").await;
}

#[tokio::test]
async fn faults_are_disarmed_and_nonsense_is_refused() {
    let bench = Bench::new().await;
    bench.fault(json!({ "on": "token", "kind": "drop", "times": 5 })).await;
    let cleared = bench.http.delete(bench.url("/sandbox/faults")).send().await.unwrap();
    assert_eq!(cleared.status(), 204);
    assert_eq!(status_of_token(&bench, "flow").await, 200);
    for rule in [
        json!({ "on": "voice", "kind": "close", "code": 1006 }),
        json!({ "on": "token", "kind": "status", "status": 200 }),
        json!({ "on": "moon", "kind": "drop" }),
    ] {
        assert_eq!(bench.post("/sandbox/faults", rule.clone()).await.status(), 422, "{rule}");
    }
}

#[tokio::test]
async fn the_same_seed_brings_the_same_faults() {
    let run = async |seed: u64| {
        let bench = Bench::new().await;
        let token = bench.token("flow").await;
        let seeded = bench.post("/sandbox/faults/seeded", json!({ "seed": seed, "rate": 0.5 })).await;
        assert_eq!(seeded.status(), 204);
        let url = bench.url("/flow/api/v2/flow/definitions/tiny");
        let mut answers = Vec::new();
        for _ in 0..30 {
            let answer = bench.http.get(&url).bearer_auth(&token).send().await;
            answers.push(answer.map(|answer| answer.status().as_u16()).ok());
        }
        answers
    };
    let (first, again, other) = tokio::join!(run(11), run(11), run(12));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.contains(&Some(200)) && first.iter().any(|answer| *answer != Some(200)), "{first:?}");
}
