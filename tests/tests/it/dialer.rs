//! The dialer panel in a real browser: campaigns of the stand-in's from the form to the verdict, and what may go wrong.

use std::time::Duration;

use e2e::{Bench, Browser, wait};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A campaign of fifty calls takes the stand-in three quarters of a minute.
const PATIENCE: Duration = Duration::from_mins(2);

/// The panel with its browser and server.
struct DialerPage {
    bench: Bench,
    browser: Browser,
}

impl DialerPage {
    async fn open() -> Self {
        let (bench, browser) = (Bench::start(), Browser::start().await);
        browser.go_to(&bench.url("/dialer")).await;
        browser.one("form", "Dialer simulation").await;
        Self { bench, browser }
    }

    /// Sets a field by its role and label.
    async fn set(&self, role: &str, name: &str, text: &str) {
        let field = self.browser.ready(role, name).await;
        field.call("function () { this.focus(); this.select() }", &[]).await;
        self.browser.command("Input.insertText", json!({ "text": text })).await;
    }

    /// Fills the form with a campaign of so many calls, most of which are answered.
    async fn fill(&self, calls: u32) {
        self.browser.click("button", "Make up a campaign").await;
        // With its proposals it is a combobox.
        self.set("combobox", "Flow", "support-line").await;
        self.set("textbox", "Concurrency", "5").await;
        self.set("textbox", "Calls", &calls.to_string()).await;
        for (name, share) in [("Answer", "0.7"), ("Busy", "0.1"), ("No answer", "0.1"), ("Dial tone", "0.1")]
        {
            self.set("textbox", name, share).await;
        }
        self.browser.click("switch", "Compliance bypass").await;
    }

    async fn start(&self) {
        self.browser.click("button", "Start simulation").await;
    }

    /// Saves a file of the shown run and returns its text.
    async fn saved(&self, button: &str) -> String {
        let folder = TempDir::new().expect("a folder");
        self.browser.save_into(folder.path()).await;
        self.browser.click("button", button).await;
        wait::until(&format!("a file of {button}"), async || {
            let file = std::fs::read_dir(folder.path()).ok()?.next()?.ok()?.path();
            let is_whole = file.extension().is_none_or(|extension| extension != "crdownload");
            std::fs::read_to_string(file).ok().filter(|text| is_whole && !text.is_empty())
        })
        .await
    }

    /// Waits until a region says `part`, and returns all that it says.
    async fn until_region(&self, name: &str, part: &str) -> String {
        let found = wait::look(PATIENCE, async || {
            let text = self.region(name).await;
            text.contains(part).then_some(text)
        });
        match found.await {
            Some(text) => text,
            None => panic!("no {part:?} in {name}: {}", self.region(name).await),
        }
    }

    async fn region(&self, name: &str) -> String {
        let expression = format!("document.querySelector('section[aria-label=\"{name}\"]')?.innerText ?? ''");
        self.browser.evaluate(&expression).await.as_str().unwrap_or_default().to_owned()
    }

    /// The simulations that the stand-in was asked for.
    async fn simulations(&self) -> Vec<Value> {
        let answer = self.bench.sandbox(Method::GET, "/sandbox/dialer/simulations").send().await;
        answer.expect("the stand-in answers").json().await.expect("a list")
    }
}

#[tokio::test]
async fn a_campaign_goes_from_the_form_to_its_verdict_over_a_reload() {
    let page = DialerPage::open().await;
    page.fill(50).await;
    page.start().await;
    page.until_region("Simulation progress", "running").await;
    page.browser.one("progressbar", "Calls that are over").await;
    page.browser.reload().await;
    page.browser.one("form", "Dialer simulation").await;
    let verdict = page.until_region("Verdict", "passed").await;
    assert!(verdict.contains("p "), "a test has its p-value: {verdict}");
    let progress = page.region("Simulation progress").await;
    assert!(progress.contains("50 of 50") && progress.contains("in effect"), "{progress}");
    assert_eq!(page.simulations().await.len(), 1, "a reload begins nothing");

    let report: Value = serde_json::from_str(&page.saved("Download JSON").await).expect("it is JSON");
    assert_eq!(report["verdict"]["outcome"]["kind"], "passed", "{report}");
    let junit = page.saved("Download JUnit").await;
    assert!(junit.contains("failures=\"0\""), "{junit}");
    page.browser.click("button", "Post metrics").await;
    let taken = wait::until("the metrics at CXone", async || {
        let answer = page.bench.sandbox(Method::GET, "/sandbox/dialer/metrics").send().await.ok()?;
        let all: Vec<Value> = answer.json().await.ok()?;
        all.into_iter().next()
    });
    let taken = taken.await;
    assert_eq!(taken["metrics"]["totalCalls"], 50, "{taken}");
    let actions = page.bench.audit();
    for action in ["dialer.validate", "dialer.dispatch", "dialer.track", "dialer.metrics"] {
        assert_eq!(actions.matches(&format!("\"action\":\"{action}\"")).count(), 1, "{action}");
    }
}

#[tokio::test]
async fn a_wrong_distribution_is_caught() {
    let page = DialerPage::open().await;
    page.bench.arm(&json!({ "on": "dialer", "kind": "skew", "outcome": "busy" })).await;
    page.fill(20).await;
    page.start().await;
    page.until_region("Verdict", "failed").await;
    let outcomes = page.region("Outcomes").await;
    assert!(outcomes.contains("Busy"), "{outcomes}");
    let junit = page.saved("Download JUnit").await;
    assert!(junit.contains("<failure"), "{junit}");
}

#[tokio::test]
async fn of_six_campaigns_one_waits_for_a_place() {
    let page = DialerPage::open().await;
    page.fill(5).await;
    for _ in 0..6 {
        page.start().await;
    }
    page.until_region("Runs", "waits").await;
    let all = wait::look(PATIENCE, async || {
        let ended = page.region("Runs").await.matches("completed").count();
        (ended >= 6).then_some(())
    });
    assert!(all.await.is_some(), "{}", page.region("Runs").await);
    assert_eq!(page.simulations().await.len(), 6);
}

#[tokio::test]
async fn a_campaign_that_never_ends_is_cancelled() {
    let page = DialerPage::open().await;
    page.bench.arm(&json!({ "on": "dialer", "kind": "never_ends" })).await;
    page.fill(5).await;
    page.start().await;
    page.until_region("Simulation progress", "running").await;
    page.browser.click("button", "Cancel run 1").await;
    page.until_region("Runs", "cancelled").await;
}

#[tokio::test]
async fn lost_last_events_are_made_up_for_by_asking() {
    let page = DialerPage::open().await;
    page.fill(5).await;
    page.start().await;
    page.until_region("Simulation progress", "5 of 5").await;
    // The last calls' ends and the simulation's own.
    page.bench.arm(&json!({ "on": "webhook", "kind": "drop", "times": 100 })).await;
    let progress = page.until_region("Simulation progress", "no final event came").await;
    assert!(progress.contains("completed"), "{progress}");
    page.until_region("Verdict", "without a final event").await;
}
