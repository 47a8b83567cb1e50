//! A run and its events, for the tests of its views.

use base::ids::SimulationId;
use leptos::prelude::*;
use scenario::dialer::{DialerDraft, Dispatch};
use wire::{
    api::Profile,
    cxone::{DialerEvent, DialerSimulation, DialerState},
};

use super::*;
use crate::{
    dialer::state::FollowedRun,
    testing::{FakeEvents, Page, mount, text, until, until_eq},
    ui::Notice,
};

/// Half of the calls are answered, half of the lines are busy.
pub(super) fn run(simulation: &str, calls: u64) -> FollowedRun {
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

pub(super) fn id(simulation: &str) -> SimulationId {
    simulation.parse().expect("an identifier")
}

/// The same run once CXone says that it is completed, with so many calls.
pub(super) fn over(run: &FollowedRun, calls: u64) -> FollowedRun {
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
pub(super) fn page() -> (Page, RwSignal<Option<FollowedRun>>) {
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

pub(super) fn event(call: &str, state: &str, second: u32, outcome: &str) -> String {
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
pub(super) fn send_calls(events: &FakeEvents, from: u64, count: u64, outcome: &str) {
    for call in from..from + count {
        let name = format!("c{call}");
        events.send("call", 2 * call + 1, &event(&name, "dialing", 1, ""));
        events.send("call", 2 * call + 2, &event(&name, "completed", 4, outcome));
    }
}

pub(super) async fn started(events: &FakeEvents, paths: usize) {
    until("the stream of events", || events.paths().len() == paths).await;
    events.open();
}

pub(super) fn cells(page: &Page, table: &str, row: &str) -> Vec<String> {
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
pub(super) async fn until_cells(page: &Page, table: &str, row: &str, wanted: &[&str]) {
    until_eq(Vec::<&str>::new(), || {
        let cells = cells(page, table, row);
        let is_missing = |wanted: &&&str| !cells.iter().any(|cell| cell == **wanted);
        wanted.iter().filter(is_missing).copied().collect::<Vec<_>>()
    })
    .await;
}
