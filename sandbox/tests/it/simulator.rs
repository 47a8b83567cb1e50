use std::time::Duration;

use sandbox::SandboxConfig;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::bench::{Bench, TIMEOUT, config};

const PATH: &str = "/flow/api/v2/flow/simulator";

fn quick() -> SandboxConfig {
    SandboxConfig { simulation_time: (Duration::from_millis(30), Duration::from_millis(60)), ..config() }
}

/// Returns a token with all scopes of the client.
async fn token(bench: &Bench) -> String {
    let (id, secret) = bench.sandbox.credentials();
    let request =
        bench.http.post(bench.endpoint("flow").token_url).basic_auth(id, Some(secret.expose_secret()));
    let answer = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn submit(bench: &Bench, body: &Value) -> (u16, Value) {
    let token = token(bench).await;
    let answer = bench.http.post(bench.url(PATH)).bearer_auth(token).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn get(bench: &Bench, id: &str) -> (u16, Value) {
    let token = token(bench).await;
    let answer = bench.http.get(bench.url(&format!("{PATH}/{id}"))).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Polls until the simulation ends, and returns its states in order and the last answer.
async fn finish(bench: &Bench, id: &str) -> (Vec<String>, Value) {
    timeout(TIMEOUT, async {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let (status, answer) = get(bench, id).await;
            assert_eq!(status, 200);
            let state = answer["status"].as_str().unwrap().to_owned();
            if seen.last() != Some(&state) {
                seen.push(state.clone());
            }
            if state == "completed" || state == "failed" {
                return (seen, answer);
            }
        }
    })
    .await
    .expect("the simulation ends")
}

async fn run(bench: &Bench, body: &Value) -> (Vec<String>, Value) {
    let (status, job) = submit(bench, body).await;
    assert_eq!((status, &job["status"]), (201, &json!("queued")), "{job}");
    let id = job["simulationId"].as_str().unwrap();
    assert!(job["resultUrl"].as_str().unwrap().ends_with(id));
    finish(bench, id).await
}

fn request(flow: &str, digits: &[&str]) -> Value {
    json!({ "flowId": flow, "dtmfSequence": digits, "variableStateMatrix": {}, "mediaAssetReferences": [] })
}

#[tokio::test]
async fn a_simulation_waits_runs_and_shows_its_path() {
    let slow = (Duration::from_secs(3), Duration::from_secs(3));
    let bench = Bench::with(SandboxConfig { simulation_time: slow, ..config() }).await;
    let (seen, answer) = run(&bench, &request("support-line", &["2", "2"])).await;
    assert_eq!(seen, ["queued", "running", "completed"]);
    let path: Vec<&str> = (answer["executionPath"].as_array().unwrap().iter())
        .map(|step| step["nodeId"].as_str().unwrap())
        .collect();
    assert_eq!(path, ["root", "support", "technical"]);
    assert_eq!((&answer["durationMs"], &answer["executionPath"][0]["decision"]), (&json!(1000), &json!("2")));
}

#[tokio::test]
async fn variables_decide_where_a_simulation_goes() {
    let bench = Bench::with(quick()).await;
    let body =
        json!({ "flowId": "hours-and-holidays", "variableStateMatrix": { "holiday": true, "x": [1] } });
    let (_, answer) = run(&bench, &body).await;
    assert_eq!(answer["executionPath"][0]["output"]["to"], "holiday");
    assert_eq!(answer["variables"]["x"], json!([1]));
    assert_eq!(answer["variables"]["hours"], "open");
}

#[tokio::test]
async fn a_path_beyond_the_depth_limit_fails() {
    let mut config = quick();
    config.limits.flow_depth = 2;
    let bench = Bench::with(config).await;
    let (seen, answer) = run(&bench, &request("support-line", &["2", "2"])).await;
    assert_eq!(seen.last().unwrap(), "failed");
    assert_eq!(answer["executionPath"].as_array().unwrap().len(), 2);
    assert!(answer["errorMessage"].as_str().unwrap().contains("depth limit of 2"), "{answer}");
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let bench = Bench::with(quick()).await;
    assert_eq!(submit(&bench, &request("nothing", &[])).await.0, 404);
    let (status, problem) = submit(&bench, &json!({ "flowId": "support-line", "dtmfSequence": ["x"] })).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("dtmfSequence[0]"), "{problem}");
    assert_eq!(submit(&bench, &json!({})).await.0, 400);
    assert_eq!(submit(&bench, &request("support-line", &["1"; 51])).await.0, 400);
    assert_eq!(get(&bench, "sim-unknown").await.0, 404);
    let token = bench.token("flow").await;
    let broken = bench.http.post(bench.url(PATH)).bearer_auth(token).body("{");
    assert_eq!(broken.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn running_and_reading_have_scopes_of_their_own() {
    for (denied, post, read) in [("flow:simulator:run", 403, 404), ("flow:simulator:read", 201, 403)] {
        let bench = Bench::with(SandboxConfig { denied_scopes: vec![denied.into()], ..quick() }).await;
        assert_eq!(submit(&bench, &request("support-line", &["1"])).await.0, post, "{denied}");
        assert_eq!(get(&bench, "sim-unknown").await.0, read, "{denied}");
    }
    let bench = Bench::with(quick()).await;
    assert_eq!(bench.http.post(bench.url(PATH)).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn runs_fail_or_never_end_on_demand() {
    let bench = Bench::with(quick()).await;
    bench.fault(json!({ "on": "simulator", "kind": "fail_run", "message": "out of compute" })).await;
    bench.fault(json!({ "on": "simulator", "kind": "never_ends" })).await;
    let (seen, answer) = run(&bench, &request("support-line", &["1"])).await;
    assert_eq!(
        (seen.last().unwrap().as_str(), &answer["errorMessage"]),
        ("failed", &json!("out of compute"))
    );
    let (_, job) = submit(&bench, &request("support-line", &["1"])).await;
    let endless = job["simulationId"].as_str().unwrap();
    let (seen, _) = run(&bench, &request("support-line", &["1"])).await;
    assert_eq!(seen.last().unwrap(), "completed", "the fault struck once");
    // A later simulation is over, and without the fault this one would be.
    assert_eq!(get(&bench, endless).await.1["status"], "running");
}

#[tokio::test]
async fn the_simulator_s_requests_meet_faults() {
    let bench = Bench::with(quick()).await;
    let rule =
        json!({ "on": "simulator", "kind": "status", "status": 429, "retryAfter": "seconds", "times": 2 });
    bench.fault(rule).await;
    assert_eq!(submit(&bench, &request("support-line", &["1"])).await.0, 429);
    assert_eq!(get(&bench, "sim-unknown").await.0, 429);
    assert_eq!(submit(&bench, &request("support-line", &["1"])).await.0, 201);
    let wrong = bench.post("/sandbox/faults", json!({ "on": "flow", "kind": "never_ends" })).await;
    assert_eq!(wrong.status(), 422);
}

#[tokio::test]
async fn the_same_seed_brings_the_same_simulations() {
    let ids = async |seed: u64| {
        let bench = Bench::with(SandboxConfig { simulation_seed: seed, ..quick() }).await;
        let first = submit(&bench, &request("support-line", &["1"])).await.1;
        let second = submit(&bench, &request("support-line", &["2"])).await.1;
        (first["simulationId"].clone(), second["simulationId"].clone())
    };
    let (first, second) = ids(5).await;
    assert_eq!(ids(5).await, (first.clone(), second.clone()));
    assert!(first != second && ids(6).await.0 != first);
}

#[tokio::test]
async fn a_qa_platform_takes_what_is_exported() {
    let bench = Bench::with(quick()).await;
    let export = json!({
        "testId": "t-1", "simulationId": "sim-1", "flowId": "f", "durationMs": 5, "efficiencyScore": 0.5,
        "accuracyScore": 1.0, "unreachableBranches": ["a: 1"], "timestamp": "2026-11-21T07:00:00Z", "auditCorrelation": "c",
    });
    for _ in 0..2 {
        assert_eq!(bench.post("/qa/api/v1/test-results", export.clone()).await.status(), 201);
    }
    assert_eq!(bench.post("/qa/api/v1/test-results", json!({ "testId": 1 })).await.status(), 422);
    let listed: Value = bench.http.get(bench.url("/sandbox/qa")).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed, json!([export]), "a repetition of the same test takes its place");
}
