//! The panel as it is filled in and sent; what is heard is tested end to end.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;
use wire::api::{Limits, Profile, ProfileName};

use super::PromptsPage;
use crate::testing::{Answer, FakeServer, Page, Request, forget_everything, mount, until, until_eq};

fn profile() -> Profile {
    Profile {
        profile: ProfileName::Tutorial,
        version: String::new(),
        services: Vec::new(),
        limits: Limits::default(),
        qa_configured: false,
        analytics_webhook_configured: true,
        webhook: wire::api::WebhookDoor::default(),
    }
}

/// A proxy whose gateway plays everything.
async fn playing(request: Request) -> Answer {
    match (&*request.method, &*request.path) {
        ("GET", "/api/profile") => Answer::json(&profile()),
        ("GET", "/api/media/sessions?status=active") => Answer::json(&json!({ "totalCount": 1 })),
        ("POST", "/api/media/sessions") => {
            let body: Value = serde_json::from_str(&request.body).expect("a body is JSON");
            Answer::json(&json!({
                "id": body["sessionId"], "confirmedBy": "answer", "playbackState": "playing",
                "formatVerified": true, "bufferPreloaded": true, "latencyMs": 7, "latencySource": "gateway",
            }))
        }
        ("POST", "/api/analytics/events") => Answer::json(&json!({
            "sessionId": "s", "timestamp": "2026-11-27T20:00:00Z", "webhook": "failed",
            "warnings": ["The webhook answered HTTP 500."],
        })),
        other => panic!("{other:?} is not asked for"),
    }
}

fn posted(server: &FakeServer, path: &str) -> Vec<Value> {
    let requests = server.requests();
    let of_path = requests.iter().filter(|request| request.method == "POST" && request.path == path);
    of_path.map(|request| serde_json::from_str(&request.body).expect("a body is JSON")).collect()
}

async fn is_invalid(page: &Page, name: &str) -> bool {
    page.attribute("textbox", name, "aria-invalid").await.as_deref() == Some("true")
}

#[wasm_bindgen_test]
async fn what_the_gateway_would_refuse_is_marked_while_it_is_typed_and_not_sent() {
    forget_everything();
    let server = FakeServer::start(playing);
    let page = mount(|| view! { <PromptsPage /> });
    page.one("form", "Prompt playback").await;
    page.type_into("textbox", "Prompt", "main menu").await;
    page.type_into("textbox", "Base gain", "0.9").await;
    page.type_into("textbox", "Peak limit", "-3 dB").await;
    page.type_into("textbox", "Compression ratio", "20:1").await;
    page.type_into("textbox", "Silence kept, ms", "120").await;
    page.type_into("textbox", "Preview at, LUFS", "loud").await;
    for name in ["Prompt", "Peak limit", "Compression ratio", "Silence kept, ms", "Preview at, LUFS"] {
        until(name, || {
            page.all("textbox", name)
                .first()
                .is_some_and(|field| field.get_attribute("aria-invalid").as_deref() == Some("true"))
        })
        .await;
    }
    assert!(!is_invalid(&page, "Base gain").await);
    page.click("button", "Send to CXone").await;
    page.shows("alert", "", "playbackConfig.silenceTrimMs").await;
    assert_eq!(posted(&server, "/api/media/sessions"), [Value::Null; 0]);
}

#[wasm_bindgen_test]
async fn a_press_of_send_is_one_session_and_is_told_to_analytics_once() {
    forget_everything();
    let server = FakeServer::start(playing);
    let page = mount(|| view! { <PromptsPage /> });
    page.type_into("textbox", "Prompt", "main-menu").await;
    page.type_into("textbox", "Base gain", "-6.0206 dB").await;
    page.type_into("textbox", "Compression ratio", "2:1").await;
    page.choose("Codec", "OPUS").await;
    page.choose("Cutoff", "fade").await;
    page.click("switch", "Allow voice").await;
    page.click("button", "Send to CXone").await;
    until_eq(1, || posted(&server, "/api/analytics/events").len()).await;
    let [sent] = &*posted(&server, "/api/media/sessions") else { panic!("it is sent once") };
    let config = &sent["playbackConfig"];
    let gain = config["volumeMatrix"]["baseGain"].as_f64().expect("a number");
    assert!((gain - 0.5).abs() < 1e-4, "{gain}");
    assert_eq!(config["volumeMatrix"]["compressionRatio"], 0.5);
    assert_eq!(config["codecPreference"], "OPUS");
    let interruptibility = json!({ "allowDTMF": true, "allowVoice": true, "cutoffBehavior": "fade" });
    assert_eq!(config["interruptibility"], interruptibility);
    assert_eq!(sent["sessionId"].as_str().map(str::len), Some(36));
    let [told] = &*posted(&server, "/api/analytics/events") else { panic!("it is told once") };
    assert_eq!(told["sessionId"], sent["sessionId"]);
    assert_eq!(told["metrics"]["latencyMs"], 7);
    until("what came of it", || page.text().contains("The webhook answered HTTP 500.")).await;
    for part in ["main-menu", "7 ms (gateway)", "completed"] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
}
