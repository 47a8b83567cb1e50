//! Flow simulations and exports: what is refused before CXone is asked, what is sent twice, and what is recorded.

use std::sync::{Arc, atomic::Ordering};

use crate::common::{Fake, Proxy, client, fake::Scripted, problem, proxy, within};
use corpus::{WrongRequest, right_requests, wrong_requests};
use ivr::CompiledFlow;
use proxy::config::{ProfileName, Service, ServiceConfig};
use sandbox::SandboxConfig;
use scenario::flow::{FlowSimulation, SimulationRequest, check_depth};
use serde_json::{Value, json};
use wire::{
    api::Limits,
    cxone::{SimulationResult, SimulationStatus},
};

fn request() -> Value {
    json!({
        "flowId": "support-line", "dtmfSequence": ["2", "2"], "variableStateMatrix": { "vip": true },
        "mediaAssetReferences": [{ "assetId": "media-001", "type": "audio" }],
    })
}

fn export() -> Value {
    json!({
        "testId": "t-1", "simulationId": "sim-1", "flowId": "support-line", "durationMs": 1000,
        "efficiencyScore": 0.5, "accuracyScore": 0.75, "unreachableBranches": ["route: = 1"],
        "timestamp": "2026-11-21T07:00:00Z", "auditCorrelation": "",
    })
}

async fn with_qa(fake: &Fake) -> Proxy {
    let endpoint = format!("http://{}/qa", fake.address);
    proxy(fake, |config| config.qa_endpoint = Some(endpoint.parse().unwrap())).await
}

/// The entries of an action.
async fn recorded(proxy: &Proxy, action: &str) -> Vec<Value> {
    proxy.audit().await.into_iter().filter(|entry| entry["action"] == action).collect()
}

#[tokio::test]
async fn a_run_is_submitted_as_it_was_written_and_recorded_under_one_id() {
    let fake = Fake::start().await;
    let proxy = with_qa(&fake).await;
    let submit = client()
        .post(proxy.url("/api/flow/simulations"))
        .header("x-dialbench", "1")
        .header("x-request-id", "run-7")
        .json(&request());
    let answer = submit.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let job: Value = answer.json().await.unwrap();
    assert_eq!(
        job,
        json!({ "simulationId": "sim-1", "status": "queued", "resultUrl": "/api/flow/simulations/sim-1" })
    );
    assert_eq!(fake.posted(), [request()]);

    let running = json!({ "status": "running", "executionPath": null });
    let done = json!({
        "status": "completed", "durationMs": 5, "variables": {}, "more": [1.0],
        "executionPath": [{ "nodeId": "root", "nodeType": "menu", "input": {}, "output": {}, "durationMs": 5 }],
    });
    for answer in [&running, &done, &done] {
        fake.script_rest([Scripted { status: 200, retry_after: None, body: answer.to_string() }]);
        let answered = proxy.get("/api/flow/simulations/sim-1").await;
        assert_eq!(answered.status(), 200);
        assert_eq!(answered.json::<Value>().await.unwrap(), *answer, "passed on as it came");
    }
    assert_eq!(proxy.post("/api/qa/exports", &export()).await.status(), 200);
    for action in ["simulation.submit", "simulation.result", "qa.export"] {
        let entries = recorded(&proxy, action).await;
        assert_eq!(entries.len(), 1, "{action}");
        assert_eq!((&entries[0]["correlationId"], &entries[0]["outcome"]), (&json!("run-7"), &json!("ok")));
        assert!(entries[0]["detail"]["durationMs"].is_u64(), "{action}");
        assert_eq!(entries[0]["detail"]["simulationId"], "sim-1");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_wrong_run_never_reaches_cxone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.limits.dtmf_sequence = 3).await;
    let wrong = json!({
        "flowId": "", "dtmfSequence": ["1", "x", "12", "1"], "variableStateMatrix": [],
        "mediaAssetReferences": [{ "assetId": "m", "type": "gif" }],
    });
    let shown = problem(proxy.post("/api/flow/simulations", &wrong).await, 422).await;
    let fields: Vec<&str> =
        shown["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "flowId",
            "dtmfSequence",
            "dtmfSequence[1]",
            "dtmfSequence[2]",
            "variableStateMatrix",
            "mediaAssetReferences[0].type",
        ]
    );
    problem(proxy.post("/api/flow/simulations", &json!("text")).await, 422).await;
    let unmarked = client().post(proxy.url("/api/flow/simulations")).json(&request());
    problem(unmarked.send().await.unwrap(), 403).await;
    assert_eq!((fake.posted().len(), fake.tokens_asked()), (0, 0));
    problem(proxy.get("/api/flow/simulations/a%20b").await, 422).await;
    assert_eq!(fake.shared.rest_requests.load(Ordering::SeqCst), 0);
    proxy.stop().await;
}

