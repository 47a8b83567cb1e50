//! What a script or a browser may count on over HTTP, against the program as it is shipped.

use e2e::{Bench, bench::client};
use reqwest::{Method, Response, header::HeaderMap};
use serde_json::{Value, json};

/// Asserts that an answer is an RFC 9457 problem, and returns it.
async fn problem(answer: Response, status: u16) -> Value {
    assert_eq!(answer.status(), status, "{}", answer.url());
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{}", answer.url());
    let problem: Value = answer.json().await.expect("a problem is JSON");
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {problem}");
    }
    problem
}

async fn get(bench: &Bench, path: &str) -> Response {
    bench.get(path).send().await.expect("the server answers")
}

async fn json(answer: Response) -> Value {
    assert!(answer.status().is_success(), "{}: {}", answer.url(), answer.status());
    answer.json().await.expect("it is JSON")
}

#[tokio::test]
async fn the_profile_needs_no_credentials_and_shows_none() {
    let bench = Bench::start();
    let profile = json(get(&bench, "/api/profile").await).await;
    assert_eq!(profile["profile"], "sandbox");
    let services = profile["services"].as_array().expect("services are a list");
    let names: Vec<_> = services.iter().map(|service| service["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["interactions", "voice", "flow", "dialer", "media"]);
    assert!(services.iter().all(|service| service["configured"] == true), "{profile}");
    assert_eq!(profile["limits"]["dtmfSequence"], 50);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&bench, path).await.status(), 200, "{path}");
    }
    let metrics = get(&bench, "/metrics").await.text().await.expect("metrics are text");
    assert!(metrics.contains("dialbench_http_requests_total{"), "{metrics}");
}

#[tokio::test]
async fn the_page_is_packed_for_good_and_guarded() {
    let bench = Bench::start();
    let ask = async |path: &str, encoding: &str| {
        bench.get(path).header("accept-encoding", encoding).send().await.expect("the server answers")
    };
    let header = |headers: &HeaderMap, name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().expect("a header is text").to_owned())
            .unwrap_or_default()
    };
    let page = ask("/call", "identity").await;
    let csp = header(page.headers(), "content-security-policy");
    assert!(csp.contains("script-src 'self' 'wasm-unsafe-eval'"), "{csp}");
    assert!(!csp.contains("'unsafe-inline'") && !csp.contains("'unsafe-eval'"), "{csp}");
    assert!(!csp.contains('*') && !csp.contains("http:"), "{csp}");
    assert_eq!(header(page.headers(), "cache-control"), "no-cache");
    let html = page.text().await.expect("the page is text");
    assert!(!html.contains("<script>") && !html.contains(" style="), "{html}");

    let quoted: Vec<&str> = html.split('"').filter(|text| text.starts_with("/assets/")).collect();
    let mut assets = quoted.clone();
    assets.sort_unstable();
    assets.dedup();
    assert!(assets.len() >= 4, "{html}");
    for asset in assets {
        let plain = ask(asset, "identity").await;
        assert_eq!(plain.status(), 200, "{asset}");
        assert_eq!(
            header(plain.headers(), "cache-control"),
            "public, max-age=31536000, immutable",
            "{asset}"
        );
        let plain_type = header(plain.headers(), "content-type").clone();
        let plain = plain.bytes().await.expect("it comes whole").len();
        if plain_type == "audio/flac" {
            // Compressed in itself.
            continue;
        }
        for encoding in ["br", "gzip"] {
            let packed = ask(asset, encoding).await;
            assert_eq!(header(packed.headers(), "content-encoding"), encoding, "{asset}");
            let packed = packed.bytes().await.expect("it comes whole").len();
            // What is shorter than a header cannot be packed.
            assert!(packed < plain || plain < 200, "{asset}: {packed} bytes as {encoding}, {plain} without");
        }
    }
}

