//! Simulations of the dialer: one key is one simulation, whatever is lost on the way.

use std::sync::Arc;

use crate::common::{
    Fake, Proxy, client, dialer::Fate, events::Posted, fake::Scripted, postgres::Postgres, problem,
    program::SECRET, proxy, proxy_at, stream::EventStream, within,
};
use proxy::config::{DatabaseUrl, ProfileName, ServiceConfig};
use sandbox::SandboxConfig;
use scenario::dialer::{SUBMISSION_UNKNOWN, calls::CallBook};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use wire::cxone::DialerEvent;

fn request() -> Value {
    json!({
        "campaignId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "virtualAgentMatrix": { "flowId": "support-line" },
        "outcomeInjection": {
            "enabled": true, "dialToneProbability": 0.1, "busySignalProbability": 0.2,
            "noAnswerProbability": 0.2, "answerProbability": 0.5,
        },
        "concurrencyLimit": 5,
        "maxCalls": 20,
        "complianceBypass": true,
    })
}

fn submission(proxy: &Proxy, key: &str, body: &Value) -> reqwest::RequestBuilder {
    client()
        .post(proxy.url("/api/dialer/simulations"))
        .header("x-dialbench", "1")
        .header("x-dialbench-retry", "client")
        .header("idempotency-key", key)
        .json(body)
}

async fn submit(proxy: &Proxy, key: &str) -> reqwest::Response {
    within(submission(proxy, key, &request()).send()).await.unwrap()
}

