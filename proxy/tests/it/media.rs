//! Media sessions: what is refused before CXone is asked, what is sent again, what a conflict means, and what is recorded.

use std::{sync::atomic::Ordering, time::Duration};

use crate::common::{Fake, Proxy, fake::Scripted, media::Fate, problem, proxy, within};
use prompt::{
    control::{ControlPayload, sendable},
    corpus::{WrongControl, right_controls, wrong_controls},
};
use serde_json::{Value, json};
use wire::api::Limits;

const LIMIT: &str = "docs/contract.md#stream-limit";
const TAKEN: &str = "docs/contract.md#session-id-taken";

fn payload(session: &str) -> Value {
    json!({
        "sessionId": session,
        "promptId": "prompt-main-menu-en",
        "playbackConfig": {
            "volumeMatrix": { "baseGain": 0.8, "peakLimit": 0.95, "compressionRatio": 0.7 },
            "interruptibility": { "allowDTMF": true, "allowVoice": false, "cutoffBehavior": "fade" },
            "codecPreference": "G711U", "bufferPreload": true, "formatVerification": true,
        },
        "sessionMetadata": {
            "createdVia": "automated_ivr_controller", "timestamp": "2026-11-27T20:15:00.000Z",
        },
    })
}

async fn send(proxy: &Proxy, session: &str) -> reqwest::Response {
    proxy.post("/api/media/sessions", &payload(session)).await
}

/// Sends as a client that repeats its requests itself.
async fn send_once(proxy: &Proxy, session: &str) -> reqwest::Response {
    let request = proxy
        .http
        .post(proxy.url("/api/media/sessions"))
        .header("x-dialbench", "1")
        .header("x-dialbench-retry", "client")
        .json(&payload(session));
    within(request.send()).await.unwrap()
}

async fn recorded(proxy: &Proxy, action: &str) -> Vec<Value> {
    proxy.audit().await.into_iter().filter(|entry| entry["action"] == action).collect()
}

#[tokio::test]
async fn a_session_is_asked_for_to_the_letter_and_recorded() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let request = proxy
        .http
        .post(proxy.url("/api/media/sessions"))
        .header("x-dialbench", "1")
        .header("x-request-id", "press-7")
        .json(&payload("s-1"));
    let answer = within(request.send()).await.unwrap();
    assert_eq!(answer.status(), 201);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        answer,
        json!({
            "id": "s-1", "confirmedBy": "answer", "playbackState": "playing", "formatVerified": true,
            "bufferPreloaded": true, "latencyMs": 7, "latencySource": "gateway",
        })
    );
    assert_eq!(fake.shared.media.posted(), [payload("s-1")]);
    assert_eq!(*fake.shared.media.counted.lock().unwrap(), ["pageSize=1&status=active"]);
    let entries = recorded(&proxy, "playback.submit").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0]["correlationId"], &entries[0]["outcome"]), (&json!("press-7"), &json!("ok")));
    let detail = &entries[0]["detail"];
    assert_eq!((&detail["sessionId"], &detail["latencyMs"]), (&json!("s-1"), &json!(7)));
    assert_eq!(detail["auditTrail"], "control_payload_submitted");
    assert_eq!(detail["stabilityRate"], 1.0);
    assert_eq!(detail["volumeMatrix"], payload("s-1")["playbackConfig"]["volumeMatrix"]);
    assert_eq!(proxy.metric(r#"dialbench_media_sessions_total{result="created"}"#).await, 1);
    assert_eq!(proxy.metric("dialbench_media_posts_waiting").await, 0);
    proxy.stop().await;
}

#[tokio::test]
async fn a_latency_that_the_gateway_does_not_give_is_measured_here() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let reply = json!({ "id": "s-1", "playbackState": "buffering", "formatVerified": true, "bufferPreloaded": false });
    let late = Scripted { status: 201, retry_after: None, body: reply.to_string() };
    fake.shared.media.script([Fate::Answer(late)]);
    let answer: Value = send(&proxy, "s-1").await.json().await.unwrap();
    assert_eq!((&answer["latencySource"], &answer["playbackState"]), (&json!("proxy"), &json!("buffering")));
    assert!(answer["latencyMs"].as_f64().unwrap() > 0.0);
    let entries = recorded(&proxy, "playback.submit").await;
    assert_eq!(entries[0]["detail"]["stabilityRate"], 0.0);
    assert_eq!(entries[0]["detail"]["latencyMs"], answer["latencyMs"]);
    proxy.stop().await;
}

