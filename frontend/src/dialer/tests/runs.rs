//! Runs: under one key each, five at a time, over a reload.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::until_eq;

async fn until_states(page: &Page, states: &[&str]) {
    until_eq(states.to_vec(), || column(page, "State")).await;
}

fn refuse(answers: Vec<Answer>) {
    DIALER.with_borrow_mut(|dialer| dialer.refusals = answers);
}

#[wasm_bindgen_test]
async fn a_submission_that_may_have_arrived_is_asked_for_again_under_its_key() {
    let server = start();
    let page = filled().await;
    let unknown = Answer::problem(504, "Not known")
        .with("type", scenario::dialer::SUBMISSION_UNKNOWN)
        .with("retryAfterMs", 300);
    refuse(vec![unknown]);
    page.click("button", "Start simulation").await;
    until("a word about it", || page.text().contains("HTTP 504")).await;
    until_states(&page, &["running"]).await;
    complete(1);
    until_states(&page, &["completed"]).await;
    let sent = submitted(&server);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1], "key and body are the same");
    assert_eq!(sent[0].0.len(), 36, "{}", sent[0].0);
    page.shows("region", "Simulation progress", "completed").await;
    assert_eq!(column(&page, "Compliance bypass"), ["in effect"]);
    page.shows("status", "Expected time", "as in run 1").await;
}

#[wasm_bindgen_test]
async fn each_press_is_a_simulation_of_its_own() {
    let server = start();
    let page = filled().await;
    page.click("button", "Start simulation").await;
    page.click("button", "Start simulation").await;
    until_states(&page, &["running", "running"]).await;
    let sent = submitted(&server);
    assert_eq!((sent.len(), sent[0].0 == sent[1].0), (2, false));
}

#[wasm_bindgen_test]
async fn without_a_place_of_the_organisation_it_waits_in_sight() {
    let server = start();
    let page = filled().await;
    let full = || Answer::problem(409, "Five simulations are active").with("retryAfterMs", 200);
    refuse(vec![full(), full()]);
    page.click("button", "Start simulation").await;
    until("the wait", || page.text().contains("waits for one of the organisation's places at CXone")).await;
    until_states(&page, &["running"]).await;
    assert_eq!(submitted(&server).len(), 3);
}

#[wasm_bindgen_test]
async fn the_sixth_waits_for_a_place_of_the_page() {
    let server = start();
    let page = filled().await;
    for _ in 0..6 {
        page.click("button", "Start simulation").await;
    }
    until_states(&page, &["waiting (1)", "running", "running", "running", "running", "running"]).await;
    assert!(page.text().contains("1 run waits for a place."), "{}", page.text());
    assert_eq!(submitted(&server).len(), 5);
    complete(1);
    until_eq(6, || submitted(&server).len()).await;
    page.click("button", "Cancel run 6").await;
    until_eq(Some("cancelled".to_owned()), || column(&page, "State").into_iter().next()).await;
}

#[wasm_bindgen_test]
async fn a_refused_field_is_marked_until_it_is_changed() {
    let server = start();
    let page = filled().await;
    let refusal = Answer::problem(422, "Wrong fields")
        .with("errors", json!([{ "field": "campaignId", "message": "must be an active campaign" }]));
    refuse(vec![refusal]);
    page.click("button", "Start simulation").await;
    until_states(&page, &["refused"]).await;
    page.shows("alert", "", "campaignId must be an active campaign.").await;
    let marked = || {
        let field = page.all("textbox", "Campaign").pop();
        field.and_then(|field| field.get_attribute("aria-invalid")).unwrap_or_default()
    };
    until_eq("true", marked).await;
    // It can be sent again as it is: it may be active by now.
    page.click("button", "Start simulation").await;
    until_states(&page, &["running", "refused"]).await;
    until_eq("false", marked).await;
    assert_eq!(submitted(&server).len(), 2);
}

#[wasm_bindgen_test]
async fn a_reload_goes_on_under_the_same_key() {
    let server = start();
    let page = filled().await;
    DIALER.with_borrow_mut(|dialer| dialer.is_silent = true);
    page.click("button", "Start simulation").await;
    until_eq(1, || submitted(&server).len()).await;
    until("the draft to be kept", || window().location().hash().is_ok_and(|hash| hash.contains(CAMPAIGN)))
        .await;
    drop(page);
    // The submission was cut off before its answer came.
    let page = open();
    until_eq(CAMPAIGN, || value(&page, "Campaign")).await;
    DIALER.with_borrow_mut(|dialer| dialer.is_silent = false);
    until_states(&page, &["running"]).await;
    drop(page);
    let page = open();
    until_states(&page, &["running"]).await;
    complete(5);
    until_states(&page, &["completed"]).await;
    let mut keys: Vec<String> = submitted(&server).into_iter().map(|(key, _)| key).collect();
    keys.dedup();
    assert_eq!((keys.len(), DIALER.with_borrow(|dialer| dialer.begun.len())), (1, 1));
}