#[tokio::test]
async fn every_wrong_request_is_refused_for_the_reasons_that_the_page_gives() {
    let fake = Fake::start().await;
    let limits = Limits::default();
    let proxy = proxy(&fake, |_| {}).await;
    for WrongRequest { body, fields } in wrong_requests(4, "support-line", &limits, 300) {
        let shown = problem(proxy.post("/api/flow/simulations", &body).await, 422).await;
        let errors = SimulationRequest::from_json(&body, &limits).unwrap_err();
        assert_eq!(shown["errors"], serde_json::to_value(&errors).unwrap(), "{body}");
        let named = |field: &String| errors.iter().any(|error| error.field == *field);
        assert!(fields.iter().all(named), "{body}: {fields:?} of {errors:?}");
    }
    assert_eq!((fake.posted().len(), fake.tokens_asked()), (0, 0));
    let right = right_requests(4, "support-line", &limits, 50);
    for body in &right {
        assert_eq!(proxy.post("/api/flow/simulations", body).await.status(), 201, "{body}");
    }
    assert_eq!(fake.posted().len(), right.len());
    proxy.stop().await;
}

#[tokio::test]
async fn a_path_deeper_than_the_limit_is_refused_where_the_flow_is_known() {
    let fake = Fake::start().await;
    let nodes = json!([
        { "id": "a", "type": "menu", "maxRetries": 9, "branches": [{ "on": "digits", "value": "1", "to": "b" }] },
        { "id": "b", "type": "prompt", "branches": [{ "on": "next", "to": "a" }] },
    ]);
    let flow = json!({ "flowId": "loop", "name": "Loop", "start": "a", "nodes": nodes });
    *fake.shared.flow.lock().unwrap() = Some(flow.to_string());
    let proxy = proxy(&fake, |config| config.limits.flow_depth = 20).await;
    let request = |flow: &str, digits: usize| json!({ "flowId": flow, "dtmfSequence": vec!["1"; digits] });
    let submit =
        async |flow: &str, digits: usize| proxy.post("/api/flow/simulations", &request(flow, digits)).await;
    let compiled = Arc::new(CompiledFlow::compile(serde_json::from_value(flow).unwrap()).unwrap());
    for digits in 0..12 {
        let limits = Limits { flow_depth: 20, ..Limits::default() };
        let of_page = SimulationRequest::from_json(&request("loop", digits), &limits).unwrap();
        match check_depth(&compiled, &of_page, limits.flow_depth) {
            Ok(()) => assert_eq!(submit("loop", digits).await.status(), 201, "{digits}"),
            Err(error) => {
                let shown = problem(submit("loop", digits).await, 422).await;
                assert_eq!(shown["errors"], json!(error));
                assert_eq!(error[0].field, "dtmfSequence");
            }
        }
    }
    let sent = fake.posted().len();
    assert!((1..12).contains(&sent), "{sent} of 12 are shallow enough");
    // Of a flow that the service does not describe, nothing is said beforehand.
    assert_eq!(submit("another", 12).await.status(), 201);
    assert_eq!(fake.posted().len(), sent + 1);
    proxy.stop().await;
}

#[tokio::test]
async fn a_submission_is_sent_again_only_after_429() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    fake.script_rest([Scripted::status(429), Scripted::status(429).retry_after("0")]);
    assert_eq!(proxy.post("/api/flow/simulations", &request()).await.status(), 201);
    assert_eq!(fake.posted().len(), 3);
    fake.script_rest([Scripted::status(503)]);
    problem(proxy.post("/api/flow/simulations", &request()).await, 503).await;
    assert_eq!(fake.posted().len(), 4, "503 may have been acted on");
    fake.script_rest([Scripted::status(400)]);
    problem(proxy.post("/api/flow/simulations", &request()).await, 400).await;
    let outcomes: Vec<Value> =
        recorded(&proxy, "simulation.submit").await.iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["ok", "failed", "refused"]);

    fake.script_rest([Scripted::status(500), Scripted { body: "<html>".into(), ..Scripted::status(200) }]);
    problem(proxy.get("/api/flow/simulations/sim-1").await, 502).await;
    fake.script_rest([Scripted { body: "{\"status\":\"odd\"}".into(), ..Scripted::status(200) }]);
    problem(proxy.get("/api/flow/simulations/sim-1").await, 502).await;
    problem(proxy.get("/api/flow/simulations/sim-1").await, 404).await;
    assert!(recorded(&proxy, "simulation.result").await.is_empty());

    fake.script_rest([Scripted::status(503).retry_after("7")]);
    let shown = problem(proxy.post("/api/flow/simulations", &request()).await, 503).await;
    assert_eq!((&shown["retryAfterMs"], &shown["upstream"]["service"]), (&json!(7_000), &json!("flow")));
    proxy.stop().await;
}

