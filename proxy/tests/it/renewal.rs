//! The life of a token: renewed in the background, doubted at a 403, left alone for as long as its endpoint asks.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant, SystemTime},
};

use crate::common::{Fake, Proxy, client, fake::Scripted, problem, proxy, refusal, within};
use serde_json::{Value, json};

const CALL: &str = "/api/interactions/i/call";

/// Asks as a client that repeats its requests itself.
async fn once(proxy: &Proxy, path: &str) -> reqwest::Response {
    within(client().get(proxy.url(path)).header("x-dialbench-retry", "client").send()).await.unwrap()
}

fn rest_requests(fake: &Fake) -> usize {
    fake.shared.rest_requests.load(Ordering::SeqCst)
}

fn wait_ms(problem: &Value) -> u64 {
    problem["retryAfterMs"].as_u64().unwrap()
}

#[tokio::test]
async fn a_living_token_is_handed_out_while_its_endpoint_hangs() {
    let fake = Fake::start().await;
    // Renewal is due after half of it.
    fake.shared.expires_in.store(6, Ordering::SeqCst);
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(proxy.get(CALL).await.status(), 200);
    fake.script_tokens(vec![Scripted::silence(); 3]);
    within(async {
        while fake.tokens_asked() < 2 {
            assert_eq!(proxy.get(CALL).await.status(), 200);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for _ in 0..20 {
        let began = Instant::now();
        assert_eq!(proxy.get(CALL).await.status(), 200);
        assert!(began.elapsed() < Duration::from_secs(1), "a caller waited for the endpoint");
    }
    assert_eq!(fake.tokens_asked(), 2, "one request, in the background");
    proxy.stop().await;
}

#[tokio::test]
async fn a_token_is_used_whatever_its_lifetime_looks_like() {
    for expires_in in ["\"3600\"", "3599.5", "null", "-1", "0", "1e999", "\"soon\"", "[]", ""] {
        let fake = Fake::start().await;
        let lifetime =
            if expires_in.is_empty() { String::new() } else { format!(",\"expires_in\":{expires_in}") };
        let body = format!("{{\"access_token\":\"canary-token-1\"{lifetime}}}");
        fake.script_tokens([Scripted { body, ..Scripted::status(200) }]);
        let proxy = proxy(&fake, |_| {}).await;
        for _ in 0..3 {
            assert_eq!(proxy.get(CALL).await.status(), 200, "{expires_in}");
        }
        assert_eq!(fake.tokens_asked(), 1, "{expires_in}");
        proxy.stop().await;
    }
}

#[tokio::test]
async fn a_403_from_a_dead_token_renews_it_and_a_true_one_does_so_once() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    fake.shared.refusal.store(403, Ordering::SeqCst);
    assert_eq!(proxy.get(CALL).await.status(), 200);
    for renewals in 1..=3 {
        fake.revoke();
        if renewals == 2 {
            // A socket's handshake does the same.
            let _page = proxy.dial("/ws/voice/c-1").await.unwrap();
        } else {
            assert_eq!(proxy.get(CALL).await.status(), 200);
        }
        assert_eq!(fake.tokens_asked(), 1 + renewals);
    }
    let asked = rest_requests(&fake);
    fake.script_rest(vec![Scripted::status(403); 5]);
    for (requests, tokens) in [(2, 5), (3, 5), (4, 5), (5, 5)] {
        let shown = problem(proxy.get(CALL).await, 403).await;
        assert_eq!(shown["upstream"], json!({ "service": "voice", "status": 403 }));
        assert_eq!((rest_requests(&fake) - asked, fake.tokens_asked()), (requests, tokens));
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_true_403_takes_the_token_from_nobody() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(proxy.get(CALL).await.status(), 200);
    fake.script_tokens(vec![Scripted::silence(); 3]);
    fake.script_handshakes([Scripted::status(403)]);
    let doubting = proxy.dial("/ws/voice/c-1");
    let others = async {
        within(async {
            while fake.tokens_asked() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let began = Instant::now();
        assert_eq!(proxy.get(CALL).await.status(), 200);
        assert!(began.elapsed() < Duration::from_secs(1), "a caller waited for another's doubt");
    };
    tokio::select! {
        refused = doubting => panic!("the endpoint is silent: {refused:?}"),
        () = others => {}
    }
    proxy.stop().await;
}

#[tokio::test]
async fn an_endpoint_is_left_alone_for_as_long_as_it_asks_and_the_wait_counts_down() {
    let date = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
    for (status, wait) in [(429, "30".to_owned()), (503, "30".to_owned()), (429, date())] {
        let fake = Fake::start().await;
        fake.script_tokens([Scripted::status(status).retry_after(wait.clone())]);
        let proxy = proxy(&fake, |_| {}).await;
        let passed_on = if status == 429 { 429 } else { 502 };
        let first = wait_ms(&problem(proxy.get(CALL).await, passed_on).await);
        assert!((20_000..=30_000).contains(&first), "{wait}: {first}");
        // Another caller, another way in, and later.
        let (shown, told) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
        assert_eq!(shown, passed_on);
        let second = wait_ms(&told);
        let answer = once(&proxy, CALL).await;
        let told_s: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        let third = wait_ms(&problem(answer, passed_on).await);
        assert!(third < second && second < first, "{first}, {second}, {third}");
        assert_eq!(told_s, third.div_ceil(1_000));
        assert_eq!(fake.tokens_asked(), 1);
        proxy.stop().await;
    }
}

#[tokio::test]
async fn a_service_is_left_alone_by_calls_that_come_later() {
    for status in [429, 503] {
        let fake = Fake::start().await;
        let proxy = proxy(&fake, |_| {}).await;
        fake.script_rest([Scripted::status(status).retry_after("86400")]);
        let first = wait_ms(&problem(once(&proxy, CALL).await, status).await);
        assert_eq!(first, 60_000, "capped");
        assert_eq!(rest_requests(&fake), 1);
        let shown = problem(once(&proxy, CALL).await, status).await;
        assert!(wait_ms(&shown) < first, "{shown}");
        assert_eq!((&shown["unsent"], &shown["upstream"]["status"]), (&json!(true), &json!(status)));
        let shown = problem(proxy.get("/api/interactions/another/call").await, status).await;
        assert!(wait_ms(&shown) < first, "{shown}");
        let (refused, _) = refusal(proxy.dial("/ws/voice/c-1").await.unwrap_err());
        assert_eq!(refused, status);
        assert_eq!(rest_requests(&fake), 1, "nothing is sent meanwhile");
        // Other services are not meant.
        problem(proxy.get("/api/flow/simulations/sim-1").await, 404).await;
        proxy.stop().await;
    }
}

#[tokio::test]
async fn a_call_that_comes_within_a_short_wait_waits_for_its_rest() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    fake.script_rest([Scripted::status(429).retry_after("1")]);
    problem(once(&proxy, CALL).await, 429).await;
    let began = Instant::now();
    assert_eq!(proxy.get(CALL).await.status(), 200);
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(500), "{waited:?}");
    assert_eq!(rest_requests(&fake), 2);
    proxy.stop().await;
}
