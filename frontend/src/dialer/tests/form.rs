//! The form, while it is typed.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::{Key, dispatch, key_down_with, until_eq};

async fn until_invalid(page: &Page, expected: &[&str]) {
    let invalid = || {
        let fields = ["textbox", "switch"].into_iter().flat_map(|role| page.with_role(role));
        let wrong = fields.filter(|field| field.get_attribute("aria-invalid").as_deref() == Some("true"));
        let mut names: Vec<String> = wrong.map(|field| crate::testing::accessible_name(&field)).collect();
        names.sort_unstable();
        names
    };
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    until_eq(expected, invalid).await;
}

#[wasm_bindgen_test]
async fn every_rule_is_checked_while_it_is_typed_and_nothing_wrong_is_sent() {
    let server = start();
    let page = open();
    page.one("form", "Dialer simulation").await;
    until_invalid(&page, &["Campaign", "Flow", "Compliance bypass"]).await;
    page.type_into("textbox", "Campaign", "spring").await;
    page.type_into("textbox", "Script", "greeting").await;
    page.type_into("textbox", "Language", "english please").await;
    page.type_into("textbox", "Concurrency", "6").await;
    page.type_into("textbox", "Calls", "0").await;
    page.type_into("textbox", "Webhook URL", "ftp://x").await;
    page.type_into("textbox", "Significance", "0").await;
    let always = ["Campaign", "Language", "Concurrency", "Calls", "Webhook URL", "Significance"];
    until_invalid(&page, &[&always[..], &["Compliance bypass"]].concat()).await;
    page.click("button", "Start simulation").await;
    page.shows("alert", "", "complianceBypass must be true: a simulation dials nobody").await;
    page.shows("alert", "", "concurrencyLimit must be").await;
    page.click("switch", "Compliance bypass").await;
    until_invalid(&page, &always).await;
    assert_eq!(submitted(&server), []);
}

#[wasm_bindgen_test]
async fn probabilities_above_one_together_are_refused_and_the_rest_is_voicemail() {
    let server = start();
    let page = filled().await;
    page.shows("status", "Unassigned", "Unassigned: 5 %, which becomes voicemail.").await;
    page.type_into("textbox", "Answer", "56 %").await;
    page.shows("status", "Unassigned", "1 % too much").await;
    until_invalid(&page, &["Answer", "Busy", "No answer", "Dial tone"]).await;
    assert!(page.text().contains("has probabilities of 1.01 together"), "{}", page.text());
    page.click("button", "Start simulation").await;
    page.shows("alert", "", "outcomeInjection has probabilities of 1.01 together").await;
    page.type_into("textbox", "Answer", "half").await;
    page.shows("status", "Unassigned", "unknown").await;
    page.type_into("textbox", "Answer", "0.55").await;
    page.shows("status", "Unassigned", "Unassigned: 0 %").await;
    until_invalid(&page, &[]).await;
    assert_eq!(submitted(&server), []);
}

#[wasm_bindgen_test]
async fn a_slider_goes_no_further_than_what_the_others_leave() {
    let _server = start();
    let page = filled().await;
    page.type_into("slider", "Answer", "500").await;
    until_eq("0.55", || value(&page, "Answer")).await;
    assert_eq!(page.value("slider", "Answer").await, "275", "it stands where its number is");
    page.shows("status", "Unassigned", "0 %").await;
    page.type_into("slider", "Answer", "100").await;
    page.shows("status", "Unassigned", "Unassigned: 35 %").await;
    assert_eq!(page.value("textbox", "Busy").await, "0.2", "the others stay");
    until_invalid(&page, &[]).await;
}

#[wasm_bindgen_test]
async fn the_payload_is_json_both_ways() {
    let server = start();
    let page = filled().await;
    let typed = |text: &str| text.contains(CAMPAIGN) && text.contains("\"complianceBypass\": true");
    until("the draft as JSON", || typed(&value(&page, "Payload as JSON"))).await;
    let text = value(&page, "Payload as JSON");
    let mut payload: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(payload["outcomeInjection"]["answerProbability"], 0.5);
    assert_eq!(payload["complianceBypass"], true);
    payload["maxCalls"] = 50.into();
    payload["tag"] = "nightly".into();
    payload["virtualAgentMatrix"] = json!({ "scriptId": "greeting", "language": "en-US" });
    page.type_into("textbox", "Payload as JSON", &payload.to_string()).await;
    until_eq("50", || value(&page, "Calls")).await;
    for (field, value) in [("Tag", "nightly"), ("Flow", ""), ("Script", "greeting"), ("Language", "en-US")] {
        assert_eq!(page.value("textbox", field).await, value, "{field}");
    }
    page.click("button", "Start simulation").await;
    until_eq(1, || submitted(&server).len()).await;
    assert_eq!(submitted(&server)[0].1, payload);
}

#[wasm_bindgen_test]
async fn the_forecast_follows_the_form() {
    let _server = start();
    let page = filled().await;
    page.shows("table", "Expected outcomes", "Answered 50 % 10.0 6–14").await;
    page.type_into("textbox", "Calls", "2000").await;
    page.shows("table", "Expected outcomes", "Answered 50 % 1000.0 956–1044").await;
    page.shows("status", "Expected time", "It takes about 2 h 46 min").await;
    page.click("switch", "Outcome injection").await;
    page.none("table", "Expected outcomes").await;
    page.shows("region", "Forecast", "Outcomes are not injected").await;
}

#[wasm_bindgen_test]
async fn the_stand_in_s_campaign_is_made_up_and_events_go_to_the_proxy_s_door() {
    let _server = start();
    let page = open();
    page.click("button", "Make up a campaign").await;
    until("a campaign", || {
        page.all("textbox", "Campaign")
            .pop()
            .is_some_and(|field| field.get_attribute("aria-invalid").as_deref() == Some("false"))
    })
    .await;
    let placeholder = page.attribute("textbox", "Webhook URL", "placeholder").await;
    assert_eq!(placeholder.as_deref(), Some("https://bench.example.com/hook"));
    assert!(page.text().contains("Events without a valid signature are refused"), "{}", page.text());
}

#[wasm_bindgen_test]
async fn a_double_click_is_one_press_and_so_is_a_held_key() {
    let server = start();
    let page = filled().await;
    let button = page.one("button", "Start simulation").await;
    for clicks in 1..=2 {
        dispatch(&button, "MouseEvent", "click", &[("detail", &clicks.into())]);
    }
    page.focus("textbox", "Campaign").await;
    let enter = Key { key: "Enter", code: "Enter" };
    assert!(!key_down_with(enter, &[("repeat", &true.into())]), "a key that is held sends nothing more");
    assert!(key_down_with(enter, &[]), "a press of its own does");
    until_eq(1, || submitted(&server).len()).await;
    until_eq(vec!["running"], || column(&page, "State")).await;
    assert_eq!(submitted(&server).len(), 1);
}