#[tokio::test]
async fn every_wrong_payload_is_refused_for_the_reasons_that_the_page_gives() {
    let fake = Fake::start().await;
    let limits = Limits::default();
    let proxy = proxy(&fake, |config| config.limits.media_posts = 1_000).await;
    for WrongControl { body, fields } in wrong_controls(4, "main", &limits, 300) {
        let shown = problem(proxy.post("/api/media/sessions", &body).await, 422).await;
        let errors = ControlPayload::from_json(&body, &limits).unwrap_err();
        assert_eq!(shown["errors"], serde_json::to_value(&errors).unwrap(), "{body}");
        let named = |field: &String| errors.iter().any(|error| error.field == *field);
        assert!(fields.iter().all(named), "{body}: {fields:?} of {errors:?}");
    }
    assert_eq!((fake.shared.media.posted().len(), fake.tokens_asked()), (0, 0));
    assert!(recorded(&proxy, "playback.submit").await.is_empty());
    let right = right_controls(4, "main", &limits, 50);
    for body in &right {
        assert_eq!(proxy.post("/api/media/sessions", body).await.status(), 201, "{body}");
    }
    let sent: Vec<Value> = right.into_iter().map(sendable).collect();
    assert_eq!(fake.shared.media.posted(), sent);
    proxy.stop().await;
}

#[tokio::test]
async fn a_body_that_is_no_payload_never_reaches_cxone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let post = async |path: &str, kind: &str, body: String| {
        let request = proxy
            .http
            .post(proxy.url(path))
            .header("x-dialbench", "1")
            .header("content-type", kind)
            .body(body);
        within(request.send()).await.unwrap()
    };
    for path in ["/api/media/sessions", "/api/analytics/events"] {
        problem(post(path, "application/json", "{".into()).await, 400).await;
        problem(post(path, "text/plain", "{}".into()).await, 415).await;
        problem(post(path, "application/json", format!("\"{}\"", "x".repeat(1 << 20))).await, 413).await;
        problem(post(path, "application/json", "[1]".into()).await, 422).await;
        let unmarked = proxy.http.post(proxy.url(path)).json(&payload("s-1"));
        problem(within(unmarked.send()).await.unwrap(), 403).await;
    }
    assert_eq!((fake.shared.media.posted().len(), fake.tokens_asked()), (0, 0));
    proxy.stop().await;
}

#[tokio::test]
async fn the_gateway_s_own_errors_come_on_their_fields() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let errors = json!([
        "Unsupported codec: G711U. Gateway supports: OPUS",
        "peakLimit must exceed baseGain and not exceed 1.0",
        "Silence trim must be at least 300ms to prevent playback stutter",
        "The moon is full",
    ]);
    let refusal = Scripted { body: json!({ "errors": errors }).to_string(), ..Scripted::status(400) };
    fake.shared.media.script([Fate::Answer(refusal)]);
    let shown = problem(send(&proxy, "s-1").await, 400).await;
    let fields: Vec<&str> =
        shown["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    let expected = [
        "playbackConfig.codecPreference",
        "playbackConfig.volumeMatrix.peakLimit",
        "playbackConfig.silenceTrimMs",
        "",
    ];
    assert_eq!(fields, expected);
    assert_eq!(shown["errors"][3]["message"], "The moon is full");
    assert_eq!(shown["upstream"], json!({ "service": "media", "status": 400 }));
    for (status, passed_on) in [(404, 404), (422, 422), (418, 502)] {
        fake.shared.media.script([Fate::Answer(Scripted::status(status))]);
        problem(send(&proxy, &format!("s-{status}")).await, passed_on).await;
    }
    assert_eq!(fake.shared.media.posted().len(), 4, "no refusal is sent twice");
    let outcomes: Vec<Value> =
        recorded(&proxy, "playback.submit").await.iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["refused", "refused", "refused", "failed"]);
    // A token may be dead at a 403: a new one is tried, once.
    fake.shared.media.script((0..2).map(|_| Fate::Answer(Scripted::status(403))));
    problem(send(&proxy, "s-403").await, 403).await;
    assert_eq!(fake.shared.media.posted().len(), 6);
    proxy.stop().await;
}

#[tokio::test]
async fn a_token_that_ran_out_is_renewed_once() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    assert_eq!(send(&proxy, "s-1").await.status(), 201);
    fake.revoke();
    assert_eq!(send(&proxy, "s-2").await.status(), 201);
    assert_eq!(fake.shared.media.posted().len(), 2);
    fake.shared.media.script([Fate::Answer(Scripted::status(401)), Fate::Answer(Scripted::status(401))]);
    let shown = problem(send(&proxy, "s-3").await, 502).await;
    assert_eq!(shown["upstream"], json!({ "service": "media", "status": 401 }));
    proxy.stop().await;
}

