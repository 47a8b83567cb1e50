use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use wire::cxone::{DialerError, DialerSimulation};

use super::testing::{event, over, page, run, send_calls, started, until_cells};
use crate::{
    dialer::state::FollowedRun,
    testing::{FakeEvents, until},
};

#[wasm_bindgen_test]
async fn events_become_outcomes_and_calls_in_any_order_and_however_often() {
    let events = FakeEvents::start();
    let (page, shown) = page();
    page.shows("region", "Simulation progress", "No run is shown.").await;
    let accepted = run("s1", 40);
    shown.set(Some(FollowedRun { simulation: None, ..accepted.clone() }));
    page.shows("region", "Simulation progress", "not accepted yet").await;
    assert!(events.paths().is_empty(), "without a simulation there are no events");
    shown.set(Some(accepted.clone()));
    started(&events, 1).await;
    assert_eq!(events.paths(), ["/api/dialer/events?simulation=s1&after=0"]);
    send_calls(&events, 0, 19, "answered");
    send_calls(&events, 19, 20, "busy");
    // The last event of the last call comes before its first, and twice.
    for _ in 0..2 {
        events.send("call", 90, &event("c39", "completed", 4, "answered"));
        events.send("call", 91, &event("c39", "dialing", 1, ""));
    }
    events.send("call", 92, "this is no event");
    events.send("call", 93, &event("c1", "completed", 4, "answered").replace("s1", "another"));
    until_cells(&page, "Outcomes of the calls", "Answered", &["20", "50.0 %", "14–26", "yes"]).await;
    until_cells(&page, "Outcomes of the calls", "Busy", &["20", "50.0 %"]).await;
    until_cells(&page, "Outcomes of the calls", "Voicemail", &["0", "0.0 %", "0–0", "yes"]).await;
    page.shows("region", "Simulation progress", "40 of 40").await;
    page.shows("region", "Simulation progress", "1 event could not be read").await;
    page.shows("region", "Verdict", "not yet. The run goes on").await;
    page.one("img", "Histogram of 40 durations: p50 4.0 s, p95 4.0 s, p99 4.0 s").await;
    page.shows("region", "Calls over time", "at most 40 calls at once").await;
    assert_eq!(page.attribute("table", "Calls", "aria-rowcount").await.as_deref(), Some("41"));
    assert!(!events.is_closed());
    assert!(page.is_disabled("button", "Download JUnit").await);
    shown.set(Some(over(&accepted, 40)));
    page.shows("region", "Verdict", "passed. 4 checks held.").await;
    assert!(events.is_closed(), "nothing more is waited for");
    page.shows("region", "Verdict", "chi-squared test").await;
    until_cells(&page, "Checks", "completion rate", &["100 % (40 of 40)", "yes"]).await;
    page.shows("region", "Simulation progress", "closed, the run is over").await;
    assert!(!page.is_disabled("button", "Download JUnit").await);
}

#[wasm_bindgen_test]
async fn a_wrong_distribution_fails() {
    let events = FakeEvents::start();
    let (page, shown) = page();
    let begun = run("s1", 40);
    shown.set(Some(over(&begun, 40)));
    started(&events, 1).await;
    send_calls(&events, 0, 31, "answered");
    send_calls(&events, 31, 8, "busy");
    send_calls(&events, 39, 1, "abducted");
    page.shows("status", "Verdict of the run", "failed. 1 of 4 checks did not hold.").await;
    until_cells(&page, "Checks", "distribution", &["p = 0 (an outcome that cannot occur)", "no"]).await;
    until_cells(&page, "Outcomes of the calls", "Busy", &["8", "20.0 %", "14–26", "no"]).await;
    until_cells(&page, "Outcomes of the calls", "Other or none", &["1", "2.5 %", "no"]).await;
    page.shows("region", "Verdict", "Total variation distance 30.0 %").await;
}

