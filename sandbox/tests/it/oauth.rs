use reqwest::{RequestBuilder, StatusCode};
use sandbox::SandboxConfig;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::bench::{Bench, basic, config};

const FORM: &str = "application/x-www-form-urlencoded";
const SERVICES: [&str; 5] = ["interactions", "voice", "flow", "dialer", "media"];

async fn check(request: RequestBuilder, status: u16, error: &str) {
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["cache-control"].as_bytes()),
        (status, &b"no-store"[..])
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"], error, "{body}");
    assert!(body.get("access_token").is_none());
}

#[tokio::test]
async fn every_service_answers_its_own_style() {
    let bench = Bench::new().await;
    for service in SERVICES {
        let answer = bench.token_request(service).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{service}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            (&answer["token_type"], &answer["expires_in"]),
            (&json!("Bearer"), &json!(3_600)),
            "{service}"
        );
        assert_eq!(answer["scope"], bench.endpoint(service).scopes.join(" "), "{service}");
    }
}

#[tokio::test]
async fn no_service_answers_another_s_style() {
    let bench = Bench::new().await;
    let (id, secret) = bench.sandbox.credentials();
    let secret = secret.expose_secret();
    let url = |service: &str| bench.endpoint(service).token_url;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &*id),
        ("client_secret", secret),
        ("scope", "interactions:read"),
    ];
    let object = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
    check(bench.http.post(url("interactions")).json(&object), 400, "invalid_request").await;
    check(bench.http.post(url("voice")).form(&form), 400, "invalid_request").await;
    check(bench.http.post(url("flow")).form(&form), 400, "invalid_request").await;
    check(bench.http.post(url("flow")).form(&form[..1]), 401, "invalid_client").await;
    let both = bench.http.post(url("interactions")).basic_auth(&id, Some(secret)).form(&form);
    check(both, 400, "invalid_request").await;
    // A known client authenticates with Basic and sends no body.
    let empty = bench.http.post(url("flow")).basic_auth(&id, Some(secret)).header("content-type", FORM);
    check(empty, 400, "invalid_request").await;
    let untyped =
        bench.http.post(url("media")).basic_auth(&id, Some(secret)).body("grant_type=client_credentials");
    check(untyped, 400, "invalid_request").await;
    assert_eq!(bench.http.get(url("flow")).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_secret_that_was_not_encoded_is_refused() {
    let bench = Bench::new().await;
    let (id, secret) = bench.sandbox.credentials();
    let url = bench.endpoint("interactions").token_url;
    let raw = format!(
        "grant_type=client_credentials&client_id={id}&client_secret={}&scope=interactions:read",
        secret.expose_secret()
    );
    check(bench.http.post(&url).header("content-type", FORM).body(raw), 400, "invalid_request").await;

    let plus = SandboxConfig { client_secret: "a+b".into(), ..config() };
    let bench = Bench::with(plus).await;
    let body =
        format!("grant_type=client_credentials&client_id={id}&client_secret=a+b&scope=interactions:read");
    let url = bench.endpoint("interactions").token_url;
    check(bench.http.post(url).header("content-type", FORM).body(body), 401, "invalid_client").await;
}

#[tokio::test]
async fn wrong_credentials_grants_and_scopes_are_told_apart() {
    let bench = Bench::new().await;
    let (id, secret) = bench.sandbox.credentials();
    let secret = secret.expose_secret();
    let url = |service: &str| bench.endpoint(service).token_url;
    let ask = |secret: &str, grant: &str, scope: &str| {
        bench
            .http
            .post(url("dialer"))
            .basic_auth(&id, Some(secret))
            .form(&[("grant_type", grant), ("scope", scope)])
    };
    let good = "dialer:metrics:read";
    check(ask("wrong", "client_credentials", good), 401, "invalid_client").await;
    check(ask(secret, "password", good), 400, "unsupported_grant_type").await;
    check(ask(secret, "client_credentials", "media:read"), 403, "invalid_scope").await;
    check(ask(secret, "client_credentials", ""), 400, "invalid_request").await;
    let unscoped = bench.http.post(url("dialer")).basic_auth(&id, Some(secret));
    check(unscoped.form(&[("grant_type", "client_credentials")]), 400, "invalid_request").await;
    let nonsense =
        bench.http.post(url("dialer")).header("authorization", "Basic %%%").form(&[("grant_type", "x")]);
    check(nonsense, 401, "invalid_client").await;
    check(bench.http.post(url("voice")).json(&json!(["x"])), 400, "invalid_request").await;
    check(bench.http.post(url("voice")).json(&json!({ "grant_type": 1 })), 400, "invalid_request").await;
    let twice = bench
        .http
        .post(url("dialer"))
        .header("authorization", basic(&id, secret))
        .header("content-type", FORM);
    let twice =
        twice.body("grant_type=client_credentials&grant_type=client_credentials&scope=dialer:metrics:read");
    check(twice, 400, "invalid_request").await;
}

#[tokio::test]
async fn a_scope_that_was_never_granted_is_missed_at_the_token_or_at_the_call() {
    let denied = ["media:read", "interaction:view", "flow:read"].map(String::from).to_vec();
    let bench = Bench::with(SandboxConfig { denied_scopes: denied, ..config() }).await;
    check(bench.token_request("interactions"), 403, "invalid_scope").await;
    let token = bench.token("voice").await;
    let url = bench.url("/voice/api/v2/interactions/int-0/call");
    assert_eq!(bench.http.get(url).bearer_auth(token).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_token_is_good_for_its_service_its_scope_and_its_time() {
    let bench = Bench::with(SandboxConfig { token_ttl: std::time::Duration::from_secs(1), ..config() }).await;
    let url = bench.url("/flow/api/v2/flow/definitions");
    let status =
        async |token: &str| bench.http.get(&url).bearer_auth(token).send().await.unwrap().status().as_u16();
    let began = tokio::time::Instant::now();
    let token = bench.token("flow").await;
    assert_eq!(status(&token).await, 200);
    assert_eq!(status(&bench.token("media").await).await, 403);
    assert_eq!(status("sbx.unknown").await, 401);
    assert_eq!(bench.http.get(&url).send().await.unwrap().status(), 401);
    let (id, secret) = bench.sandbox.credentials();
    let narrow =
        bench.http.post(bench.endpoint("flow").token_url).basic_auth(id, Some(secret.expose_secret()));
    let narrow = narrow.form(&[("grant_type", "client_credentials"), ("scope", "flow:simulator:run")]);
    let narrow: Value = narrow.send().await.unwrap().json().await.unwrap();
    assert_eq!(status(narrow["access_token"].as_str().unwrap()).await, 403);
    while status(&token).await == 200 {
        assert!(began.elapsed().as_secs() < 5, "the token never expires");
    }
    assert_eq!(status(&token).await, 401);
    assert!(began.elapsed().as_millis() >= 1_000, "the token expired early");
}

#[tokio::test]
async fn the_hundred_and_first_request_of_a_second_is_too_many() {
    let bench = Bench::with(SandboxConfig { requests_per_second: 2, ..config() }).await;
    let token = bench.token("flow").await;
    let url = bench.url("/flow/api/v2/flow/definitions/tiny");
    let mut refused = 0;
    for _ in 0..60 {
        let answer = bench.http.get(&url).bearer_auth(&token).send().await.unwrap();
        if answer.status() == 429 {
            assert!(answer.headers().contains_key("retry-after"));
            refused += 1;
        }
    }
    assert!(refused > 0, "60 requests in a moment and none refused");
}

#[tokio::test]
async fn flows_are_listed_and_given_out() {
    let bench = Bench::new().await;
    let token = bench.token("flow").await;
    let get = async |path: &str| {
        let url = bench.url(&format!("/flow/api/v2/flow/definitions{path}"));
        bench.http.get(url).bearer_auth(&token).send().await.unwrap()
    };
    let list: Value = get("").await.json().await.unwrap();
    let ids: Vec<&str> =
        list["flows"].as_array().unwrap().iter().map(|flow| flow["flowId"].as_str().unwrap()).collect();
    assert!(ids.contains(&"support-line") && ids.contains(&"tiny"), "{ids:?}");
    let flow: ivr::FlowDefinition = get("/tiny").await.json().await.unwrap();
    assert_eq!(flow.nodes.len(), 4);
    let missing = get("/nothing").await;
    assert_eq!(
        (missing.status().as_u16(), missing.headers()["content-type"].as_bytes()),
        (404, &b"application/problem+json"[..])
    );
}
