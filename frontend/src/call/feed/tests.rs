use wasm_bindgen_test::wasm_bindgen_test;

use serde_json::json;

use super::*;
use crate::call::{
    context::CallContext,
    latencies::Measure,
    testing::{INTERACTION, digit, dtmf, event, follow, head, mount_in_call, receive},
};

fn call() -> (crate::testing::Page, CallContext) {
    let (page, context) = mount_in_call(|| ());
    follow(context);
    (page, context)
}

fn rows(context: CallContext, kind: RowKind) -> Vec<(Instant, String)> {
    context.store.rows.with_untracked(|rows| {
        rows.iter().filter(|row| row.kind == kind).map(|row| (row.at, row.text.clone())).collect()
    })
}

#[wasm_bindgen_test]
fn a_live_digit_counts_when_it_comes_whatever_cxone_s_clock_says() {
    let (_page, context) = call();
    receive(context, &head(0));
    let before = clock::now();
    receive(context, &event(1, &dtmf('2', 2_000)));
    let [(at, _)] = &rows(context, RowKind::Digit)[..] else { panic!("one digit") };
    assert!(*at >= before, "{:?} early", before - *at);
    let entered = rows(context, RowKind::Menu).pop().unwrap();
    assert!(
        entered.0 >= before && entered.1.contains("Support menu") | entered.1.contains("support"),
        "{entered:?}"
    );
    let waiting = context.store.position.get_untracked().unwrap().waiting.unwrap();
    assert!(waiting.since >= before, "the timeout would end {:?} early", before - waiting.since);
}

#[wasm_bindgen_test]
fn a_replayed_digit_counts_as_long_ago_as_cxone_s_clock_says() {
    let (_page, context) = call();
    receive(context, &head(0));
    // CXone's clock is a minute behind the page's.
    receive(context, &event(1, &dtmf('9', 60_000)));
    let before = clock::now();
    context.driver().socket_event(SocketEvent::Closed { code: 1006, received: 0 });
    receive(context, &head(2));
    receive(context, &event(2, &dtmf('2', 63_000)));
    receive(context, &event(3, &dtmf('1', 60_000)));
    let digits = rows(context, RowKind::Digit);
    let ago = (before - digits[1].0).as_secs_f64();
    assert!((2.5..=3.1).contains(&ago), "replayed, {ago} s ago");
    assert!(digits[2].0 >= before, "live again");
}

#[wasm_bindgen_test]
fn timeouts_wait_for_the_end_of_what_is_replayed_after_a_reload() {
    let (_page, context) = call();
    let driver = context.driver();
    {
        let mut history = driver.history.borrow_mut();
        history.arrived("e", 1);
        history.seen = 0;
        history.since = 0;
    }
    driver.replay_to.set(Some(1));
    receive(context, &head(3));
    driver.pump();
    for (offset, digit) in [(1, '2'), (2, '1')] {
        receive(context, &event(offset, &dtmf(digit, 0)));
        assert_eq!(driver.replay_to.get(), Some(3), "after {offset}");
    }
    receive(
        context,
        &json!({ "type": "gap", "epoch": "e", "from": 3, "to": 3, "reason": "upstream_reconnect" }),
    );
    assert_eq!(driver.replay_to.get(), None);
    assert!(
        rows(context, RowKind::Problem)[0].1.starts_with("gap, events 3 to 3: CXone's connection was lost")
    );
}

#[wasm_bindgen_test]
fn an_event_counts_once_and_another_call_s_is_only_shown() {
    let (_page, context) = call();
    for _ in 0..2 {
        receive(context, &event(7, &dtmf('2', 0)));
    }
    let mut other = dtmf('1', 0);
    other["interactionId"] = json!("interaction-2");
    receive(context, &event(8, &other));
    let digits: Vec<String> = rows(context, RowKind::Digit).into_iter().map(|(_, text)| text).collect();
    assert_eq!(digits, ["2", "1 (another call: interaction-2)"]);
    assert_eq!(context.store.last_action.get_untracked().as_deref(), Some("support"));
}

#[wasm_bindgen_test]
fn a_digit_that_comes_back_is_measured_from_its_key() {
    let (_page, context) = call();
    let store = context.store;
    for state in [CallState::Connecting, CallState::Streaming] {
        store.set_call_state(clock::now(), state);
    }
    context.press(digit('2'));
    context.release();
    receive(context, &event(1, &dtmf('2', 0)));
    assert_eq!(store.dialled.with_untracked(|dialled| dialled.figures.heard), 1);
    let measured = store.latencies.with_untracked(|all| all.figures(Measure::KeyToEvent));
    assert!(measured.is_some_and(|(last, ..)| (0.0..1_000.0).contains(&last)), "{measured:?}");
}

#[wasm_bindgen_test]
fn cxone_s_place_in_the_flow_is_followed_and_its_end_ends_the_call() {
    let (_page, context) = call();
    let store = context.store;
    for state in [CallState::Connecting, CallState::Streaming] {
        store.set_call_state(clock::now(), state);
    }
    let says = |offset: u64, state: &str, more: &serde_json::Value| {
        let mut said = json!({
            "eventType": "interaction", "interactionId": INTERACTION, "state": state,
            "timestamp": clock::rfc3339(clock::now()),
        });
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        receive(context, &event(offset, &said));
    };
    says(1, "streaming", &json!({ "activity": "node_entered", "nodeId": "support" }));
    assert_eq!(rows(context, RowKind::Problem), [], "a digit explains it, whose report is late");
    says(2, "streaming", &json!({ "activity": "node_entered", "nodeId": "agent" }));
    let problems: Vec<String> = rows(context, RowKind::Problem).into_iter().map(|(_, text)| text).collect();
    assert_eq!(problems, ["CXone is at Agent, not at Support menu: following it"]);
    says(3, "terminated", &json!({}));
    assert_eq!(store.call.get_untracked(), CallState::Terminated);
    assert!(context.driver().history.borrow().call.is_none());
}

#[wasm_bindgen_test]
fn what_cannot_be_read_is_shown_with_its_text() {
    let (_page, context) = call();
    context.driver().socket_event(SocketEvent::Text("no JSON".into()));
    receive(context, &event(1, &json!({ "eventType": "weather" })));
    context.driver().socket_event(SocketEvent::Binary(12));
    let shown = context.store.rows.with_untracked(|rows| {
        rows.iter()
            .filter(|row| row.kind == RowKind::Problem)
            .map(|row| (row.raw.clone(), row.text.clone()))
            .collect::<Vec<_>>()
    });
    assert_eq!(shown[0].0.as_deref(), Some("no JSON"));
    assert_eq!(shown[1].0.as_deref(), Some(r#"{"eventType":"weather"}"#));
    assert_eq!(shown[2].1, "12 bytes of binary where text belongs");
}
