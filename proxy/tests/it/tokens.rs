//! Tokens: one request however many callers, every style, every refusal.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant, SystemTime},
};

use crate::common::{CLIENT_ID, CLIENT_SECRET, Fake, fake::Scripted, proxy, within};
use futures_util::future::join_all;
use proxy::config::{Service, TokenStyle};
use serde_json::{Value, json};

const CROWD: usize = 1_000;

async fn crowd(proxy: &crate::common::Proxy) {
    let client = crate::common::client();
    let calls = (0..CROWD).map(|_| client.get(proxy.url("/api/interactions/i/call")).send());
    for answer in within(join_all(calls)).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_ask_for_one_token() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    crowd(&proxy).await;
    assert_eq!(fake.tokens_asked(), 1, "at the start");
    fake.revoke();
    crowd(&proxy).await;
    assert_eq!(fake.tokens_asked(), 2, "after the token was revoked");
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_at_expiry_ask_for_one_token() {
    let fake = Fake::start().await;
    fake.shared.expires_in.store(2, Ordering::SeqCst);
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    fake.shared.expires_in.store(3_600, Ordering::SeqCst);
    // Time itself is the condition: the token's two seconds.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    crowd(&proxy).await;
    assert_eq!(fake.tokens_asked(), 2);
    proxy.stop().await;
}

#[tokio::test]
async fn a_token_that_lives_shorter_than_its_margin_is_used() {
    let fake = Fake::start().await;
    fake.shared.expires_in.store(20, Ordering::SeqCst);
    let proxy = proxy(&fake, |config| {
        config.services.get_mut(&Service::Voice).unwrap().refresh_margin_s = 300;
    })
    .await;
    for _ in 0..20 {
        assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    }
    assert_eq!(fake.tokens_asked(), 1);
    proxy.stop().await;
}

#[tokio::test]
async fn every_style_asks_as_the_contract_says() {
    async fn asked(style: TokenStyle, send_scopes: bool) -> crate::common::fake::TokenRequest {
        let fake = Fake::start().await;
        let proxy = proxy(&fake, |config| {
            let voice = config.services.get_mut(&Service::Voice).unwrap();
            voice.token_style = style;
            voice.send_scopes = send_scopes;
        })
        .await;
        assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
        proxy.stop().await;
        let requests = fake.shared.token_requests.lock().unwrap();
        requests[0].clone()
    }
    let form = |body: &str| -> Vec<(String, String)> {
        form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let scope = ("scope", "agent:voice:stream interaction:view");

    let request = asked(TokenStyle::FormBody, true).await;
    assert_eq!(request.content_type, "application/x-www-form-urlencoded");
    assert_eq!(request.authorization, None);
    let all = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        scope,
    ];
    assert_eq!(form(&request.body), pairs(&all));

    let request = asked(TokenStyle::JsonBody, false).await;
    assert_eq!(request.content_type, "application/json");
    assert_eq!(
        serde_json::from_str::<Value>(&request.body).unwrap(),
        json!({ "grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET })
    );

    for send_scopes in [false, true] {
        let request = asked(TokenStyle::BasicForm, send_scopes).await;
        let expected: Vec<_> = [("grant_type", "client_credentials"), scope]
            .into_iter()
            .take(1 + usize::from(send_scopes))
            .collect();
        assert_eq!(form(&request.body), pairs(&expected));
        let encoded = request.authorization.as_deref().unwrap().strip_prefix("Basic ").unwrap();
        let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).unwrap();
        let decoded = String::from_utf8(decoded).unwrap();
        let (id, secret) = decoded.split_once(':').unwrap();
        let unescape = |text: &str| form(text).remove(0).0;
        assert_eq!(unescape(id), CLIENT_ID);
        assert_eq!(unescape(&secret.replace('=', "%3D")), CLIENT_SECRET);
    }
}

#[tokio::test]
async fn every_refusal_has_its_own_message() {
    async fn check(answer: Scripted, status: u16, text: &str, asked: usize) {
        let fake = Fake::start().await;
        fake.script_tokens(vec![answer.clone(); asked]);
        let proxy = proxy(&fake, |_| {}).await;
        let response = proxy.get("/api/interactions/i/call").await;
        assert_eq!(response.status(), status, "{answer:?}");
        let problem: Value = response.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(text), "{answer:?}: {detail}");
        assert_eq!(problem["upstream"]["service"], "voice");
        assert_eq!(fake.tokens_asked(), asked, "{answer:?}");
        proxy.stop().await;
    }
    check(Scripted::status(400), 502, "malformed", 1).await;
    check(
        Scripted { body: r#"{"error":"invalid_scope"}"#.into(), ..Scripted::status(400) },
        502,
        "invalid_scope",
        1,
    )
    .await;
    check(Scripted::status(401), 502, "credentials", 1).await;
    check(Scripted::status(403), 502, "agent:voice:stream interaction:view", 1).await;
    check(Scripted::status(404), 502, "HTTP 404", 1).await;
    check(Scripted::status(429), 429, "slow down", 3).await;
    check(Scripted::status(500), 502, "HTTP 500", 3).await;
    check(Scripted { status: 200, retry_after: None, body: "<html>".into() }, 502, "no token", 1).await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_named() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        let voice = config.services.get_mut(&Service::Voice).unwrap();
        voice.token_url = Some("http://127.0.0.1:1/oauth/token".parse().unwrap());
    })
    .await;
    let response = proxy.get("/api/interactions/i/call").await;
    assert_eq!(response.status(), 502);
    let problem: Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("cannot be reached"), "{problem}");
    proxy.stop().await;
}

