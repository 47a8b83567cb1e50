use base::ids::SimulationId;
use leptos::prelude::*;
use scenario::dialer::{DialerDraft, Dispatch};
use wasm_bindgen_test::wasm_bindgen_test;
use wire::{
    api::{Profile, QaExport, QaExported},
    cxone::{DialerError, DialerEvent, DialerSimulation, DialerState, MetricsAggregation},
};

use super::*;
use crate::{
    dialer::state::FollowedRun,
    testing::{Answer, FakeEvents, FakeServer, Page, mount, text, until, until_eq},
    ui::Notice,
};

/// Half of the calls are answered, half of the lines are busy.
fn run(simulation: &str, calls: u64) -> FollowedRun {
    let draft = DialerDraft {
        campaign_id: "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f".into(),
        flow_id: "support-line".into(),
        answer: "0.5".into(),
        busy: "0.5".into(),
        no_answer: "0".into(),
        dial_tone: "0".into(),
        calls: calls.to_string(),
        compliance_bypass: true,
        ..DialerDraft::default()
    };
    let dispatch = Dispatch {
        key: format!("key-of-{simulation}").parse().expect("an identifier"),
        timestamp: "2026-11-28T00:00:00Z".into(),
        draft,
    };
    FollowedRun { dispatch, simulation: Some(id(simulation)), latest: None, is_over: false }
}

fn id(simulation: &str) -> SimulationId {
    simulation.parse().expect("an identifier")
}

/// The same run once CXone says that it is completed, with so many calls.
fn over(run: &FollowedRun, calls: u64) -> FollowedRun {
    let simulation = run.simulation.clone().expect("it was accepted");
    let latest = DialerSimulation {
        calls_attempted: calls,
        calls_completed: calls,
        compliance_bypassed: Some(true),
        ..DialerSimulation::new(simulation, DialerState::completed())
    };
    FollowedRun { latest: Some(latest), is_over: true, ..run.clone() }
}

/// Views of a run, and the run that they show.
fn page() -> (Page, RwSignal<Option<FollowedRun>>) {
    let shown = RwSignal::new(None);
    let page = mount(move || {
        let following = Following::new(shown);
        let notice = RwSignal::new(None::<Notice>);
        view! {
            <Progress following /><Outcomes following /><LatencyHistogram following /><Activity following />
            <Verdict following /><PostMetrics following />
            <ExportPanel following profile=Signal::derive(|| None::<Profile>) notice /><Calls following notice />
        }
    });
    (page, shown)
}

fn event(call: &str, state: &str, second: u32, outcome: &str) -> String {
    let event = DialerEvent {
        simulation_id: id("s1"),
        call_id: Some(call.parse().expect("an identifier")),
        state: state.into(),
        timestamp: format!("2026-11-28T00:{:02}:{:02}Z", second / 60 % 60, second % 60),
        outcome: outcome.into(),
        duration_ms: u64::from(second % 60) * 1_000,
    };
    serde_json::to_string(&event).expect("an event is JSON")
}

/// Sends calls from their first event to their last.
fn send_calls(events: &FakeEvents, from: u64, count: u64, outcome: &str) {
    for call in from..from + count {
        let name = format!("c{call}");
        events.send("call", 2 * call + 1, &event(&name, "dialing", 1, ""));
        events.send("call", 2 * call + 2, &event(&name, "completed", 4, outcome));
    }
}

async fn started(events: &FakeEvents, paths: usize) {
    until("the stream of events", || events.paths().len() == paths).await;
    events.open();
}

fn cells(page: &Page, table: &str, row: &str) -> Vec<String> {
    let tables = page.all("table", table);
    let rows = tables.first().map(|table| table.query_selector_all("tbody tr").expect("a selector"));
    let rows = rows.into_iter().flat_map(|rows| (0..rows.length()).filter_map(move |at| rows.item(at)));
    rows.map(wasm_bindgen::JsCast::unchecked_into::<web_sys::Element>)
        .find(|found| text(found).starts_with(row))
        .map(|found| {
            let cells = found.query_selector_all("td").expect("a selector");
            (0..cells.length())
                .filter_map(|at| cells.item(at))
                .map(|cell| text(&wasm_bindgen::JsCast::unchecked_into(cell)))
                .collect()
        })
        .unwrap_or_default()
}

/// Waits until a row's cells have these texts among them.
async fn until_cells(page: &Page, table: &str, row: &str, wanted: &[&str]) {
    until_eq(Vec::<&str>::new(), || {
        let cells = cells(page, table, row);
        let is_missing = |wanted: &&&str| !cells.iter().any(|cell| cell == **wanted);
        wanted.iter().filter(is_missing).copied().collect::<Vec<_>>()
    })
    .await;
}

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
async fn of_a_hundred_thousand_events_few_rows_are_in_the_document() {
    const CALLS: u64 = 50_000;
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
    assert_eq!(rows.as_deref(), Some("50001"));
    assert!(page.with_role("rowheader").len() < 250, "{} rows", page.with_role("rowheader").len());
    page.type_into("searchbox", "Filter calls", "c49999").await;
    page.one("button", "Show call c49999").await;
    page.click("button", "Show call c49999").await;
    page.shows("status", "Chosen call", "c49999: completed, Busy, 4000 ms after it was begun").await;
}

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