#[tokio::test]
async fn overload_and_lost_answers_are_tried_again_with_the_same_session() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.limits.media_posts = 1_000).await;
    let media = &fake.shared.media;
    media.script([Fate::Answer(Scripted::status(429).retry_after("0")), Fate::Answer(Scripted::status(503))]);
    assert_eq!(send(&proxy, "s-1").await.status(), 201);
    assert_eq!(media.posted(), vec![payload("s-1"); 3]);

    media.script([Fate::LostBefore]);
    let answer: Value = send(&proxy, "s-2").await.json().await.unwrap();
    assert_eq!(answer["confirmedBy"], "answer", "the first one had not arrived");
    assert_eq!(media.posted().len(), 5);

    media.script([Fate::LostAfter]);
    let answer = send(&proxy, "s-3").await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "id": "s-3", "confirmedBy": "conflict" }));
    assert_eq!(media.posted().len(), 7);
    let entries = recorded(&proxy, "playback.submit").await;
    let detail = &entries[2]["detail"];
    assert_eq!((&detail["confirmedBy"], &detail["stabilityRate"]), (&json!("conflict"), &json!(0.0)));
    assert_eq!(detail["auditTrail"], "control_payload_submitted");

    media.script([Fate::Answer(Scripted { body: "<html>".into(), ..Scripted::status(201) })]);
    let shown = problem(send(&proxy, "s-5").await, 502).await;
    assert!(shown["detail"].as_str().unwrap().contains("same sessionId"), "{shown}");
    media.script([Fate::Answer(Scripted { body: "{}".into(), ..Scripted::status(200) })]);
    problem(send(&proxy, "s-6").await, 502).await;

    media.script([Fate::Answer(Scripted::status(429).retry_after("7"))]);
    let answer = send(&proxy, "s-4").await;
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(problem(answer, 429).await["retryAfterMs"], 7_000);
    proxy.stop().await;
}

#[tokio::test]
async fn a_client_that_repeats_itself_has_its_session_sent_once() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let media = &fake.shared.media;
    for (number, status) in [429, 503, 500].into_iter().enumerate() {
        media.script([Fate::Answer(Scripted::status(status))]);
        let passed_on = if status == 500 { 502 } else { status };
        problem(send_once(&proxy, &format!("s-{number}")).await, passed_on).await;
        assert_eq!(media.posted().len(), number + 1);
    }
    media.script([Fate::LostAfter]);
    problem(send_once(&proxy, "s-9").await, 502).await;
    // The same session again: it is there, and nobody else's.
    let answer = send_once(&proxy, "s-9").await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.json::<Value>().await.unwrap()["confirmedBy"], "conflict");
    assert_eq!(media.made.lock().unwrap().len(), 1);
    proxy.stop().await;
}

#[tokio::test]
async fn a_full_gateway_is_not_asked_for_more() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.limits.media_streams = 20).await;
    let media = &fake.shared.media;
    media.active.store(20, Ordering::SeqCst);
    let shown = problem(send(&proxy, "s-1").await, 409).await;
    assert_eq!((&shown["type"], &shown["upstream"]), (&json!(LIMIT), &json!({ "service": "media" })));
    assert!(shown["detail"].as_str().unwrap().contains("20"), "{shown}");
    assert!(media.posted().is_empty());
    media.active.store(19, Ordering::SeqCst);
    assert_eq!(send(&proxy, "s-1").await.status(), 201);
    let answer: Value = proxy.get("/api/media/sessions?status=active").await.json().await.unwrap();
    assert_eq!(answer, json!({ "totalCount": 19 }));
    problem(proxy.get("/api/media/sessions?status=ended").await, 422).await;
    assert_eq!(proxy.metric(r#"dialbench_media_sessions_total{result="stream_limit"}"#).await, 1);
    proxy.stop().await;
}

#[tokio::test]
async fn a_conflict_means_a_full_gateway_or_a_taken_identifier() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.limits.media_posts = 1_000).await;
    let media = &fake.shared.media;
    let conflict = || {
        Fate::Answer(Scripted { body: json!({ "message": "conflict" }).to_string(), ..Scripted::status(409) })
    };
    let count = |count: u64| Scripted {
        status: 200,
        retry_after: None,
        body: json!({ "totalCount": count }).to_string(),
    };
    // Full by the time that it is asked.
    media.script([conflict()]);
    media.script_counts([count(49), count(50)]);
    let shown = problem(send(&proxy, "s-1").await, 409).await;
    assert_eq!((&shown["type"], &shown["upstream"]["status"]), (&json!(LIMIT), &json!(409)));
    // Not full: somebody else's.
    media.script([conflict()]);
    media.script_counts([count(3), count(3)]);
    let shown = problem(send(&proxy, "s-2").await, 409).await;
    assert_eq!(shown["type"], TAKEN);
    // One of one's own among those that make it full.
    media.script([Fate::LostAfter]);
    media.script_counts([count(49)]);
    problem(send_once(&proxy, "s-3").await, 502).await;
    let taken = Scripted {
        body: json!({ "message": "Session s-3 already exists" }).to_string(),
        ..Scripted::status(409)
    };
    media.script([Fate::Answer(taken)]);
    media.script_counts([count(50)]);
    assert_eq!(send_once(&proxy, "s-3").await.json::<Value>().await.unwrap()["confirmedBy"], "conflict");
    // Nobody can tell.
    media.script([conflict()]);
    media.script_counts([count(0), Scripted::status(404)]);
    let shown = problem(send(&proxy, "s-4").await, 409).await;
    assert_eq!(shown["type"], "about:blank");
    assert_eq!(media.posted().len(), 5, "no conflict is sent twice");
    // Where the number is not known beforehand, the gateway decides.
    media.script_counts([Scripted::status(500)]);
    assert_eq!(send(&proxy, "s-5").await.status(), 201);
    proxy.stop().await;
}