#[tokio::test]
async fn a_client_that_repeats_itself_has_its_run_and_export_sent_once() {
    let fake = Fake::start().await;
    let proxy = with_qa(&fake).await;
    for (path, body) in [("/api/flow/simulations", request()), ("/api/qa/exports", export())] {
        for (marked, sent) in [(true, 1), (false, 3)] {
            let before = fake.posted().len();
            fake.script_rest(vec![Scripted::status(429).retry_after("0"); sent]);
            let mut post = client().post(proxy.url(path)).header("x-dialbench", "1").json(&body);
            if marked {
                post = post.header("x-dialbench-retry", "client");
            }
            let response = within(post.send()).await.unwrap();
            assert_eq!(response.headers()["retry-after"], "0", "{path}");
            problem(response, 429).await;
            assert_eq!(fake.posted().len() - before, sent, "{path} marked: {marked}");
        }
    }
    proxy.stop().await;
}

#[tokio::test]
async fn many_runs_of_one_flow_fetch_it_once() {
    let fake = Fake::start().await;
    let nodes = json!([{ "id": "a", "type": "hangup" }]);
    let flow = json!({ "flowId": "f", "name": "F", "start": "a", "nodes": nodes });
    *fake.shared.flow.lock().unwrap() = Some(flow.to_string());
    let proxy = proxy(&fake, |_| {}).await;
    let body = json!({ "flowId": "f", "dtmfSequence": ["1"] });
    // One client for all: a client of its own loads the system's certificates.
    let client = client();
    let submit =
        |_| client.post(proxy.url("/api/flow/simulations")).header("x-dialbench", "1").json(&body).send();
    for answer in within(futures_util::future::join_all((0..60).map(submit))).await {
        assert_eq!(answer.unwrap().status(), 201);
    }
    assert_eq!(fake.posted().len(), 60);
    assert_eq!(fake.shared.definitions_asked.load(Ordering::SeqCst), 1);
    proxy.stop().await;
}

/// A flow that takes long to compile: as many nodes as fit.
fn large_flow(nodes: usize) -> Value {
    let next = |number: usize| json!([{ "on": "next", "to": format!("n{}", number + 1) }]);
    let nodes: Vec<Value> = (0..nodes)
        .map(|number| {
            let id = format!("n{number}");
            if number + 1 == nodes {
                return json!({ "id": id, "type": "hangup" });
            }
            json!({ "id": id, "type": "prompt", "branches": next(number) })
        })
        .collect();
    json!({ "flowId": "large", "name": "Large", "start": "n0", "nodes": nodes })
}

/// One thread runs the proxy, CXone and the clients: were the flow compiled there, nothing else would be answered.
#[tokio::test]
async fn others_are_answered_while_a_large_flow_is_compiled() {
    let text = large_flow(60_000).to_string();
    let began = std::time::Instant::now();
    let definition = serde_json::from_str(&text).unwrap();
    CompiledFlow::compile(definition).unwrap();
    let compiling = began.elapsed();

    let fake = Fake::start().await;
    *fake.shared.flow.lock().unwrap() = Some(text);
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(proxy.get("/healthz").await.status(), 200);
    let simulate = client()
        .post(proxy.url("/simulate/dtmf"))
        .json(&json!({ "interactionId": "i", "digits": "1", "flowId": "large" }));
    let mut simulating = std::pin::pin!(within(simulate.send()));
    let (mut longest, mut answers) = (std::time::Duration::ZERO, 0);
    let answer = loop {
        let began = std::time::Instant::now();
        tokio::select! {
            answer = &mut simulating => break answer.unwrap(),
            health = proxy.get("/healthz") => assert_eq!(health.status(), 200),
        }
        answers += 1;
        longest = longest.max(began.elapsed());
    };
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    println!(
        "compiling takes {compiling:?}; {answers} other answers meanwhile, the slowest after {longest:?}"
    );
    assert!(answers > 0 && longest < compiling / 2, "{answers} answers, {longest:?} of {compiling:?}");
    proxy.stop().await;
}

