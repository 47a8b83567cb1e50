use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use wire::{
    api::{QaExport, QaExported},
    cxone::MetricsAggregation,
};

use super::{
    Compare, Following,
    testing::{event, id, over, page, run, send_calls, started, until_cells},
};
use crate::testing::{Answer, FakeEvents, FakeServer, mount};

#[wasm_bindgen_test]
async fn metrics_are_posted_and_never_divided_by_none() {
    let events = FakeEvents::start();
    let server = FakeServer::start(|_| async { Answer::json(&()) });
    let (page, shown) = page();
    let begun = run("s1", 2);
    shown.set(Some(begun.clone()));
    started(&events, 1).await;
    assert!(page.is_disabled("button", "Post metrics").await);
    // It ends without a call.
    shown.set(Some(over(&begun, 0)));
    page.shows("region", "Verdict", "failed").await;
    page.click("button", "Post metrics").await;
    page.shows("status", "Answer to the metrics", "Posted: HTTP 200.").await;
    let request = server.requests().pop().expect("a request");
    assert_eq!((&*request.method, &*request.path), ("POST", "/api/dialer/metrics"));
    let posted: MetricsAggregation = serde_json::from_str(&request.body).expect("metrics");
    assert_eq!((posted.simulation_id, posted.metrics.total_calls), (id("s1"), 0));
    assert!(posted.metrics.average_latency_ms.abs() < f64::EPSILON);
}

#[wasm_bindgen_test]
async fn two_runs_stand_side_by_side() {
    let events = FakeEvents::start();
    let (shown, other) = (RwSignal::new(None), RwSignal::new(None));
    let page = mount(move || {
        view! { <Compare shown=Following::new(shown) other=Following::new(other) /> }
    });
    shown.set(Some(over(&run("s1", 40), 40)));
    page.shows("region", "Comparison", "compare another with it").await;
    started(&events, 1).await;
    send_calls(&events, 0, 20, "answered");
    send_calls(&events, 20, 20, "busy");
    other.set(Some(over(&run("s2", 40), 40)));
    started(&events, 2).await;
    for call in 0..40 {
        let outcome = if call < 30 { "answered" } else { "busy" };
        let event = event(&format!("d{call}"), "completed", 6, outcome).replace("\"s1\"", "\"s2\"");
        events.send("call", call + 1, &event);
    }
    until_cells(&page, "Two runs", "Answered", &["50.0 % (20)", "75.0 % (30)", "+25.0 points"]).await;
    until_cells(&page, "Two runs", "p95", &["4.0 s", "6.0 s"]).await;
    page.shows(
        "status",
        "Difference of the runs",
        "more than chance explains: p = 0.0209 (chi-squared test)",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_run_that_has_ended_is_exported_to_qa() {
    let events = FakeEvents::start();
    let server = FakeServer::start(|_| async {
        Answer::json(&QaExported {
            status: 201,
            answer: "noted".into(),
            attempts: 1,
            duration_ms: 9,
            audit_correlation: "c".into(),
            timestamp: "2026-11-28T00:01:00Z".into(),
        })
    });
    let (page, shown) = page();
    let begun = run("s1", 40);
    shown.set(Some(begun.clone()));
    started(&events, 1).await;
    page.click("button", "Export to QA").await;
    page.shows("status", "QA platform's answer", "wait for the verdict").await;
    send_calls(&events, 0, 20, "answered");
    send_calls(&events, 20, 20, "busy");
    shown.set(Some(over(&begun, 40)));
    page.shows("region", "Verdict", "passed").await;
    page.type_into("textbox", "Test identifier", "nightly").await;
    page.click("button", "Export to QA").await;
    page.shows("status", "QA platform's answer", "HTTP 201 after 9 ms").await;
    let posted: QaExport = serde_json::from_str(&server.requests()[0].body).expect("an export");
    assert_eq!(
        (&*posted.test_id, &*posted.simulation_id, &*posted.flow_id),
        ("nightly", "s1", "support-line")
    );
    assert!((posted.accuracy_score - 1.0).abs() < 1e-9 && (posted.efficiency_score - 1.0).abs() < 1e-9);
    assert_eq!(posted.duration_ms, 4_000, "from the first call's beginning to the last event");
}