#[tokio::test]
async fn five_posts_go_in_a_second_and_the_rest_wait_in_line() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let media = &fake.shared.media;
    media.script((0..12).map(|_| Fate::Late(Duration::from_millis(300))));
    let sending: Vec<_> = (0..12)
        .map(|number| {
            let request = proxy
                .http
                .post(proxy.url("/api/media/sessions"))
                .header("x-dialbench", "1")
                .json(&payload(&format!("s-{number}")));
            tokio::spawn(request.send())
        })
        .collect();
    for sent in sending {
        assert_eq!(within(sent).await.unwrap().unwrap().status(), 201);
    }
    let times: Vec<_> = media.posts.lock().unwrap().iter().map(|(_, at)| *at).collect();
    for window in times.windows(6) {
        assert!(window[5] - window[0] >= Duration::from_secs(1), "{:?}", window[5] - window[0]);
    }
    assert!(media.most_under_way.load(Ordering::SeqCst) <= 5);
    proxy.stop().await;
}

#[tokio::test]
async fn a_queue_has_an_end() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        config.limits.media_posts = 1;
        config.tuning.max_media_queue = 2;
    })
    .await;
    let media = &fake.shared.media;
    media.script((0..3).map(|_| Fate::Late(Duration::from_millis(400))));
    let post = |number: usize| {
        let request = proxy
            .http
            .post(proxy.url("/api/media/sessions"))
            .header("x-dialbench", "1")
            .json(&payload(&format!("s-{number}")));
        tokio::spawn(request.send())
    };
    let sending: Vec<_> = (0..3).map(post).collect();
    proxy.metric_reaches("dialbench_media_posts_waiting", 2).await;
    let answer = send_once(&proxy, "s-9").await;
    assert_eq!(answer.headers()["retry-after"], "3");
    let shown = problem(answer, 429).await;
    assert!(shown.get("upstream").is_none(), "it is the proxy's own queue: {shown}");
    for sent in sending {
        assert_eq!(within(sent).await.unwrap().unwrap().status(), 201);
    }
    assert_eq!(media.posted().len(), 3);
    proxy.stop().await;
}

fn event() -> Value {
    json!({
        "eventType": "IVR_PLAYBACK_CONTROL", "sessionId": "s-1", "timestamp": "2026-11-27T20:15:00.000Z",
        "metrics": { "latencyMs": 7, "formatVerified": true, "bufferPreloaded": true, "playbackState": "playing" },
    })
}