#[tokio::test]
async fn an_export_goes_to_the_configured_address_without_a_token() {
    let fake = Fake::start().await;
    let proxy = with_qa(&fake).await;
    fake.script_rest([Scripted::status(429)]);
    let answer = proxy.post("/api/qa/exports", &export()).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        (&answer["status"], &answer["answer"], &answer["attempts"]),
        (&json!(202), &json!("taken"), &json!(2))
    );
    let posted = fake.shared.posted.lock().unwrap().clone();
    let (sent, headers) = &posted[1];
    let mut expected = export();
    expected["auditCorrelation"] = sent["auditCorrelation"].clone();
    assert_eq!(*sent, expected);
    assert_eq!(answer["auditCorrelation"], sent["auditCorrelation"]);
    assert!(!sent["auditCorrelation"].as_str().unwrap().is_empty());
    assert!(headers.get("authorization").is_none() && headers["idempotency-key"] == "t-1");
    assert_eq!(fake.tokens_asked(), 0);

    let mut bare = export();
    for name in ["timestamp", "auditCorrelation", "unreachableBranches"] {
        bare[name] = Value::Null;
    }
    bare["testId"] = "проба 1".into();
    assert_eq!(proxy.post("/api/qa/exports", &bare).await.status(), 200);
    let (sent, headers) = fake.shared.posted.lock().unwrap().pop().unwrap();
    assert_eq!(headers["idempotency-key"], "%D0%BF%D1%80%D0%BE%D0%B1%D0%B0%201");
    assert!(sent["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(sent["unreachableBranches"], json!([]));

    fake.script_rest([Scripted { body: "no such suite".into(), ..Scripted::status(400) }]);
    let shown = problem(proxy.post("/api/qa/exports", &export()).await, 502).await;
    assert!(shown["detail"].as_str().unwrap().contains("no such suite"), "{shown}");
    assert_eq!(shown["upstream"], json!({ "service": "qa", "status": 400 }));
    fake.script_rest([Scripted::status(503)]);
    problem(proxy.post("/api/qa/exports", &export()).await, 503).await;
    let entries = recorded(&proxy, "qa.export").await;
    let outcomes: Vec<&str> = entries.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "ok", "failed", "failed"]);
    assert_eq!(fake.posted().len(), 4, "neither refusal is repeated");
    proxy.stop().await;
}

