use std::time::Duration;

use sandbox::SandboxConfig;
use serde_json::json;
use tokio::time::Instant;

use crate::bench::{Bench, close_code, config, press, refusal};

#[tokio::test]
async fn a_call_walks_its_flow_to_the_end() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    assert_eq!(bench.state(&call).await, "connecting");
    assert_eq!(events.until("state connecting").await.len(), 1);
    let mut voice = bench.voice(&call).await;
    assert_eq!(events.until("started root").await, ["state streaming", "entered root", "started root"]);
    assert_eq!(bench.state(&call).await, "streaming");
    press(&mut voice, "1").await;
    assert_eq!(
        events.until("state terminated").await,
        [
            "digit 1",
            "interrupted root",
            "entered one",
            "action one",
            "started one",
            "ended one",
            "state disconnecting",
            "state terminated",
        ]
    );
    assert_eq!(close_code(&mut voice).await, Some(1000));
    assert_eq!(bench.state(&call).await, "terminated");
    assert_eq!(bench.sandbox.live_calls(), 0);
}

#[tokio::test]
async fn a_firm_prompt_is_heard_to_its_end_and_digits_wait() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    press(&mut voice, "22").await;
    assert_eq!(
        events.until("action two").await,
        [
            "digit 2",
            "interrupted root",
            "entered sub",
            "action sub",
            "started sub",
            "digit 2",
            "ended sub",
            "entered two",
            "action two",
        ]
    );
}

#[tokio::test]
async fn silence_and_wrong_digits_repeat_the_menu_and_then_end_the_call() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    press(&mut voice, "9").await;
    assert_eq!(
        events.until("state terminated").await,
        [
            "digit 9",
            "interrupted root",
            "action no_match",
            "started root",
            "ended root",
            "action timeout_repeat_prompt",
            "state disconnecting",
            "state terminated",
        ]
    );
    assert_eq!(close_code(&mut voice).await, Some(1000));
}

#[tokio::test]
async fn the_support_line_answers_two_two_with_technical_support() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("support-line").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    press(&mut voice, "22").await;
    let seen = events.until("state terminated").await;
    let actions: Vec<&str> = seen.iter().filter_map(|seen| seen.strip_prefix("action ")).collect();
    assert_eq!(actions, ["support", "technical"], "{seen:?}");
}

#[tokio::test]
async fn the_support_line_repeats_its_menu_five_seconds_after_half_a_choice() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("support-line").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    press(&mut voice, "2").await;
    events.until("digit 2").await;
    let heard = Instant::now();
    events.until("action fallback_repeat_prompt").await;
    let took = heard.elapsed().as_millis();
    assert!((4_900..7_000).contains(&took), "{took} ms");
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_gone_at_once() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    bench.hang_up(&call).await;
    assert_eq!(bench.state(&call).await, "terminated");
    assert_eq!(close_code(&mut voice).await, Some(1000));
    assert_eq!(
        events.until("state terminated").await,
        ["interrupted root", "state disconnecting", "state terminated"]
    );
    let token = bench.token("voice").await;
    assert_eq!(refusal(bench.voice_socket(call.call_id.as_str(), &token).await), 403);
}

#[tokio::test]
async fn a_call_nobody_joins_ends_by_itself() {
    let quick = SandboxConfig { connect_timeout: Duration::from_millis(50), ..config() };
    let bench = Bench::with(quick).await;
    let mut events = bench.events().await;
    bench.place("tiny").await;
    let seen = events.until("state terminated").await;
    assert_eq!(seen, ["state connecting", "state disconnecting", "state terminated"]);
}

#[tokio::test]
async fn a_call_outlives_its_socket_for_a_while() {
    let bench = Bench::with(SandboxConfig { voice_grace: Duration::from_secs(1), ..config() }).await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    drop(bench.voice(&call).await);
    events.until("started root").await;
    let mut again = bench.voice(&call).await;
    press(&mut again, "2").await;
    events.until("entered sub").await;
    assert_eq!(bench.state(&call).await, "streaming");
    let left = Instant::now();
    drop(again);
    events.until("state terminated").await;
    assert!(left.elapsed() >= Duration::from_secs(1), "gone after {:?}", left.elapsed());
}

#[tokio::test]
async fn a_sandbox_that_stops_says_goodbye() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    let address = bench.sandbox.address();
    let began = Instant::now();
    let (events, voice, ()) =
        tokio::join!(close_code(&mut events.socket), close_code(&mut voice), bench.sandbox.shutdown());
    assert_eq!((events, voice), (Some(1001), Some(1001)));
    assert!(began.elapsed() < Duration::from_secs(3), "it had to be cut");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn placing_a_call_needs_a_token_and_a_flow() {
    let bench = Bench::new().await;
    let flow = json!({ "flowId": "tiny" });
    assert_eq!(bench.post("/sandbox/calls", flow.clone()).await.status(), 401);
    let place = async |token: String, body| {
        let request = bench.http.post(bench.url("/sandbox/calls")).bearer_auth(token).json(&body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(place(bench.token("voice").await, flow.clone()).await, 403);
    let token = bench.token("interactions").await;
    assert_eq!(place(token.clone(), json!({ "flowId": "nothing" })).await, 404);
    assert_eq!(place(token.clone(), json!({})).await, 422);
    let browser = bench
        .http
        .post(bench.url("/sandbox/calls"))
        .bearer_auth(token)
        .header("origin", "http://evil.example");
    assert_eq!(browser.json(&flow).send().await.unwrap().status(), 403);
}
