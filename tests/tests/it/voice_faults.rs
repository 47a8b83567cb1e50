//! What the page says when voice fails.

use e2e::{Bench, CallPage, wait};
use serde_json::json;

/// A call with voice both ways.
async fn talking(bench: &Bench) -> CallPage {
    let page = CallPage::open(bench).await;
    page.voice_panel("Your voice").await;
    page.start_call().await;
    page.click("radio", "Test phrase").await;
    page
}

/// Waits until two seconds of voice have come in whole; panics with what there is instead.
async fn whole_stream(page: &CallPage) {
    let before = page.quality_frames().await.unwrap_or_default();
    let whole = wait::look(wait::PATIENCE, async || {
        let come = page.quality_frames().await.unwrap_or_default() - before;
        page.quality("Bitrate").await.filter(|rate| *rate > 100.0 && come >= 100.0)
    })
    .await;
    if whole.is_none() {
        let figures = page.evaluate("document.querySelector('.quality').innerText").await;
        panic!("no whole stream: {figures}, {:?}\n{}", page.status().await, page.rows_as_text().await);
    }
}

async fn is_said_and_comes_back(kind: &str) {
    let bench = Bench::start();
    let page = talking(&bench).await;
    bench.arm(&json!({ "on": "voice", "kind": kind })).await;
    wait::until("the fault", async || (bench.armed().await == 0).then_some(())).await;
    let row = page.until_row("link", "of the end", |row| row.text.starts_with("voice stream")).await;
    assert!(row.text.contains('('), "with its close code: {row:?}");
    page.link_is("Voice stream", "open").await;
    page.until("the call streams again", async |status| status.call == "streaming").await;
    whole_stream(&page).await;
}

#[tokio::test]
async fn a_stream_that_breaks_is_said_and_comes_back() {
    is_said_and_comes_back("drop").await;
}

#[tokio::test]
async fn a_stream_whose_token_expires_is_said_and_comes_back() {
    is_said_and_comes_back("expire_tokens").await;
}

#[tokio::test]
async fn a_refused_stream_names_scope_and_call() {
    let bench = Bench::start();
    let page = talking(&bench).await;
    bench.arm(&json!({ "on": "voice", "kind": "status", "status": 403, "times": 1000 })).await;
    bench.arm(&json!({ "on": "voice", "kind": "drop" })).await;
    let row =
        page.until_row("problem", "of the refusal", |row| row.text.contains("agent:voice:stream")).await;
    assert!(row.text.contains("live"), "{row:?}");
    page.link_is("Voice stream", "reconnecting").await;
    page.click("button", "Hang up").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_degraded() {
    let bench = Bench::start();
    let page = talking(&bench).await;
    whole_stream(&page).await;
    bench.arm(&json!({ "on": "voice", "kind": "half_open" })).await;
    let verdict = wait::until("the verdict", async || {
        let text = page.evaluate("document.querySelector('.quality').textContent").await;
        let (_, verdict) = text.as_str()?.split_once("Degraded: ")?;
        verdict.split(' ').next().map(str::to_owned)
    })
    .await;
    assert!(verdict.parse::<f64>().is_ok_and(|rate| rate < 12.0), "{verdict} kbit/s");
}
