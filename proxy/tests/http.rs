//! Hosts, origins, headers, bodies, files: what stands between the proxy and the rest of the world.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{fs, time::Duration};

use common::{Fake, client, proxy, refusal, within};
use proxy::config::Profile;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Sends bytes as they are and reads to the end.
async fn raw(proxy: &common::Proxy, request: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

async fn problem(response: reqwest::Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    problem
}

#[tokio::test]
async fn only_known_hosts_are_served() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.public_hosts = vec!["bench.example".into()]).await;
    let port = proxy.address.port();
    let check = async |host: &str, status: &str| {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = raw(&proxy, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
    };
    check(&format!("127.0.0.1:{port}"), "200").await;
    check(&format!("localhost:{port}"), "200").await;
    check(&format!("LOCALHOST:{port}"), "200").await;
    check(&format!("[::1]:{port}"), "200").await;
    check("bench.example", "200").await;
    check("127.0.0.1", "421").await;
    check("127.0.0.1:1", "421").await;
    check("evil.example", "421").await;
    check(&format!("evil.example:{port}"), "421").await;
    check("bench.example:99", "421").await;
    let none = raw(&proxy, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(none.starts_with("HTTP/1.0 421") || none.starts_with("HTTP/1.1 421"), "{none}");
    proxy.stop().await;
}

#[tokio::test]
async fn only_allowed_origins_change_things_or_open_sockets() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.profile = Profile::Sandbox;
        config.allowed_origins = vec!["https://bench.example".into()];
    })
    .await;
    let own = format!("http://{}", proxy.address);
    let local = format!("http://localhost:{}", proxy.address.port());
    for (origin, allowed) in [
        (own.as_str(), true),
        (local.as_str(), true),
        ("https://bench.example", true),
        ("https://bench.example.evil.example", false),
        ("http://bench.example", false),
        ("http://127.0.0.1", false),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let place = client()
            .post(proxy.url("/api/calls"))
            .header("x-dialbench", "1")
            .header("origin", origin)
            .json(&json!({ "flowId": "f" }));
        let status = place.send().await.unwrap().status().as_u16();
        assert_eq!(status, if allowed { 201 } else { 403 }, "{origin}");
        for path in ["/ws/interactions", "/ws/voice/c-1"] {
            let dialled = proxy.dial_with(path, "origin", origin).await;
            match dialled {
                Ok(_) => assert!(allowed, "{path} {origin}"),
                Err(error) => {
                    assert!(!allowed, "{path} {origin}");
                    assert_eq!(refusal(error).0, 403, "{path} {origin}");
                }
            }
        }
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_change_needs_its_header() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = Profile::Sandbox).await;
    let without = client().post(proxy.url("/api/calls")).json(&json!({ "flowId": "f" }));
    let shown = problem(without.send().await.unwrap(), 403).await;
    assert!(shown["detail"].as_str().unwrap().contains("X-Dialbench: 1"));
    let without = client().delete(proxy.url("/api/calls/i-1")).header("x-dialbench", "0");
    problem(without.send().await.unwrap(), 403).await;
    assert!(proxy.audit().await.iter().all(|entry| entry["action"] != "call.place"));

    let placed = proxy.post("/api/calls", &json!({ "flowId": "f" })).await;
    assert_eq!(placed.status(), 201);
    assert_eq!(placed.json::<Value>().await.unwrap(), json!({ "interactionId": "i-f", "callId": "c-1" }));
    let with = client().delete(proxy.url("/api/calls/i-f")).header("x-dialbench", "1");
    assert_eq!(with.send().await.unwrap().status(), 204);
    let actions: Vec<_> = proxy.audit().await.iter().map(|entry| entry["action"].clone()).collect();
    assert!(actions.contains(&json!("call.place")) && actions.contains(&json!("call.hangup")), "{actions:?}");
    proxy.stop().await;
}

#[tokio::test]
async fn calls_are_the_sandbox_s_alone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let shown = problem(proxy.post("/api/calls", &json!({ "flowId": "f" })).await, 409).await;
    assert!(shown["detail"].as_str().unwrap().contains("attach"), "{shown}");
    problem(proxy.get("/api/flow/definitions").await, 404).await;
    proxy.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    for path in ["/", "/api/profile", "/nothing/here", "/healthz"] {
        let response = proxy.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let csp = header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && csp.contains("'wasm-unsafe-eval'"), "{csp}");
        assert!(!csp.contains("'unsafe-inline'") && !csp.contains("'unsafe-eval'"), "{csp}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("permissions-policy").contains("microphone=(self)"));
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("referrer-policy"), "no-referrer");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_wrong_request_is_a_problem_that_says_what_is_wrong() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = Profile::Sandbox).await;
    let send = async |kind: &str, body: String| {
        let request = client()
            .post(proxy.url("/api/calls"))
            .header("x-dialbench", "1")
            .header("content-type", kind)
            .body(body);
        request.send().await.unwrap()
    };
    problem(send("application/json", "{".into()).await, 400).await;
    problem(send("text/plain", "{}".into()).await, 415).await;
    problem(send("application/json", format!("{{\"flowId\":\"{}\"}}", "x".repeat(1 << 20))).await, 413).await;
    let shown = problem(send("application/json", "{\"flowId\":7}".into()).await, 422).await;
    assert_eq!(shown["errors"][0]["field"], "flowId");
    problem(proxy.get("/api/nothing").await, 404).await;
    problem(proxy.get("/api/audit?limit=0").await, 422).await;
    problem(proxy.get("/api/audit?limit=x").await, 400).await;
    let response = client().put(proxy.url("/api/profile")).header("x-dialbench", "1").send().await.unwrap();
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    problem(response, 405).await;
    // A handshake's route without a handshake.
    let response = proxy.get("/ws/interactions").await;
    assert!(response.status().is_client_error());
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    proxy.stop().await;
}