#[tokio::test]
async fn retry_after_is_honoured_in_both_forms_and_capped() {
    async fn answered(wait: impl FnOnce() -> String) -> (u16, Duration, Value) {
        let fake = Fake::start().await;
        let proxy = proxy(&fake, |_| {}).await;
        fake.script_tokens([Scripted::status(429).retry_after(wait())]);
        let began = Instant::now();
        let response = proxy.get("/api/interactions/i/call").await;
        let took = began.elapsed();
        let status = response.status().as_u16();
        let body = response.json().await.unwrap();
        proxy.stop().await;
        (status, took, body)
    }
    let (status, took, _) = answered(|| "1".into()).await;
    assert_eq!(status, 200);
    assert!(took >= Duration::from_secs(1), "{took:?}");
    // A date has whole seconds: two of them are at least one.
    let date = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let (status, took, _) = answered(date).await;
    assert_eq!(status, 200);
    assert!(took >= Duration::from_millis(900), "{took:?}");
    let (status, took, problem) = answered(|| "86400".into()).await;
    assert_eq!(status, 429);
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(problem["retryAfterMs"], 60_000, "a day is a mistake");
}

#[tokio::test]
async fn a_failed_renewal_leaves_the_old_token_in_use() {
    let fake = Fake::start().await;
    fake.shared.expires_in.store(4, Ordering::SeqCst);
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    fake.script_tokens(vec![Scripted::status(401); 20]);
    // Renewal is due after two of the token's four seconds.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    assert!(fake.tokens_asked() > 1);
    proxy.stop().await;
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    fake.script_rest(vec![Scripted::status(401); 2]);
    let response = proxy.get("/api/interactions/i/call").await;
    assert_eq!(response.status(), 502, "CXone's 401 is about the proxy's credentials, not the client's");
    assert_eq!(fake.tokens_asked(), 2);
    assert_eq!(fake.shared.rest_requests.load(Ordering::SeqCst), 3);
    proxy.stop().await;
}

#[tokio::test]
async fn reads_are_repeated_and_refusals_are_not() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    fake.script_rest([Scripted::status(503), Scripted::status(429).retry_after("0")]);
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 200);
    assert_eq!(fake.shared.rest_requests.load(Ordering::SeqCst), 3);
    fake.script_rest([Scripted::status(404)]);
    let response = proxy.get("/api/interactions/i/call").await;
    assert_eq!(response.status(), 404);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["upstream"], json!({ "service": "voice", "status": 404 }));
    assert_eq!(fake.shared.rest_requests.load(Ordering::SeqCst), 4);
    proxy.stop().await;
}

#[tokio::test]
async fn a_client_that_repeats_itself_has_cxone_asked_once() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let get = async |path: &str| {
        let request = crate::common::client().get(proxy.url(path)).header("x-dialbench-retry", "client");
        within(request.send()).await.unwrap()
    };
    assert_eq!(get("/api/interactions/i/call").await.status(), 200);
    let asked = || fake.shared.rest_requests.load(Ordering::SeqCst);
    // With 429 and 503 the service would be left alone for as long as it asks.
    for (status, passed_on, wait) in [(503, 503, "0"), (429, 429, "0"), (500, 502, "3")] {
        let before = asked();
        fake.script_rest([Scripted::status(status).retry_after(wait)]);
        let response = get("/api/interactions/i/call").await;
        assert_eq!(response.status(), passed_on);
        assert_eq!(response.headers()["retry-after"], wait);
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["upstream"], json!({ "service": "voice", "status": status }));
        assert_eq!(problem["retryAfterMs"], wait.parse::<u64>().unwrap() * 1_000);
        assert_eq!(asked() - before, 1, "{status}");
    }
    // A refused token is renewed all the same: one more request, and only one.
    let before = (asked(), fake.tokens_asked());
    fake.revoke();
    assert_eq!(get("/api/interactions/i/call").await.status(), 200);
    assert_eq!((asked() - before.0, fake.tokens_asked() - before.1), (2, 1));
    // Fifteen attempts of a client are fifteen requests, not forty-five.
    let before = asked();
    fake.script_rest(vec![Scripted::status(503); 15]);
    for _ in 0..15 {
        assert_eq!(get("/api/interactions/i/call").await.status(), 503);
    }
    assert_eq!(asked() - before, 15);
    // Others have the proxy repeat for them, as before.
    let before = asked();
    fake.script_rest(vec![Scripted::status(503); 3]);
    assert_eq!(proxy.get("/api/interactions/i/call").await.status(), 503);
    assert_eq!(asked() - before, 3);
    proxy.stop().await;
}
