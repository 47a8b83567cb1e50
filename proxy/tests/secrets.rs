//! Canaries: a secret or a token must not be found in anything that leaves the proxy.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "it/common/mod.rs"]
mod common;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, atomic::Ordering},
};

use axum::extract::ws::{CloseFrame, Message as FromCxone};
use common::{
    CLIENT_SECRET, Fake, Page, Proxy, Socket, client, close_code, fake::Scripted, line::Line, proxy, within,
};
use futures_util::{SinkExt as _, StreamExt as _};
use proxy::config::ProfileName;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
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

/// A browser that is signed in. Nothing that it is told holds a secret.
struct Browser<'a> {
    proxy: &'a Proxy,
    cookie: String,
}

impl Browser<'_> {
    async fn send(&self, request: reqwest::RequestBuilder) -> String {
        let request = request.header("cookie", &self.cookie).header("x-dialbench", "1");
        let response = within(request.send()).await.unwrap();
        assert_clean("an answer's headers", &format!("{:?}", response.headers()));
        let body = response.text().await.unwrap();
        assert_clean("an answer", &body);
        body
    }

    async fn get(&self, path: &str) -> String {
        self.send(client().get(self.proxy.url(path))).await
    }

    async fn dial(&self, path: &str) -> Result<Socket, Error> {
        self.proxy.dial_with(path, "cookie", &self.cookie).await
    }
}

