//! axe finds nothing, whatever the page shows, in both schemes and on both ends of widths.

use std::fmt::Write as _;

use e2e::{Bench, Browser, CallPage, places};
use serde_json::Value;

/// Lets axe look at the page as it stands; panics with what it finds.
async fn check(browser: &Browser, what: &str) {
    let found = browser
        .evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => ({
                passes: passes.length,
                violations: violations.map(({ id, help, nodes }) => ({
                    id, help, nodes: nodes.map(node => `${node.target.join(' ')}: ${node.failureSummary}`),
                })),
            }))",
        )
        .await;
    assert!(
        found["passes"].as_u64().is_some_and(|passes| passes > 15),
        "{what}: axe looked at next to nothing: {found}"
    );
    let violations: &Vec<Value> = found["violations"].as_array().expect("violations are a list");
    let mut report = String::new();
    for violation in violations {
        let _ = writeln!(report, "{} ({})", violation["id"], violation["help"]);
        for node in violation["nodes"].as_array().expect("nodes are a list") {
            let _ = writeln!(report, "    {}", node.as_str().expect("a node is a text"));
        }
    }
    assert!(violations.is_empty(), "{what}:\n{report}");
}

async fn all_pages(scheme: &str, width: u32, height: u32) {
    let bench = Bench::start();
    let browser = Browser::start().await;
    browser.size(width, height).await;
    browser.color_scheme(scheme).await;
    let axe = std::fs::read_to_string(places::axe()).expect("axe can be read");
    let dark = browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches").await;
    assert_eq!(dark, scheme == "dark");
    let page = CallPage::open_in(browser, &bench).await;
    page.ready("button", "Start call").await;
    page.one("region", "Voice processing").await;
    page.evaluate(&axe).await;
    check(&page, "/call, idle").await;

    page.start_call().await;
    page.press("2").await;
    page.until_menu("Support menu").await;
    check(&page, "/call, in a call").await;
    page.click("switch", "Keys A–D").await;
    page.one("button", "D").await;
    page.click("button", "Hang up").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    check(&page, "/call, after a call, with sixteen keys").await;

    page.click("link", "Audit").await;
    page.one("cell", "call.hangup").await;
    check(&page, "/audit").await;
}

#[tokio::test]
async fn light_and_wide() {
    all_pages("light", 1440, 900).await;
}

#[tokio::test]
async fn dark_and_wide() {
    all_pages("dark", 1440, 900).await;
}

#[tokio::test]
async fn light_and_narrow() {
    all_pages("light", 390, 844).await;
}

#[tokio::test]
async fn dark_and_narrow() {
    all_pages("dark", 390, 844).await;
}
