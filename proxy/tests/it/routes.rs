//! The routes' answers: problems, files, the OpenAPI document, the profile.

use std::fs;

use crate::common::{Fake, client, problem, proxy, raw};
use proxy::config::ProfileName;
use serde_json::{Value, json};
use wire::api::PANELS;

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
async fn a_wrong_request_is_a_problem_that_says_what_is_wrong() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
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
async fn the_dtmf_simulator_answers_without_cxone() {
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
    for path in PANELS.iter().map(|panel| panel.path).chain(["/", "/audit/"]) {
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
async fn a_browser_at_a_wrong_address_gets_the_page_with_status_404() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "<p>page").unwrap();
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.app_dir = Some(folder.path().into())).await;
    let get = async |path: &str, accept: &str| {
        client().get(proxy.url(path)).header("accept", accept).send().await.unwrap()
    };
    let etag = get("/call", BROWSER).await.headers()["etag"].clone();
    for path in ["/nowhere", "/flow/1", "/calls", "/with%20space", "/.hidden"] {
        let request = client().get(proxy.url(path)).header("accept", BROWSER).header("if-none-match", &etag);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        assert!(response.headers().get("etag").is_none(), "{path}");
        assert_eq!(response.text().await.unwrap(), "<p>page", "{path}");
    }
    for path in
        ["/api/nowhere", "/ws/nowhere", "/assets/gone-0.js", "/webhook/x", "/simulate/x", "/metrics/x"]
    {
        problem(get(path, BROWSER).await, 404).await;
    }
    problem(get("/nowhere", "*/*").await, 404).await;
    problem(get("/nowhere", "application/json").await, 404).await;
    let post = client().post(proxy.url("/nowhere")).header("accept", BROWSER);
    problem(post.send().await.unwrap(), 405).await;
    proxy.stop().await;
}

#[tokio::test]
async fn the_audit_trail_is_read_newest_first_followed_and_filtered() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
    for number in 0..250 {
        let place = proxy
            .http
            .post(proxy.url("/api/calls"))
            .header("x-dialbench", "1")
            .header("x-request-id", format!("call-{number}"))
            .json(&json!({ "flowId": "f" }));
        assert_eq!(place.send().await.unwrap().status(), 201);
    }
    let page = async |query: &str| -> Value {
        let response = proxy.get(&format!("/api/audit?{query}")).await;
        assert_eq!(response.status(), 200, "{query}");
        response.json().await.unwrap()
    };
    let numbers = |page: &Value| -> Vec<u64> {
        page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
    };
    let head: Value = proxy.get("/api/audit/head").await.json().await.unwrap();
    let newest = head["seq"].as_u64().unwrap();
    assert!(newest > 250, "{head}");
    // As the page reads it: from the newest to the oldest, nothing left out.
    let mut seen = Vec::new();
    let mut query = "limit=200".to_owned();
    loop {
        let page = page(&query).await;
        if seen.is_empty() {
            assert_eq!(page["entries"][0]["hash"], head["hash"]);
            assert_eq!(page["entries"].as_array().unwrap().len(), 200);
        }
        assert!(page.get("nextAfter").is_none());
        seen.extend(numbers(&page));
        let Some(before) = page["nextBefore"].as_u64() else { break };
        query = format!("limit=200&before={before}");
    }
    assert_eq!(seen, (1..=newest).rev().collect::<Vec<_>>());
    // As a follower reads it.
    let followed = page(&format!("after={}", newest - 2)).await;
    assert_eq!(numbers(&followed), [newest - 1, newest]);
    let first = page("after=0&limit=3").await;
    assert_eq!((numbers(&first), &first["nextAfter"]), (vec![1, 2, 3], &json!(3)));

    let old = page("correlation=call-0").await;
    let actions: Vec<_> =
        old["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["call.place", "call.place.intent"]);
    let placed = page("action=call.place&limit=1000").await;
    assert_eq!(placed["entries"].as_array().unwrap().len(), 250);
    assert_eq!(numbers(&page("action=call.place&correlation=call-0&limit=1").await), numbers(&old)[..1]);
    assert_eq!(numbers(&page("action=nothing").await), Vec::<u64>::new());
    problem(proxy.get("/api/audit?correlation=two%20words").await, 422).await;
    problem(proxy.get("/api/audit?before=x").await, 400).await;
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
            "/api/analytics/events",
            "/api/audit",
            "/api/audit/file",
            "/api/audit/head",
            "/api/audit/verify",
            "/api/calls",
            "/api/calls/{interactionId}",
            "/api/dialer/events",
            "/api/dialer/metrics",
            "/api/dialer/simulations",
            "/api/dialer/simulations/{id}",
            "/api/flow/definitions",
            "/api/flow/definitions/{flowId}",
            "/api/flow/simulations",
            "/api/flow/simulations/{id}",
            "/api/interactions/{id}/call",
            "/api/media/prompts",
            "/api/media/prompts/{promptId}",
            "/api/media/prompts/{promptId}/audio",
            "/api/media/sessions",
            "/api/media/sessions/{id}/audio",
            "/api/profile",
            "/api/qa/exports",
        ]
    );
    assert!(document["paths"]["/api/profile"]["get"]["responses"]["default"].is_object());
    assert_eq!(document["components"]["schemas"]["Problem"]["properties"]["unsent"]["type"], "boolean");
    assert!(document["components"]["schemas"]["AuditEntry"].is_object(), "referenced by AuditPage");
    proxy.stop().await;
}

#[tokio::test]
async fn the_chain_of_the_audit_trail_is_verified() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
    let get = async |path: &str| -> Value { proxy.get(path).await.json().await.unwrap() };
    // The proxy itself may write an entry between two requests.
    let settled = async || loop {
        let (head, check) = (get("/api/audit/head").await, get("/api/audit/verify").await);
        if head == get("/api/audit/head").await {
            break (head, check);
        }
    };
    let simulated = json!({ "interactionId": "i", "digits": "1" });
    client().post(proxy.url("/simulate/dtmf")).json(&simulated).send().await.unwrap();
    let (head, check) = settled().await;
    assert!(head["seq"].as_u64().unwrap() >= 2, "{head}");
    assert_eq!(check, json!({ "entries": head["seq"], "lastHash": head["hash"], "faults": [] }));
    proxy.stop().await;
}

#[tokio::test]
async fn the_trail_is_searched_and_saved_as_it_is_on_disk() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
    for flow in ["first-flow", "second-flow"] {
        assert_eq!(proxy.post("/api/calls", &json!({ "flowId": flow })).await.status(), 201);
    }
    let found: Value = proxy.get("/api/audit?text=FIRST-flow").await.json().await.unwrap();
    let found = found["entries"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["detail"]["flowId"]), (2, &json!("first-flow")));
    let long = "x".repeat(257);
    assert_eq!(
        problem(proxy.get(&format!("/api/audit?text={long}")).await, 422).await["errors"][0]["field"],
        "text"
    );

    let answer = proxy.get("/api/audit/file").await;
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("dialbench-audit.jsonl"));
    assert_eq!(answer.text().await.unwrap(), fs::read_to_string(&proxy.audit_log).unwrap());
    proxy.stop().await;
}

#[tokio::test]
async fn a_request_keeps_its_correlation_id() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.profile = ProfileName::Sandbox).await;
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