#[tokio::test]
async fn seed_000_s_simulator_answers_without_cxone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        for service in config.services.values_mut() {
            service.missing = vec!["everything".into()];
        }
    })
    .await;
    let simulate =
        async |body: Value| client().post(proxy.url("/simulate/dtmf")).json(&body).send().await.unwrap();
    let answer = simulate(json!({ "interactionId": "i", "digits": "22" })).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        answer,
        json!({
            "status": "simulated", "sequence": "22", "duration": 1000,
            "actions": ["support", "technical"], "path": ["root", "support", "technical"], "corrected": false,
        })
    );
    for (digits, field) in [("2x", "digits"), ("", "digits"), (&*"1".repeat(51), "digits")] {
        let shown = problem(simulate(json!({ "interactionId": "i", "digits": digits })).await, 422).await;
        assert_eq!(shown["errors"][0]["field"], field, "{digits}");
    }
    problem(simulate(json!({ "interactionId": "i", "digits": "1", "flowId": "elsewhere" })).await, 503).await;
    let not_json =
        client().post(proxy.url("/simulate/dtmf")).header("content-type", "application/json").body("{");
    problem(not_json.send().await.unwrap(), 400).await;
    for method in [reqwest::Method::GET, reqwest::Method::PUT, reqwest::Method::DELETE] {
        let response = client().request(method, proxy.url("/simulate/dtmf")).send().await.unwrap();
        assert_eq!(response.headers()["allow"], "POST");
        problem(response, 405).await;
    }
    assert_eq!(proxy.audit().await.iter().filter(|entry| entry["action"] == "simulate.dtmf").count(), 1);
    proxy.stop().await;
}

#[tokio::test]
async fn half_sent_requests_are_cut_off() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.tuning.header_timeout = Duration::from_millis(300);
        config.tuning.request_timeout = Duration::from_millis(600);
        config.profile = Profile::Sandbox;
    })
    .await;
    let host = format!("Host: {}\r\n", proxy.address);
    let mut half_sent = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        stream.write_all(format!("GET / HTTP/1.1\r\n{host}X-Slow: ").as_bytes()).await.unwrap();
        half_sent.push(stream);
    }
    for mut stream in half_sent {
        let mut rest = Vec::new();
        // Reading ends only when the proxy closes.
        let _ = within(stream.read_to_end(&mut rest)).await;
    }
    // A connection that was used once and then idles is closed as well.
    let idle = raw(&proxy, &format!("GET /healthz HTTP/1.1\r\n{host}\r\n")).await;
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
    let slow_body = format!(
        "POST /api/calls HTTP/1.1\r\n{host}X-Dialbench: 1\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
    );
    let answer = raw(&proxy, &slow_body).await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    proxy.stop().await;
}

#[tokio::test]
async fn long_headers_are_refused() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nX: {}\r\n\r\n", proxy.address, "x".repeat(64 << 10));
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    proxy.stop().await;
}

#[tokio::test]
async fn with_an_access_token_nobody_else_is_served() {
    const TOKEN: &str = "an-access-token-0123";
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.access_token = Some(TOKEN.into())).await;
    assert_eq!(proxy.get("/healthz").await.status(), 200);
    for path in [
        "/",
        "/api/profile",
        "/metrics",
        "/readyz",
        "/?access_token=wrong",
        "/api/profile?access_token=an-access-token-0123",
    ] {
        let response = proxy.get(path).await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        problem(response, 401).await;
    }
    assert_eq!(refusal(proxy.dial("/ws/interactions").await.unwrap_err()).0, 401);
    let get = client().get(proxy.url("/api/profile")).bearer_auth(TOKEN);
    assert_eq!(get.send().await.unwrap().status(), 200);

    let signed_in = proxy.get(&format!("/?access_token={TOKEN}")).await;
    assert_eq!(signed_in.status(), 303);
    assert_eq!(signed_in.headers()["location"], "/");
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN));
    let cookie = cookie.split(';').next().unwrap();
    let get = client().get(proxy.url("/api/profile")).header("cookie", cookie);
    assert_eq!(get.send().await.unwrap().status(), 200);
    assert!(proxy.dial_with("/ws/interactions", "cookie", cookie).await.is_ok());
    let get = client().get(proxy.url("/api/profile")).header("cookie", "dialbench_session=0");
    assert_eq!(get.send().await.unwrap().status(), 401);
    proxy.stop().await;
}

