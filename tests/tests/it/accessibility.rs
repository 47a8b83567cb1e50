//! axe finds nothing, whatever the page shows, in both schemes and on both ends of widths.

use std::fmt::Write as _;

use e2e::{Bench, Browser, CallPage, places, wait};
use serde_json::{Value, json};

/// Lets axe look at the page as it stands, in both schemes; panics with what it finds.
async fn check(browser: &Browser, what: &str) {
    for scheme in ["light", "dark"] {
        browser.color_scheme(scheme).await;
        let dark = browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, scheme == "dark");
        check_scheme(browser, &format!("{what}, {scheme}")).await;
    }
}

async fn check_scheme(browser: &Browser, what: &str) {
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

async fn all_pages(width: u32, height: u32) {
    let bench = Bench::start();
    let browser = Browser::start().await;
    browser.size(width, height).await;
    let axe = std::fs::read_to_string(places::axe()).expect("axe can be read");
    let page = CallPage::open_in(browser, &bench).await;
    page.ready("button", "Start call").await;
    page.voice_panel("Voice processing").await;
    page.evaluate(&axe).await;
    check(&page, "/call, idle").await;

    page.start_call().await;
    check(&page, "/call, in a call").await;
    page.press("2").await;
    page.until_menu("Support menu").await;
    page.click("button", "Hang up").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    page.click("switch", "Keys A–D").await;
    page.one("button", "D").await;
    check(&page, "/call, after a call, with sixteen keys").await;

    page.click("link", "Audit").await;
    page.one("cell", "call.hangup").await;
    check(&page, "/audit").await;

    flow(&page, &bench).await;
    prompts(&page).await;
    dialer(&page).await;
}

/// The dialer panel: refused, and with two judged runs laid over each other.
async fn dialer(page: &Browser) {
    page.click("link", "Dialer").await;
    page.one("form", "Dialer simulation").await;
    page.click("button", "Start simulation").await;
    page.one("alert", "").await;
    check(page, "/dialer, refused").await;
    page.click("button", "Make up a campaign").await;
    let flow = "function () { this.focus(); this.select() }";
    page.ready("combobox", "Flow").await.call(flow, &[]).await;
    page.command("Input.insertText", json!({ "text": "support-line" })).await;
    page.ready("textbox", "Calls").await.call(flow, &[]).await;
    page.command("Input.insertText", json!({ "text": "2" })).await;
    page.click("switch", "Compliance bypass").await;
    for run in ["1", "2"] {
        page.click("button", "Start simulation").await;
        let judged = format!(
            "/passed|failed/.test(document.querySelector('section[aria-label=\"Verdict\"]').innerText) \
             && [...document.querySelectorAll('.dialer-runs td')].some((cell) => cell.textContent.includes('{run}'))"
        );
        wait::until("the run's verdict", async || (page.evaluate(&judged).await == true).then_some(())).await;
    }
    page.click("button", "Compare run 1").await;
    page.one("region", "Comparison").await;
    check(page, "/dialer, two runs").await;
}

/// The prompt panel: empty, with a prompt that was sent and played, and with a draft that is refused.
async fn prompts(page: &Browser) {
    page.click("link", "Prompts").await;
    page.one("form", "Prompt playback").await;
    check(page, "/prompts, empty").await;
    page.ready("combobox", "Stand-in's prompt").await;
    let choose =
        "(() => { const list = document.querySelector('#prompt-stand-in'); list.value = 'support-menu';
        list.dispatchEvent(new Event('change', { bubbles: true })); return list.options.length })()";
    wait::until("the stand-in's prompts", async || {
        (page.evaluate("document.querySelector('#prompt-stand-in').options.length > 1").await == true)
            .then_some(())
    })
    .await;
    page.evaluate(choose).await;
    page.click("button", "Send to CXone").await;
    page.click("button", "Hear what the gateway played of session 1").await;
    page.one("button", "Show session 1, as played").await;
    check(page, "/prompts, played").await;
    page.type_into("Base gain", "x").await;
    page.click("button", "Send to CXone").await;
    page.one("alert", "").await;
    check(page, "/prompts, refused").await;
}

/// The flow panel: digits of the call before, empty, with two runs on its picture, and with a draft that is refused.
async fn flow(page: &Browser, bench: &Bench) {
    page.click("link", "Flow").await;
    page.click("button", "Take from the last call").await;
    let digits = "document.querySelector('#flow-digits').value";
    wait::until("the call's digit", async || (page.evaluate(digits).await == "2").then_some(())).await;
    check(page, "/flow, no run").await;
    page.type_into("Expected actions, in order", "support").await;
    for run in ["1", "2"] {
        bench.delay_simulator(&[3_000]).await;
        page.click("button", "Run simulation").await;
        page.one("progressbar", &format!("Progress of run {run}")).await;
        wait::until("the run's verdict", async || {
            page.all("table", "Expectations").await.pop()?;
            page.all("progressbar", &format!("Progress of run {run}")).await.is_empty().then_some(())
        })
        .await;
    }
    let choose = "function () { this.value = this.options[1].value; this.dispatchEvent(new Event('change', { bubbles: true })) }";
    page.one("combobox", "Lay over the shown run").await.call(choose, &[]).await;
    page.click("button", "Suggest runs").await;
    page.click("button", "First step").await;
    check(page, "/flow, two runs").await;
    for button in ["Add variable", "Add media reference", "Add expected decision", "Add expected variable"] {
        page.click("button", button).await;
    }
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })").await;
    page.click("button", "Run simulation").await;
    page.one("alert", "").await;
    check(page, "/flow, refused").await;
}

#[tokio::test]
async fn wide() {
    all_pages(1440, 900).await;
}

#[tokio::test]
async fn narrow() {
    all_pages(390, 844).await;
}
