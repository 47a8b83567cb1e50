//! Requests that failed before they were sent: clients are told, since such a request can be sent again whatever it is.

use std::net::SocketAddr;

use crate::common::{Fake, Proxy, client, fake::Scripted, problem, proxy, proxy_at, within};
use proxy::config::ProfileName;
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpSocket},
};

fn simulation() -> Value {
    json!({ "flowId": "support-line", "dtmfSequence": ["2", "2"] })
}

fn export() -> Value {
    json!({
        "testId": "t-1", "simulationId": "sim-1", "flowId": "support-line", "durationMs": 1000,
        "efficiencyScore": 0.5, "accuracyScore": 0.75, "unreachableBranches": [],
    })
}

/// A proxy that gets its tokens from `fake`, while all else is at `address`.
async fn with_services_at(address: SocketAddr, fake: &Fake) -> Proxy {
    proxy_at(address, |config| {
        config.profile = ProfileName::Sandbox;
        config.qa_endpoint = Some(format!("http://{address}/qa").parse().unwrap());
        for (service, settings) in &mut config.services {
            settings.token_url = crate::common::service_at(fake.address, *service).token_url;
        }
    })
    .await
}

async fn submit_once(proxy: &Proxy, path: &str, body: &Value) -> reqwest::Response {
    let post = client().post(proxy.url(path)).header("x-dialbench", "1").json(body);
    within(post.header("x-dialbench-retry", "client").send()).await.unwrap()
}

#[tokio::test]
async fn a_client_learns_whether_its_request_was_sent() {
    let fake = Fake::start().await;
    // Bound, so that nobody else takes the port, but not listened on.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let unreachable = with_services_at(silent.local_addr().unwrap(), &fake).await;
    // Takes a connection, reads what comes, and hangs up without a word.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = with_services_at(listener.local_addr().unwrap(), &fake).await;
    let hanging_up = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Whoever has gone already said nothing either.
            let _ = stream.read_u8().await;
        }
    });
    for (path, body) in [
        ("/api/flow/simulations", simulation()),
        ("/api/calls", json!({ "flowId": "support-line" })),
        ("/api/qa/exports", export()),
    ] {
        let shown = problem(submit_once(&unreachable, path, &body).await, 502).await;
        assert_eq!(shown["unsent"], true, "{path}: {shown}");
        let shown = problem(submit_once(&mute, path, &body).await, 502).await;
        assert_eq!(shown["unsent"], Value::Null, "{path}: {shown}");
    }
    // What to do comes first, the system's own words apart.
    let shown = problem(submit_once(&unreachable, "/api/flow/simulations", &simulation()).await, 502).await;
    let detail = shown["detail"].as_str().unwrap();
    assert!(detail.contains("cannot be reached. Check that it runs"), "{shown}");
    let technical = shown["technical"].as_str().unwrap();
    assert!(!technical.is_empty() && !detail.contains(technical), "{shown}");
    // The same for a client for whom the proxy has repeated the request, in vain.
    let shown = problem(unreachable.post("/api/qa/exports", &export()).await, 502).await;
    assert_eq!(shown["unsent"], true, "{shown}");
    hanging_up.abort();
    unreachable.stop().await;
    mute.stop().await;
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_an_answer_says_that_it_was() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    fake.script_tokens(vec![Scripted::status(500); 3]);
    let submit = async || submit_once(&proxy, "/api/flow/simulations", &simulation()).await;
    let shown = problem(submit().await, 502).await;
    let seen = (&shown["unsent"], &shown["upstream"]["status"], fake.posted().len());
    assert_eq!(seen, (&json!(true), &json!(500), 0), "{shown}");
    // A failure to get a token answers others for a moment.
    let response = within(async {
        loop {
            let response = submit().await;
            if response.status() != 502 {
                return response;
            }
        }
    });
    assert_eq!(response.await.status(), 201);
    for status in [500, 503, 504] {
        fake.script_rest([Scripted::status(status)]);
        let shown: Value = submit().await.json().await.unwrap();
        assert_eq!((&shown["unsent"], &shown["upstream"]["status"]), (&Value::Null, &json!(status)));
    }
    proxy.stop().await;
}