async fn accepted(answer: reqwest::Response) -> Value {
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

async fn entries(proxy: &Proxy, action: &str) -> Vec<Value> {
    proxy.audit().await.into_iter().filter(|entry| entry["action"] == action).collect()
}

#[tokio::test]
async fn a_key_is_one_simulation_however_often_it_is_sent() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.public_url = Some("https://bench.example.com".parse().unwrap());
    })
    .await;
    let gate = Arc::new(Semaphore::new(0));
    fake.shared.dialer.script([Fate::Held(Arc::clone(&gate))]);
    let clicks: Vec<_> =
        (0..5).map(|_| tokio::spawn(submission(&proxy, "key-1", &request()).send())).collect();
    within(async {
        while fake.shared.dialer.submissions() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gate.add_permits(1);
    let mut answers = Vec::new();
    for click in clicks {
        answers.push(accepted(within(click).await.unwrap().unwrap()).await);
    }
    answers.push(accepted(submit(&proxy, "\"key-1\"").await).await);
    assert!(answers.iter().all(|answer| answer["id"] == "sim-1"), "{answers:?}");
    assert_eq!(fake.shared.dialer.submissions(), 1);
    assert_eq!(accepted(submit(&proxy, "key-2").await).await["id"], "sim-2");

    let sent = fake.shared.dialer.submitted.lock().unwrap()[0].clone();
    assert_eq!(sent["webhookUrl"], "https://bench.example.com/webhook/simulation-events");
    let mut own_address = request();
    own_address["webhookUrl"] = "https://elsewhere.example.com/hook?token=secret".into();
    let own = within(submission(&proxy, "key-3", &own_address).send()).await.unwrap();
    assert_eq!(accepted(own).await["id"], "sim-3");
    assert_eq!(fake.shared.dialer.submitted.lock().unwrap()[2]["webhookUrl"], own_address["webhookUrl"]);

    let shown = problem(within(submission(&proxy, "key-1", &own_address).send()).await.unwrap(), 422).await;
    assert_eq!(shown["errors"][0]["field"], "Idempotency-Key");
    assert_eq!(entries(&proxy, "dialer.validate").await.len(), 3);
    let dispatched = entries(&proxy, "dialer.dispatch").await;
    assert_eq!(dispatched.len(), 3);
    assert_eq!(dispatched[2]["detail"]["request"]["webhookUrl"], "https://elsewhere.example.com/hook");
    assert_eq!(dispatched[2]["detail"]["simulationId"], "sim-3");
    proxy.stop().await;
}

#[tokio::test]
async fn two_proxies_on_one_postgres_send_a_key_once() {
    let (fake, postgres) = (Fake::start().await, Postgres::start().await);
    let shared = async || {
        proxy(&fake, |config| config.database_url = DatabaseUrl::parse(&postgres.url).unwrap()).await
    };
    let (one, two) = (shared().await, shared().await);
    let gate = Arc::new(Semaphore::new(0));
    fake.shared.dialer.script([Fate::Held(Arc::clone(&gate))]);
    let asked = [&one, &two].map(|proxy| tokio::spawn(submission(proxy, "key", &request()).send()));
    within(async {
        while fake.shared.dialer.submissions() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gate.add_permits(1);
    for answer in asked {
        assert_eq!(accepted(within(answer).await.unwrap().unwrap()).await["id"], "sim-1");
    }
    assert_eq!(accepted(submit(&two, "key").await).await["id"], "sim-1");
    assert_eq!(fake.shared.dialer.submissions(), 1);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn every_wrong_field_is_named_before_cxone_is_asked() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let mut wrong = request();
    wrong["campaignId"] = "no uuid".into();
    wrong["complianceBypass"] = false.into();
    wrong["concurrencyLimit"] = 6.into();
    wrong["outcomeInjection"]["answerProbability"] = json!(0.6);
    let shown = problem(within(submission(&proxy, "key", &wrong).send()).await.unwrap(), 422).await;
    let fields: Vec<_> = shown["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields.len(), 4, "{shown}");
    for field in ["campaignId", "complianceBypass", "concurrencyLimit", "outcomeInjection"] {
        assert!(fields.iter().any(|found| found.as_str().unwrap().starts_with(field)), "{field} in {shown}");
    }
    let shown = problem(submit(&proxy, "two words").await, 422).await;
    assert_eq!(shown["errors"][0]["field"], "Idempotency-Key");
    assert_eq!(fake.shared.dialer.submissions(), 0);
    let refused = entries(&proxy, "dialer.validate").await;
    assert_eq!((refused.len(), &refused[0]["outcome"]), (1, &json!("refused")));

    // The key is as free as before.
    assert_eq!(accepted(submit(&proxy, "key").await).await["id"], "sim-1");
    proxy.stop().await;
}

#[tokio::test]
async fn a_refusal_frees_the_key() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    for status in [403, 409, 422, 429] {
        let scripted = Scripted::status(status).retry_after(if status == 429 { "1" } else { "3" });
        // A token may be dead at a 403: a new one is tried.
        let times = 1 + usize::from(status == 403);
        fake.shared.dialer.script((0..times).map(|_| Fate::Answer(scripted.clone())));
        let answer = submit(&proxy, "key").await;
        assert_eq!(
            answer.headers()["retry-after"].to_str().ok(),
            scripted.retry_after.as_deref(),
            "{status}"
        );
        problem(answer, status).await;
    }
    // Twice: the token is made anew in between.
    fake.shared.dialer.script([Fate::Answer(Scripted::status(401)), Fate::Answer(Scripted::status(401))]);
    let answer = within(async {
        loop {
            // The dialer is left alone for the second that it asked for.
            let answer = submit(&proxy, "key").await;
            if answer.status() != 429 {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    problem(answer.await, 502).await;
    let sent = fake.shared.dialer.submissions();
    accepted(submit(&proxy, "key").await).await;
    assert_eq!(fake.shared.dialer.submissions(), sent + 1);
    proxy.stop().await;
}

#[tokio::test]
async fn a_submission_without_a_connection_is_sent_again() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    // A token is there before CXone goes away.
    accepted(submit(&proxy, "first").await).await;
    fake.stop_listening().await;
    let shown = problem(submit(&proxy, "key").await, 502).await;
    assert_eq!(shown["unsent"], true);
    fake.listen_again().await;
    accepted(submit(&proxy, "key").await).await;
    assert_eq!(fake.shared.dialer.submissions(), 2);
    proxy.stop().await;
}

async fn what_may_have_arrived_is_found_by_its_events(database: Option<&str>) {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        if let Some(url) = database {
            config.database_url = DatabaseUrl::parse(url).unwrap();
        }
    })
    .await;
    let server = proxy.address.to_string();
    for status in [500, 502, 503] {
        fake.shared.dialer.script([Fate::Answer(Scripted::status(status))]);
        let key = format!("key-{status}");
        let sent = fake.shared.dialer.submissions() + 1;
        for _ in 0..3 {
            let answer = submit(&proxy, &key).await;
            assert_eq!(answer.headers()["retry-after"], "2");
            let shown = problem(answer, 504).await;
            assert_eq!(shown["type"], SUBMISSION_UNKNOWN);
        }
        assert_eq!(fake.shared.dialer.submissions(), sent, "it is never sent again");

        let simulation = format!("found-{status}");
        assert_eq!(Posted::of_call(&simulation, 1, "dialing").post(&proxy.http, &server).await, 204);
        assert_eq!(accepted(submit(&proxy, &key).await).await["id"], simulation.as_str());
        assert_eq!(accepted(submit(&proxy, &key).await).await["id"], simulation.as_str());
        assert_eq!(fake.shared.dialer.submissions(), sent);
    }
    let found = entries(&proxy, "dialer.dispatch").await;
    let found: Vec<_> = found.iter().filter(|entry| entry["detail"]["foundBy"] == "events").collect();
    assert_eq!(found.len(), 3);
    proxy.stop().await;
}

#[tokio::test]
async fn on_sqlite_what_may_have_arrived_is_found_by_its_events() {
    what_may_have_arrived_is_found_by_its_events(None).await;
}

#[tokio::test]
async fn on_postgres_what_may_have_arrived_is_found_by_its_events() {
    let postgres = Postgres::start().await;
    what_may_have_arrived_is_found_by_its_events(Some(&postgres.url)).await;
}

#[tokio::test]
async fn of_two_that_may_have_arrived_none_is_taken_for_the_other() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let server = proxy.address.to_string();
    fake.shared.dialer.script([500, 500].map(|status| Fate::Answer(Scripted::status(status))));
    problem(submit(&proxy, "key-a").await, 504).await;
    problem(submit(&proxy, "key-b").await, 504).await;
    assert_eq!(Posted::of_call("either", 1, "dialing").post(&proxy.http, &server).await, 204);
    problem(submit(&proxy, "key-a").await, 504).await;
    problem(submit(&proxy, "key-b").await, 504).await;

    // Events of a simulation that is known are nobody else's.
    let known = accepted(submit(&proxy, "key-c").await).await;
    let known = known["id"].as_str().unwrap();
    assert_eq!(Posted::of_call(known, 1, "dialing").post(&proxy.http, &server).await, 204);
    problem(submit(&proxy, "key-a").await, 504).await;
    proxy.stop().await;
}

/// 20 calls, five at a time, from the payload to the last event, with everything that can happen to events on the way.
#[tokio::test]
async fn a_campaign_of_the_stand_in_s_comes_to_its_end_on_the_page() {
    let settings = SandboxConfig { webhook_secret: Some(SECRET.into()), ..SandboxConfig::default() };
    let stand_in = sandbox::start(settings).await.unwrap();
    let proxy = proxy_at(stand_in.address(), |config| {
        config.profile = ProfileName::Sandbox;
        config.webhook.secrets.push(SECRET.into());
        let (id, secret) = stand_in.credentials();
        for endpoint in stand_in.endpoints() {
            let (base, token) = (endpoint.base_url.parse().unwrap(), endpoint.token_url.parse().unwrap());
            let settings =
                ServiceConfig::at(endpoint.service, base, token, id.clone().into(), secret.clone());
            config.services.insert(endpoint.service, settings);
        }
    })
    .await;
    let mut page = EventStream::open(proxy.address, "", None).await;
    let simulation = accepted(submit(&proxy, "key").await).await;
    let mut book = CallBook::default();
    let mut own = Vec::new();
    while own.is_empty() || book.completed() < 20 {
        let sent = page.next().await.unwrap();
        let event: DialerEvent = serde_json::from_str(&sent["data"]).unwrap();
        assert_eq!(event.simulation_id.as_str(), simulation["id"].as_str().unwrap());
        if event.call_id.is_some() {
            book.note(&event);
        } else {
            own.push(event.state);
        }
    }
    assert_eq!(own, ["completed"]);
    let path = format!("/api/dialer/simulations/{}", simulation["id"].as_str().unwrap());
    let over: Value = proxy.get(&path).await.json().await.unwrap();
    assert_eq!((&over["state"], &over["callsCompleted"]), (&json!("completed"), &json!(20)));
    assert_eq!(over["complianceBypassed"], true);
    assert_eq!(entries(&proxy, "dialer.track").await.len(), 1);
    proxy.stop().await;
    stand_in.shutdown().await;
}

#[tokio::test]
async fn its_end_is_recorded_once_with_the_correlation_of_its_beginning() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let begin = submission(&proxy, "key", &request()).header("x-request-id", "begun-here");
    accepted(within(begin.send()).await.unwrap()).await;
    let get = async || {
        let answer: Value = proxy.get("/api/dialer/simulations/sim-1").await.json().await.unwrap();
        answer
    };
    assert_eq!(get().await["state"], "running");
    let over = json!({
        "id": "sim-1", "state": "completed", "callsAttempted": 20, "callsCompleted": 19,
        "complianceBypassed": true, "errors": [{ "code": "E7", "message": "a line was lost" }], "more": 1,
    });
    for _ in 0..2 {
        let answer = Scripted { body: over.to_string(), ..Scripted::status(200) };
        fake.shared.dialer.answers.lock().unwrap().push_back(answer);
        assert_eq!(get().await, over, "as CXone wrote it");
    }
    let ends = entries(&proxy, "dialer.track").await;
    assert_eq!((ends.len(), &ends[0]["correlationId"]), (1, &json!("begun-here")));
    assert_eq!(ends[0]["detail"]["errors"][0]["code"], "E7");

    let metrics = json!({ "simulationId": "sim-1", "metrics": {
        "totalCalls": 20, "completedCalls": 19, "averageLatencyMs": 812.5, "accuracyRate": 0.95 } });
    assert_eq!(proxy.post("/api/dialer/metrics", &metrics).await.status(), 202);
    assert_eq!(*fake.shared.dialer.metrics.lock().unwrap(), std::slice::from_ref(&metrics));
    let posted = entries(&proxy, "dialer.metrics").await;
    assert_eq!(posted[0]["correlationId"], "begun-here");
    let mut wrong = metrics;
    wrong["metrics"]["completedCalls"] = 21.into();
    wrong["metrics"]["accuracyRate"] = json!(1.5);
    let shown = problem(proxy.post("/api/dialer/metrics", &wrong).await, 422).await;
    assert_eq!(shown["errors"].as_array().unwrap().len(), 2, "{shown}");

    let by_id: Value = proxy.get("/api/audit?correlation=begun-here").await.json().await.unwrap();
    let actions: Vec<_> = by_id["entries"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(
        actions,
        [
            "dialer.metrics",
            "dialer.metrics.intent",
            "dialer.track",
            "dialer.dispatch",
            "dialer.dispatch.intent",
            "dialer.validate",
        ]
    );
    proxy.stop().await;
}