#[tokio::test]
async fn an_event_goes_to_analytics_and_a_copy_to_the_webhook_alone() {
    let fake = Fake::start().await;
    let webhook = format!("http://{}/hook", fake.address);
    let proxy = proxy(&fake, |config| config.analytics_webhook = Some(webhook.parse().unwrap())).await;
    let media = &fake.shared.media;
    let answer = proxy.post("/api/analytics/events", &event()).await;
    assert_eq!(answer.status(), 202);
    let receipt: Value = answer.json().await.unwrap();
    assert_eq!(
        receipt,
        json!({ "sessionId": "s-1", "timestamp": "2026-11-27T20:15:00.000Z", "webhook": "sent" })
    );
    assert_eq!(*media.events.lock().unwrap(), [event()]);
    let copies = media.copies.lock().unwrap().clone();
    assert_eq!(copies[0].0, event());
    assert!(copies[0].1.get("authorization").is_none(), "the webhook gets no token");

    let mut untimed = event();
    untimed["timestamp"] = json!("");
    let receipt: Value = proxy.post("/api/analytics/events", &untimed).await.json().await.unwrap();
    let time = media.events.lock().unwrap()[1]["timestamp"].as_str().unwrap().to_owned();
    assert_eq!(receipt["timestamp"], time);
    assert!(time.parse::<jiff::Timestamp>().is_ok());

    // Its failure is a warning.
    media.webhook_answers.lock().unwrap().push_back(Scripted::status(500));
    let answer = proxy.post("/api/analytics/events", &event()).await;
    assert_eq!(answer.status(), 202);
    let receipt: Value = answer.json().await.unwrap();
    assert_eq!(receipt["webhook"], "failed");
    assert!(receipt["warnings"][0].as_str().unwrap().contains("HTTP 500"), "{receipt}");
    // What CXone did not take is not copied.
    media.event_answers.lock().unwrap().extend(vec![Scripted::status(403); 2]);
    problem(proxy.post("/api/analytics/events", &event()).await, 403).await;
    assert_eq!(media.copies.lock().unwrap().len(), 3);
    let entries = recorded(&proxy, "playback.event").await;
    let outcomes: Vec<&str> = entries.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "ok", "ok", "refused"]);
    assert!(entries[2]["detail"]["warning"].as_str().unwrap().contains("webhook"), "{}", entries[2]);
    assert_eq!(
        (&entries[0]["detail"]["webhook"], &entries[0]["detail"]["latencyMs"]),
        (&json!("sent"), &json!(7))
    );
    assert_eq!(proxy.metric(r#"dialbench_webhook_copies_total{result="failed"}"#).await, 1);
    let profile: Value = proxy.get("/api/profile").await.json().await.unwrap();
    assert_eq!(profile["analyticsWebhookConfigured"], true);
    proxy.stop().await;
}

#[tokio::test]
async fn without_a_webhook_an_event_goes_to_analytics_alone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let receipt: Value = proxy.post("/api/analytics/events", &event()).await.json().await.unwrap();
    assert_eq!((&receipt["webhook"], receipt.get("warnings")), (&json!("notConfigured"), None));
    let wrong = json!({ "eventType": "OTHER", "metrics": { "latencyMs": "7" } });
    let shown = problem(proxy.post("/api/analytics/events", &wrong).await, 422).await;
    assert_eq!(shown["errors"][0]["field"], "eventType");
    assert_eq!(fake.shared.media.events.lock().unwrap().len(), 1);
    assert!(fake.shared.media.copies.lock().unwrap().is_empty());
    let profile: Value = proxy.get("/api/profile").await.json().await.unwrap();
    assert_eq!(profile["analyticsWebhookConfigured"], false);
    proxy.stop().await;
}

#[tokio::test]
async fn an_event_is_not_told_twice_where_it_may_have_been_heard() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |_| {}).await;
    let media = &fake.shared.media;
    media.event_answers.lock().unwrap().extend([Scripted::status(429), Scripted::status(503)]);
    problem(proxy.post("/api/analytics/events", &event()).await, 503).await;
    assert_eq!(media.events.lock().unwrap().len(), 2, "again after 429, and not after 503");
    proxy.stop().await;
}

#[tokio::test]
async fn without_media_the_routes_say_what_is_missing_and_prompts_are_the_sandbox_s_alone() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| {
        let media = config.services.get_mut(&proxy::config::Service::Media).unwrap();
        media.missing = vec!["service.media.base_url".into()];
    })
    .await;
    let shown = problem(send(&proxy, "s-1").await, 503).await;
    assert!(shown["detail"].as_str().unwrap().contains("service.media.base_url"), "{shown}");
    problem(proxy.get("/api/media/sessions").await, 503).await;
    problem(proxy.post("/api/analytics/events", &event()).await, 503).await;
    for path in ["/api/media/prompts", "/api/media/prompts/x/audio", "/api/media/sessions/s-1/audio"] {
        let shown = problem(proxy.get(path).await, 409).await;
        assert!(shown["detail"].as_str().unwrap().contains("stand-in"), "{shown}");
    }
    let upload = proxy.http.put(proxy.url("/api/media/prompts/x")).header("x-dialbench", "1").body("RIFF");
    problem(within(upload.send()).await.unwrap(), 409).await;
    proxy.stop().await;
}
