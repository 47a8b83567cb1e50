//! Real calls: keys are clicked, their tones go up, what the IVR makes of them comes back.

use e2e::{Bench, Browser, CallPage};
use serde_json::json;

async fn call() -> (Bench, CallPage) {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    let flow = page.one("combobox", "Flow").await;
    assert_eq!(flow.call("function () { return this.value }", &[]).await, "support-line");
    page.start_call().await;
    (bench, page)
}

#[tokio::test]
async fn a_call_may_be_started_before_the_flows_are_known() {
    let bench = Bench::start();
    bench.arm(&json!({ "on": "flow", "kind": "slow", "ms": 2_000, "times": 2 })).await;
    let page = CallPage::open_at_once(Browser::start().await, &bench).await;
    page.start_call().await;
    page.until_menu("Main menu").await;
    assert!(page.rows().await.iter().all(|row| row.kind != "problem"), "{}", page.rows_as_text().await);
}

/// Presses one key after the other, each once the one before has led to its menu.
async fn check(keys: &[(&str, &str)]) {
    let (_bench, page) = call().await;
    for (key, action) in keys {
        page.press(key).await;
        page.until_action(action).await;
        // The stand-in's IVR says the same as the page's machine.
        page.until_row("call", "about the action", |row| row.text == format!("CXone took action {action}"))
            .await;
    }
    // A transfer ends the call.
    page.until("the call is over", async |status| status.call == "terminated").await;
    assert!(page.rows().await.iter().all(|row| row.kind != "problem"), "{}", page.rows_as_text().await);
}

#[tokio::test]
async fn one_is_sales() {
    check(&[("1", "sales")]).await;
}

#[tokio::test]
async fn two_two_is_technical_support() {
    check(&[("2", "support"), ("2", "technical")]).await;
}

#[tokio::test]
async fn two_one_is_billing() {
    check(&[("2", "support"), ("1", "billing")]).await;
}

#[tokio::test]
async fn star_is_the_agent() {
    check(&[("*", "agent")]).await;
}

#[tokio::test]
async fn nine_matches_nothing_and_is_told_so() {
    let (_bench, page) = call().await;
    page.press("9").await;
    page.until_action("no_match").await;
    let digit = page.until_row("digit", "9", |row| row.text == "9").await;
    let prompt = |row: &e2e::call::Row| row.at >= digit.at && row.text == "prompt of root began";
    page.until_row("call", "with the no-match prompt", prompt).await;
    assert_eq!(page.status().await.menu, "Main menu");
    // The caller may try again at once.
    page.press("1").await;
    page.until_action("sales").await;
}

#[tokio::test]
async fn two_and_then_nothing_is_repeated_after_five_seconds() {
    let (_bench, page) = call().await;
    page.press("2").await;
    let digit = page.until_row("digit", "2", |row| row.text == "2").await;
    page.until_action("fallback_repeat_prompt").await;
    let fallback =
        page.until_row("menu", "with the fallback", |row| row.text == "action fallback_repeat_prompt").await;
    let after_s = (fallback.at - digit.at) / 1_000.0;
    assert!((4.3..=5.7).contains(&after_s), "{after_s} s after the digit");
    page.until_row("call", "of CXone", |row| row.text == "CXone took action fallback_repeat_prompt").await;
    page.press("2").await;
    page.until_action("technical").await;
}

#[tokio::test]
async fn digits_typed_ahead_cut_the_first_prompt_and_go_all_the_way() {
    let (_bench, page) = call().await;
    page.until_row("call", "of the first prompt", |row| row.text == "prompt of root began").await;
    page.press("2").await;
    page.press("2").await;
    page.until_action("technical").await;
    let rows = page.rows().await;
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    assert!(texts.contains(&"prompt of root cut short"), "{texts:?}");
    assert!(!texts.contains(&"prompt of root ended"), "{texts:?}");
}
