//! Canaries: a secret or a token must not be found in anything that leaves the proxy.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "it/common/mod.rs"]
mod common;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use axum::extract::ws::{CloseFrame, Message as FromCxone};
use common::{CLIENT_SECRET, Fake, client, close_code, fake::Scripted, proxy, within};
use futures_util::SinkExt as _;
use proxy::config::ProfileName;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt as _};

const ACCESS_TOKEN: &str = "canary-access-token-0123";

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn assert_clean(what: &str, text: &str) {
    let escaped = form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect::<String>();
    for canary in ["canary-secret", "canary-token-", CLIENT_SECRET, &escaped, ACCESS_TOKEN] {
        if let Some(at) = text.find(canary) {
            let around: String =
                text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{canary} in {what}, after: {around}");
        }
    }
}

#[tokio::test]
async fn no_secret_and_no_token_leaves_the_proxy() {
    let log = Log::default();
    // The filter that shows most, the libraries' own lines included.
    proxy::logging::subscriber(
        "trace,hyper=trace,tungstenite::handshake::client=trace,reqwest=trace",
        proxy::logging::LogFormat::Text,
        false,
        log.clone(),
    )
    .init();
    tracing::trace!("the log works");

    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.access_token = Some(ACCESS_TOKEN.into());
        config.profile = ProfileName::Sandbox;
    })
    .await;
    let signed_in = proxy.get(&format!("/?access_token={ACCESS_TOKEN}")).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let send = async |request: reqwest::RequestBuilder| {
        let response =
            within(request.header("cookie", &cookie).header("x-dialbench", "1").send()).await.unwrap();
        let headers = format!("{:?}", response.headers());
        assert_clean("an answer's headers", &headers);
        let body = response.text().await.unwrap();
        assert_clean("an answer", &body);
        body
    };
    let get = async |path: &str| send(client().get(proxy.url(path))).await;

    // Both sockets, a lost link, a closed stream, a stream that broke.
    let mut page =
        common::Page { socket: proxy.dial_with("/ws/interactions", "cookie", &cookie).await.unwrap() };
    let (cxone, _) = fake.subscribed().await;
    drop(cxone);
    assert_clean("a link state", &page.link("reconnecting").await.to_string());
    let (mut cxone, _) = fake.subscribed().await;
    cxone.send(FromCxone::Text("garbage".into())).await.unwrap();
    assert_clean("an event", &page.next_in_stream().await.to_string());
    for close in [true, false] {
        let mut voice = proxy.dial_with("/ws/voice/c-1", "cookie", &cookie).await.unwrap();
        let mut upstream = fake.voice().await;
        voice.send(Message::binary(vec![0; 320])).await.unwrap();
        if close {
            let frame = CloseFrame { code: 1011, reason: "over".into() };
            upstream.send(FromCxone::Close(Some(frame))).await.unwrap();
        }
        drop(upstream);
        close_code(&mut voice).await;
    }

    // Every way in which CXone may fail.
    send(client().post(proxy.url("/api/calls")).json(&json!({ "flowId": "f" }))).await;
    for status in [400, 401, 403, 404, 429, 500] {
        fake.revoke();
        // An endpoint that echoes what it was sent.
        let echo = Scripted {
            body: json!({ "error": CLIENT_SECRET, "error_description": "canary-token-1" }).to_string(),
            ..Scripted::status(status)
        };
        fake.script_tokens(vec![echo; 3]);
        get("/api/interactions/i/call").await;
        get("/readyz").await;
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
        fake.shared.token_answers.lock().unwrap().clear();
        fake.script_handshakes([Scripted::status(status)]);
        drop(proxy.dial_with("/ws/voice/c-1", "cookie", &cookie).await);
        fake.shared.handshakes.lock().unwrap().clear();
    }
    fake.stop_listening().await;
    get("/api/interactions/i/call").await;
    drop(proxy.dial_with("/ws/voice/c-1", "cookie", &cookie).await);
    for path in ["/metrics", "/api/audit?after=0&limit=1000", "/api/profile", "/api/openapi.json", "/"] {
        get(path).await;
    }
    let audit = std::fs::read_to_string(&proxy.audit_log).unwrap();
    proxy.stop().await;
    assert_clean("the audit log", &audit);
    assert!(audit.lines().count() > 10);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the log works") && logged.contains("interactions socket is lost"));
    assert_clean("the log", &logged);
}