#[tokio::test]
async fn the_page_s_files_are_served_as_they_were_packed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("assets")).unwrap();
    for (name, content) in [
        ("index.html", "<p>page"),
        ("index.html.br", "br of the page"),
        ("assets/app-0a1b.wasm", "wasm"),
        ("assets/app-0a1b.wasm.br", "br of wasm"),
        ("assets/app-0a1b.wasm.gz", "gz of wasm"),
        ("assets/plain-2c3d.css", "css"),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    fs::write(folder.path().parent().unwrap().join("outside.txt"), "secret").unwrap();
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.app_dir = Some(folder.path().into())).await;
    let get = async |path: &str, accept: &str| {
        client().get(proxy.url(path)).header("accept-encoding", accept).send().await.unwrap()
    };
    for path in ["/", "/call", "/flow", "/dialer", "/prompts", "/audit"] {
        let response = get(path, "gzip").await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        assert_eq!(response.text().await.unwrap(), "<p>page");
    }
    let response = get("/assets/app-0a1b.wasm", "gzip, deflate, br").await;
    assert_eq!(response.headers()["content-type"], "application/wasm");
    assert_eq!(response.headers()["content-encoding"], "br");
    assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(response.headers()["vary"], "accept-encoding");
    assert_eq!(response.text().await.unwrap(), "br of wasm");
    assert_eq!(get("/assets/app-0a1b.wasm", "gzip").await.text().await.unwrap(), "gz of wasm");
    assert_eq!(get("/assets/app-0a1b.wasm", "identity").await.text().await.unwrap(), "wasm");
    assert!(get("/assets/plain-2c3d.css", "br").await.headers().get("content-encoding").is_none());

    let etag = get("/", "br").await.headers()["etag"].clone();
    let again = client().get(proxy.url("/")).header("accept-encoding", "br").header("if-none-match", etag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    for path in ["/assets/missing-0.js", "/calls", "/assets/", "/..%2foutside.txt"] {
        problem(get(path, "br").await, 404).await;
    }
    for path in
        ["/../outside.txt", "/assets/../../outside.txt", "/assets/%2e%2e/%2e%2e/outside.txt", "//etc/passwd"]
    {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", proxy.address);
        assert!(raw(&proxy, &request).await.starts_with("HTTP/1.1 404"), "{path}");
    }
    let response = client().post(proxy.url("/call")).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "GET, HEAD");
    problem(response, 405).await;
    proxy.stop().await;
}

#[tokio::test]
async fn the_openapi_document_lists_every_api_route() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let document: Value = proxy.get("/api/openapi.json").await.json().await.unwrap();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        paths,
        [
            "/api/audit",
            "/api/calls",
            "/api/calls/{interactionId}",
            "/api/flow/definitions",
            "/api/flow/definitions/{flowId}",
            "/api/interactions/{id}/call",
            "/api/profile",
        ]
    );
    assert!(document["paths"]["/api/profile"]["get"]["responses"]["default"].is_object());
    assert!(document["components"]["schemas"]["Problem"].is_object());
    assert!(document["components"]["schemas"]["AuditEntry"].is_object(), "referenced by AuditPage");
    proxy.stop().await;
}

#[tokio::test]
async fn a_request_keeps_its_correlation_id() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = Profile::Sandbox).await;
    let place = client()
        .post(proxy.url("/api/calls"))
        .header("x-dialbench", "1")
        .header("x-request-id", "my-request.7")
        .json(&json!({ "flowId": "f" }));
    assert_eq!(place.send().await.unwrap().headers()["x-request-id"], "my-request.7");
    let entries = proxy.audit().await;
    let placed = entries.iter().find(|entry| entry["action"] == "call.place").unwrap();
    assert_eq!(placed["correlationId"], "my-request.7");
    let odd = client().get(proxy.url("/healthz")).header("x-request-id", "two words");
    assert_eq!(odd.send().await.unwrap().headers()["x-request-id"].len(), 32);
    proxy.stop().await;
}

#[tokio::test]
async fn the_profile_says_what_is_missing() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.services.get_mut(&proxy::config::Service::Flow).unwrap().missing =
            vec!["service.flow.base_url".into()];
    })
    .await;
    let profile: Value = proxy.get("/api/profile").await.json().await.unwrap();
    assert_eq!(profile["profile"], "tutorial");
    assert_eq!(profile["limits"]["dtmfSequence"], 50);
    assert_eq!(
        profile["services"][2],
        json!({ "name": "flow", "configured": false, "missing": ["service.flow.base_url"] })
    );
    let shown = problem(proxy.get("/api/flow/definitions/f").await, 503).await;
    assert!(shown["detail"].as_str().unwrap().contains("service.flow.base_url"), "{shown}");
    proxy.stop().await;
}