#[wasm_bindgen_test]
async fn a_call_of_whose_end_no_event_came_is_said_to_be_one() {
    let events = FakeEvents::start();
    let (page, shown) = page();
    let begun = run("s1", 10);
    shown.set(Some(begun.clone()));
    started(&events, 1).await;
    send_calls(&events, 0, 4, "answered");
    send_calls(&events, 4, 4, "busy");
    events.send("call", 80, &event("lost", "ringing", 2, ""));
    let ended = over(&begun, 10);
    let error = DialerError { code: "LINE_DOWN".into(), message: "no line was free".into() };
    let latest = ended.latest.clone().map(|latest| DialerSimulation { errors: vec![error], ..latest });
    shown.set(Some(FollowedRun { latest, ..ended }));
    page.shows("region", "Verdict", "the last events of its calls are waited for").await;
    page.shows("region", "Simulation progress", "counted 10 attempted and 10 completed").await;
    page.shows("list", "Errors of the simulation", "LINE_DOWN no line was free").await;
    // It is waited for, then not any more.
    page.shows(
        "status",
        "Calls without an end",
        "1 call: no final event came. 1 call: no event came at all.",
    )
    .await;
    assert!(events.is_closed());
    page.shows("region", "Verdict", "2 calls without a final event").await;
    until_cells(&page, "Checks", "completion rate", &["80 % (8 of 10)", "no"]).await;
    page.type_into("searchbox", "Filter calls", "no final event").await;
    page.one("button", "Show call lost").await;
    until_cells(&page, "Calls", "lost", &["ringing – no final event came"]).await;
}

#[wasm_bindgen_test]
async fn another_run_begins_with_nothing() {
    let events = FakeEvents::start();
    let (page, shown) = page();
    let begun = run("s1", 2);
    shown.set(Some(over(&begun, 2)));
    started(&events, 1).await;
    send_calls(&events, 0, 2, "answered");
    page.shows("region", "Outcomes", "2 calls over").await;
    shown.set(Some(run("s2", 5)));
    started(&events, 2).await;
    page.shows("region", "Outcomes", "0 calls over").await;
    page.shows("region", "Simulation progress", "0 of 5").await;
    shown.set(None);
    until("no stream", || events.is_closed()).await;
}

#[wasm_bindgen_test]
async fn of_twenty_thousand_events_few_rows_are_in_the_document() {
    const CALLS: u64 = 10_000;
    let events = FakeEvents::start();
    let (page, shown) = page();
    let begun = run("s1", CALLS);
    shown.set(Some(begun.clone()));
    started(&events, 1).await;
    send_calls(&events, 0, CALLS / 2, "answered");
    send_calls(&events, CALLS / 2, CALLS / 2, "busy");
    shown.set(Some(over(&begun, CALLS)));
    page.shows("status", "Verdict of the run", "passed").await;
    let rows = page.attribute("table", "Calls", "aria-rowcount").await;
    assert_eq!(rows.as_deref(), Some("10001"));
    assert!(page.with_role("rowheader").len() < 250, "{} rows", page.with_role("rowheader").len());
    page.type_into("searchbox", "Filter calls", "c9999").await;
    page.one("button", "Show call c9999").await;
    page.click("button", "Show call c9999").await;
    page.shows("status", "Chosen call", "c9999: completed, Busy, 4000 ms after it was begun").await;
}

#[wasm_bindgen_test]
async fn a_lost_stream_goes_on_where_it_was() {
    let events = FakeEvents::start();
    let (page, shown) = page();
    let begun = run("s1", 4);
    shown.set(Some(begun.clone()));
    started(&events, 1).await;
    page.shows("region", "Simulation progress", "Event stream open").await;
    send_calls(&events, 0, 2, "answered");
    events.lose();
    page.shows("region", "Simulation progress", "reconnecting: the connection was lost").await;
    events.refuse();
    page.shows("region", "Simulation progress", "reconnecting: the server does not send events now").await;
    started(&events, 2).await;
    assert_eq!(events.paths()[1], "/api/dialer/events?simulation=s1&after=4");
    page.shows("region", "Simulation progress", "Event stream open").await;
    send_calls(&events, 1, 3, "busy");
    shown.set(Some(over(&begun, 4)));
    page.shows("region", "Outcomes", "4 calls over").await;
    until_cells(&page, "Outcomes of the calls", "Answered", &["2"]).await;
}
