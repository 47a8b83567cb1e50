//! The audit panel in a real browser.

use e2e::{Bench, Browser, wait};
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;

/// More than a page of the trail.
const ENTRIES: usize = 224;

#[tokio::test]
async fn the_trail_opens_at_its_newest_entry_leads_to_the_oldest_and_is_verified() {
    let bench = Bench::start();
    let body = json!({ "interactionId": "i", "digits": "1" });
    let requests = (0..ENTRIES).map(|_| bench.send(Method::POST, "/simulate/dtmf").json(&body).send());
    let answers: Vec<_> = stream::iter(requests).buffer_unordered(16).collect().await;
    for answer in answers {
        assert_eq!(answer.expect("the server answers").status(), 200);
    }
    let newest = bench.audit().lines().count();
    let browser = Browser::start().await;
    browser.go_to(&bench.url("/audit")).await;
    let number = "document.querySelector('tbody [data-row] th')?.textContent ?? ''";
    let first = async || browser.evaluate(number).await;
    let (newest_number, row_count) = (newest.to_string(), (newest + 1).to_string());
    wait::until("the newest entry", async || (first().await == newest_number).then_some(())).await;
    let rows = "document.querySelector('table')?.getAttribute('aria-rowcount') ?? ''";
    let rows = async || browser.evaluate(rows).await;
    browser.click("button", "Load older").await;
    wait::until("every entry", async || (rows().await == row_count).then_some(())).await;
    assert_eq!(first().await, newest_number, "older entries stand below");
    browser.click("button", &format!("Show entry {newest}")).await;
    browser.key("End").await;
    browser.one("button", "Show entry 1").await;
    browser.key("Home").await;

    browser.click("button", "Verify chain").await;
    let whole = format!("The chain is whole: {newest} entries.");
    let said = "document.querySelector('.checked')?.textContent ?? ''";
    wait::until(&whole, async || (browser.evaluate(said).await == whole).then_some(())).await;

    browser.click("button", &format!("Show entry {newest}")).await;
    let shown = "document.querySelector('[aria-label=\"Selected entry\"]')?.textContent ?? ''";
    wait::until("the entry in the inspector", async || {
        let text = browser.evaluate(shown).await;
        text.as_str().is_some_and(|text| text.contains("simulate.dtmf")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_panels_change_with_title_and_focus_and_unknown_addresses_lead_to_them() {
    let bench = Bench::start();
    let browser = Browser::start().await;
    browser.go_to(&bench.url("/nowhere")).await;
    browser.one("heading", "Page not found").await;
    assert_eq!(browser.evaluate("document.title").await, "Page not found · Dialbench");
    browser.key("Tab").await;
    assert_eq!(browser.focused().await.role_and_name().await, ("link".into(), "Skip to content".into()));
    for (link, heading) in [("Flow", "Flow simulation"), ("Audit", "Audit trail"), ("Call", "Call")] {
        browser.click("link", link).await;
        wait::until(&format!("the focus on {heading}"), async || {
            let (role, name) = browser.focused().await.role_and_name().await;
            (role == "heading" && name == heading).then_some(())
        })
        .await;
        assert_eq!(browser.evaluate("document.title").await, format!("{heading} · Dialbench"));
    }
}