/// Has CXone quote what it was sent, in every way in which something of it is told.
async fn quote_everywhere(fake: &Fake, browser: &Browser<'_>, page: &mut Page, cxone: &Line<FromCxone>) {
    let secrets = format!("{CLIENT_SECRET}, canary-token-1 and canary-token-2");
    let escaped: Vec<String> = "canary-token-2".bytes().map(|letter| format!("\\u{letter:04x}")).collect();
    let escaped = escaped.concat();
    let in_base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &secrets);
    for text in [
        json!({ "error": secrets, (secrets.as_str()): 1 }).to_string(),
        format!(r#"{{"error":"{escaped}"}}"#),
        json!({ "eventType": "media", "payload": in_base64 }).to_string(),
        format!("no JSON: {secrets}"),
    ] {
        cxone.send(FromCxone::Text(text.into())).await;
        let event = page.next_in_stream().await.to_string();
        assert_clean("an event", &event);
        assert!(event.contains("[redacted]") && !event.contains(&in_base64), "{event}");
    }
    cxone.send(FromCxone::Binary(Bytes::from(secrets.clone()))).await;
    let event = page.next_in_stream().await;
    let shown = event["event"]["base64"].as_str().unwrap();
    let shown = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, shown).unwrap();
    assert_eq!(shown, b"[redacted], [redacted] and [redacted]");
    fake.script_rest([
        Scripted { body: json!({ "message": secrets }).to_string(), ..Scripted::status(400) },
        Scripted {
            body: json!({ "errors": [secrets, { "field": secrets, "code": secrets }] }).to_string(),
            ..Scripted::status(404)
        },
        Scripted { body: format!(r#"{{"detail":"{escaped}"}}"#), ..Scripted::status(409) },
        Scripted::status(409).retry_after("canary-token-1"),
        Scripted {
            body: json!({ "interactionId": "i", "callId": "c", "state": secrets }).to_string(),
            ..Scripted::status(200)
        },
    ]);
    for _ in 0..5 {
        browser.get("/api/interactions/i/call").await;
    }
    *fake.shared.definition_bytes.lock().unwrap() =
        Some(json!({ "flowId": "f", "note": secrets }).to_string().into());
    assert!(browser.get("/api/flow/definitions/f").await.contains("[redacted]"));
    *fake.shared.extensions.lock().unwrap() = Some("canary-token-2".into());
    let refused = common::refusal(browser.dial("/ws/voice/c-1").await.unwrap_err());
    assert_clean("a refused handshake", &refused.1.to_string());
    *fake.shared.extensions.lock().unwrap() = None;
    let mut voice = browser.dial("/ws/voice/c-1").await.unwrap();
    let reason = "canary-token-2 of canary-secret p&ss w+rd=ü%/? is over";
    let frame = CloseFrame { code: 4403, reason: reason.into() };
    // The first is of the handshake that was refused.
    for mut upstream in [fake.voice().await, fake.voice().await] {
        let _ = upstream.send(FromCxone::Close(Some(frame.clone()))).await;
    }
    let closed = within(async {
        loop {
            if let Message::Close(Some(frame)) = voice.next().await.unwrap().unwrap() {
                return frame;
            }
        }
    });
    let closed = closed.await;
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (4403, "[redacted] of [redacted] is over"));
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
    // An odd lifetime, of which the log tells once for each service.
    fake.shared.expires_in.store(0, Ordering::SeqCst);
    let proxy = proxy(&fake, |config| {
        config.access_token = Some(ACCESS_TOKEN.into());
        config.profile = ProfileName::Sandbox;
    })
    .await;
    let signed_in = proxy.get(&format!("/?access_token={ACCESS_TOKEN}")).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let browser = Browser { proxy: &proxy, cookie };

    // Both sockets, a lost link, a closed stream, a stream that broke.
    let mut page = Page::on(browser.dial("/ws/interactions").await.unwrap());
    let (cxone, _) = fake.subscribed().await;
    drop(cxone);
    assert_clean("a link state", &page.link("reconnecting").await.to_string());
    let (cxone, _) = fake.subscribed().await;
    cxone.send(FromCxone::Text("garbage".into())).await;
    // The gap, and what came after it.
    for _ in 0..2 {
        assert_clean("an event", &page.next_in_stream().await.to_string());
    }
    for close in [true, false] {
        let mut voice = browser.dial("/ws/voice/c-1").await.unwrap();
        let mut upstream = fake.voice().await;
        voice.send(Message::binary(vec![0; 320])).await.unwrap();
        if close {
            let frame = CloseFrame { code: 1011, reason: "over".into() };
            upstream.send(FromCxone::Close(Some(frame))).await.unwrap();
        }
        drop(upstream);
        close_code(&mut voice).await;
    }

    quote_everywhere(&fake, &browser, &mut page, &cxone).await;

    // Every way in which CXone may fail.
    browser.send(client().post(proxy.url("/api/calls")).json(&json!({ "flowId": "f" }))).await;
    for status in [400, 401, 403, 404, 429, 500] {
        fake.revoke();
        // An endpoint that echoes what it was sent.
        let echo = Scripted {
            body: json!({ "error": CLIENT_SECRET, "error_description": "canary-token-1" }).to_string(),
            ..Scripted::status(status)
        };
        fake.script_tokens(vec![echo; 3]);
        browser.get("/api/interactions/i/call").await;
        browser.get("/readyz").await;
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
        fake.shared.token_answers.lock().unwrap().clear();
        fake.script_handshakes([Scripted::status(status)]);
        drop(browser.dial("/ws/voice/c-1").await);
        fake.shared.handshakes.lock().unwrap().clear();
    }
    fake.stop_listening().await;
    browser.get("/api/interactions/i/call").await;
    drop(browser.dial("/ws/voice/c-1").await);
    for path in ["/metrics", "/api/audit?after=0&limit=1000", "/api/profile", "/api/openapi.json", "/"] {
        browser.get(path).await;
    }
    let audit = std::fs::read_to_string(&proxy.audit_log).unwrap();
    proxy.stop().await;
    assert_clean("the audit log", &audit);
    assert!(audit.lines().count() > 10);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the log works") && logged.contains("interactions socket is lost"));
    assert_clean("the log", &logged);
    assert!(fake.tokens_asked() > 6);
    for service in ["interactions", "voice"] {
        let told = format!("a token's lifetime is assumed service={service} ");
        assert_eq!(logged.matches(&told).count(), 1, "{service}");
    }
}