#[tokio::test]
async fn the_openapi_document_has_every_api_route_that_answers() {
    let bench = Bench::start();
    let document = json(get(&bench, "/api/openapi.json").await).await;
    let paths = document["paths"].as_object().expect("paths are an object");
    for path in [
        "/api/profile",
        "/api/calls",
        "/api/calls/{interactionId}",
        "/api/interactions/{id}/call",
        "/api/flow/definitions",
        "/api/flow/definitions/{flowId}",
        "/api/audit",
    ] {
        assert!(paths.contains_key(path), "{path} is not in the document");
    }
    // And the other way round: what it has, answers.
    for (path, methods) in paths {
        let filled = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let filled = filled.collect::<Vec<_>>().join("/");
        for (method, operation) in methods.as_object().expect("methods are an object") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("it is a method");
            let answer = bench.send(method.clone(), &filled).send().await.expect("the server answers");
            assert_ne!(answer.status(), 405, "{method} {filled}");
            let kind =
                answer.headers().get("content-type").map(|kind| kind.to_str().unwrap_or_default().to_owned());
            let status = answer.status();
            let declared = operation["responses"][status.as_str()]["content"].as_object();
            let declared = declared.and_then(|content| content.keys().next()).map(String::as_str);
            let expected = if status.is_success() { declared } else { Some("application/problem+json") };
            assert!(expected.is_some(), "{method} {filled}: the document does not say what {status} is");
            assert_eq!(kind.as_deref(), expected, "{method} {filled}");
        }
    }
}

#[tokio::test]
async fn errors_are_problems() {
    let bench = Bench::start();
    problem(get(&bench, "/api/no/such/route").await, 404).await;
    problem(get(&bench, "/api/flow/definitions/none").await, 404).await;
    problem(get(&bench, "/api/interactions/none/call").await, 404).await;
    let place = |body: &str| {
        let request = bench.send(Method::POST, "/api/calls").header("content-type", "application/json");
        request.body(body.to_owned()).send()
    };
    problem(place("{").await.expect("the server answers"), 400).await;
    let shown = problem(place("{\"flowId\":7}").await.expect("the server answers"), 422).await;
    assert_eq!(shown["errors"][0]["field"], "flowId");
    problem(
        place(&format!("{{\"flowId\":\"{}\"}}", "x".repeat(2 << 20))).await.expect("the server answers"),
        413,
    )
    .await;

    // CXone's refusal is said to be CXone's, where a new token meets it as well.
    bench.arm(&json!({ "on": "flow", "kind": "status", "status": 403, "times": 2 })).await;
    let shown = problem(get(&bench, "/api/flow/definitions/support-line").await, 403).await;
    assert_eq!(shown["upstream"], json!({ "service": "flow", "status": 403 }));
}

#[tokio::test]
async fn the_dtmf_simulator_is_as_the_contract_has_it() {
    let bench = Bench::start();
    let simulate = async |body: String| {
        let request = client().post(bench.url("/simulate/dtmf")).header("content-type", "application/json");
        request.body(body).send().await.expect("the server answers")
    };
    let answer = json(simulate(json!({ "interactionId": "i", "digits": "22" }).to_string()).await).await;
    assert_eq!(answer["status"], "simulated");
    assert_eq!(answer["actions"], json!(["support", "technical"]));
    assert_eq!(answer["path"], json!(["root", "support", "technical"]));
    assert_eq!(answer["corrected"], false);
    problem(simulate("{".into()).await, 400).await;
    problem(simulate(json!({ "interactionId": "i", "digits": "2x" }).to_string()).await, 422).await;
    problem(get(&bench, "/simulate/dtmf").await, 405).await;
}

#[tokio::test]
async fn strangers_are_refused() {
    let bench = Bench::start();
    let as_host = bench.get("/api/profile").header("host", "evil.example").send();
    problem(as_host.await.expect("the server answers"), 421).await;
    let body = json!({ "flowId": "support-line" });
    let from_origin =
        |origin: &str| bench.send(Method::POST, "/api/calls").header("origin", origin).json(&body).send();
    problem(from_origin("https://evil.example").await.expect("the server answers"), 403).await;
    let without_header = client().post(bench.url("/api/calls")).json(&body).send();
    let shown = problem(without_header.await.expect("the server answers"), 403).await;
    assert!(shown["detail"].as_str().is_some_and(|detail| detail.contains("X-Dialbench")), "{shown}");
    assert_eq!(bench.audit().matches("call.place").count(), 0);
    let own = from_origin(&bench.url("")).await.expect("the server answers");
    assert_eq!(own.status(), 201);
    assert_eq!(bench.audit().matches("\"action\":\"call.place\"").count(), 1);
}