#[tokio::test]
async fn a_wrong_export_or_one_without_a_platform_goes_nowhere() {
    let fake = Fake::start().await;
    let proxy = with_qa(&fake).await;
    let wrong = json!({
        "testId": " ", "simulationId": 1, "durationMs": -1, "efficiencyScore": 2, "accuracyScore": "0.95",
        "unreachableBranches": [1], "timestamp": "yesterday", "auditCorrelation": 7,
    });
    let shown = problem(proxy.post("/api/qa/exports", &wrong).await, 422).await;
    let fields: Vec<&str> =
        shown["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    let all = [
        "testId",
        "simulationId",
        "flowId",
        "durationMs",
        "efficiencyScore",
        "accuracyScore",
        "unreachableBranches",
        "timestamp",
        "auditCorrelation",
    ];
    assert_eq!(fields, all);
    assert!(fake.posted().is_empty());
    let profile: Value = proxy.get("/api/profile").await.json().await.unwrap();
    assert_eq!(profile["qaConfigured"], true);
    proxy.stop().await;

    let proxy = crate::common::proxy(&fake, |_| {}).await;
    let shown = problem(proxy.post("/api/qa/exports", &export()).await, 503).await;
    assert!(shown["detail"].as_str().unwrap().contains("qa.endpoint"), "{shown}");
    let profile: Value = proxy.get("/api/profile").await.json().await.unwrap();
    assert_eq!(profile["qaConfigured"], false);
    assert!(fake.posted().is_empty());
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_s_flow_is_run_through_a_storm_and_judged() {
    use base::time::Instant;
    use ivr::{FlowDefinition, analysis, execute};
    use jobs::{Backoff, Ending, JobConfig, JobInput, JobMachine, JobOutput, PollInterval, Start};
    use scenario::flow::judge;
    let quick = std::time::Duration::from_millis(50);
    let settings = SandboxConfig { simulation_time: (quick, quick * 4), ..SandboxConfig::default() };
    let stand_in = sandbox::start(settings).await.unwrap();
    let (id, secret) = stand_in.credentials();
    let proxy = crate::common::proxy_at(stand_in.address(), |config| {
        config.profile = ProfileName::Sandbox;
        let endpoint =
            stand_in.endpoints().into_iter().find(|endpoint| endpoint.service == Service::Flow).unwrap();
        let (base, token) = (endpoint.base_url.parse().unwrap(), endpoint.token_url.parse().unwrap());
        let flow = ServiceConfig::at(Service::Flow, base, token, id.clone().into(), secret.clone());
        config.services.insert(Service::Flow, flow);
    })
    .await;
    let flows: Value = proxy.get("/api/flow/definitions").await.json().await.unwrap();
    for flow in flows["flows"].as_array().unwrap() {
        let id = flow["flowId"].as_str().unwrap();
        let definition: FlowDefinition =
            proxy.get(&format!("/api/flow/definitions/{id}")).await.json().await.unwrap();
        let compiled = Arc::new(CompiledFlow::compile(definition).unwrap());
        let structure = analysis::Structure::of(compiled.definition());
        let limits = Limits::default();
        let none = analysis::Coverage::none(&structure);
        let suggested = analysis::suggest(&compiled, &structure, &none, (&limits).into(), 1_000);
        assert!(suggested.missed.is_empty(), "{id}");
        let mut coverage = analysis::Coverage::none(&structure);
        for run in &suggested.runs {
            let result = execute(&compiled, &run.digits, &run.variables, 200);
            coverage.add(&analysis::Coverage::of(&structure, &result));
        }
        assert_eq!(coverage.ways_missed(&structure).count(), 0, "{id}");
        println!(
            "{id}: {} runs (at least {}) cover {} ways",
            suggested.runs.len(),
            suggested.least,
            coverage.way_share(&structure).of
        );

        let storm = json!({ "on": "simulator", "kind": "status", "status": 429, "times": 4 });
        let armed = client().post(format!("http://{}/sandbox/faults", stand_in.address())).json(&storm);
        assert_eq!(armed.send().await.unwrap().status(), 201);
        // The driver of a page, with its waits made short.
        let backoff = Backoff { base: quick, cap: quick * 16 };
        let config = JobConfig {
            poll: PollInterval::Backoff(backoff),
            retry: backoff,
            min_wait: quick,
            ..FlowSimulation::config(&limits)
        };
        let mut job = JobMachine::<FlowSimulation>::new(config, 7);
        let clock = std::time::Instant::now();
        let request = SimulationRequest::suggested(id, &suggested.runs[0]);
        let mut simulation = String::new();
        job.handle_input(Instant::ZERO, JobInput::Start(Start::Submit));
        let ending = within(async {
            loop {
                let Some(output) = job.poll_output() else {
                    let due = job.poll_timeout().unwrap();
                    let now = Instant::ZERO + clock.elapsed();
                    tokio::time::sleep(due.saturating_since(now)).await;
                    job.handle_timeout(Instant::ZERO + clock.elapsed());
                    continue;
                };
                let answer = match output {
                    JobOutput::Submit { .. } => proxy.post("/api/flow/simulations", &request.to_json()).await,
                    JobOutput::Poll => proxy.get(&format!("/api/flow/simulations/{simulation}")).await,
                    JobOutput::Abandon => panic!("nobody cancels"),
                    JobOutput::Ended(ending) => return ending,
                };
                let now = Instant::ZERO + clock.elapsed();
                let status = answer.status().as_u16();
                let body: Value = answer.json().await.unwrap();
                job.handle_input(
                    now,
                    match status {
                        201 => {
                            simulation = body["simulationId"].as_str().unwrap().into();
                            JobInput::Replied(Box::new(SimulationResult::pending(SimulationStatus::Queued)))
                        }
                        200 => JobInput::Replied(serde_json::from_value(body).unwrap()),
                        status => JobInput::Failed {
                            status,
                            kind: String::new(),
                            retry_after: None,
                            detail: body["detail"].to_string(),
                        },
                    },
                );
            }
        })
        .await;
        let local: SimulationResult = execute(&compiled, request.digits(), request.variables(), 200);
        let Ending::Done(result) = ending else { panic!("{id}: {ending:?}") };
        assert_eq!(*result, local, "{id}: the page can say beforehand what the stand-in will do");
        let expectation = scenario::flow::Expectation::from_result(&local);
        assert_eq!(judge(&result, &expectation).accuracy, Some(1.0));
    }
    proxy.stop().await;
    stand_in.shutdown().await;
}
