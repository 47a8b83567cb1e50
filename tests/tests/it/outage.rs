//! CXone goes away in the middle of a call and comes back; the page goes away and comes back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::{Bench, Browser, CallPage, call::Row, listener::Listener, wait};
use reqwest::Method;
use serde_json::{Value, json};

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs_f64() * 1_000.0
}

#[tokio::test]
async fn after_an_outage_the_call_goes_on() {
    const OUTAGE: Duration = Duration::from_secs(2);
    /// The longest wait between two attempts, and 3 s to connect on a machine that is busy.
    const BACK_WITHIN: Duration = Duration::from_secs(4);
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.link_is("CXone interactions", "open").await;
    page.start_call().await;
    page.link_is("Voice stream", "open").await;

    // Every connection is cut without a close frame, and new ones are refused.
    let outage =
        bench.sandbox(Method::POST, "/sandbox/outage").json(&json!({ "ms": OUTAGE.as_millis() as u64 }));
    let began = now_ms();
    assert_eq!(outage.send().await.expect("the answer comes before the outage").status(), 202);
    let answered = now_ms();
    page.link_is("CXone interactions", "reconnecting").await;
    page.link_is("CXone interactions", "open").await;
    page.link_is("Voice stream", "open").await;
    page.until("the call streams again", async |status| status.call == "streaming").await;

    let rows = page.rows().await;
    let open = rows
        .iter()
        .find(|row| row.at > began && row.text.starts_with("CXone interactions open"))
        .expect("the log says that the link is back");
    // The outage began somewhere between the request and its answer.
    let least = open.at - answered - OUTAGE.as_secs_f64() * 1_000.0;
    let most = open.at - began - OUTAGE.as_secs_f64() * 1_000.0;
    let within = BACK_WITHIN.as_secs_f64() * 1_000.0;
    assert!(most >= 0.0 && least <= within, "back {least} to {most} ms after CXone's return");
    let gap = page.until_row("problem", "about a gap", |row| row.text.starts_with("gap, events")).await;
    assert!(gap.text.contains("CXone's connection was lost"), "{gap:?}");

    page.press("2").await;
    page.until_action("support").await;
    page.press("2").await;
    page.until_action("technical").await;
}

/// The messages behind the rows about digits and the call, in order.
fn events(rows: &[Row]) -> Vec<Value> {
    let about_events = rows.iter().filter(|row| matches!(row.kind.as_str(), "digit" | "call"));
    about_events
        .map(|row| {
            serde_json::from_str(row.raw.as_deref().expect("an event's row shows it")).expect("it is JSON")
        })
        .collect()
}

#[tokio::test]
async fn a_reload_loses_and_repeats_nothing() {
    let bench = Bench::start();
    let listener = Listener::start(&bench).await;
    let page = CallPage::open(&bench).await;
    page.start_call().await;
    page.press("9").await;
    page.until_action("no_match").await;
    page.until_row("call", "about it", |row| row.text == "CXone took action no_match").await;
    let before = events(&page.rows().await);
    assert!(before.len() > 5, "{before:?}");

    page.reload().await;
    page.until("the call streams again", async |status| status.call == "streaming").await;
    page.until_menu("Main menu").await;
    page.until_action("no_match").await;
    page.press("1").await;
    page.until_action("sales").await;
    page.until("the call is over", async |status| status.call == "terminated").await;

    // The events during the reload among it.
    let told = everything_once(&page, &listener).await;
    assert!(told.starts_with(&before), "{before:?}\n{told:?}");
    assert!(told.len() > before.len());
}

#[tokio::test]
async fn a_lost_connection_to_the_server_loses_and_repeats_nothing() {
    let bench = Bench::start();
    let listener = Listener::start(&bench).await;
    let browser = Browser::start().await;
    let keep_sockets = "const Real = WebSocket; window.sockets = [];
        window.WebSocket = class extends Real {
            constructor(...how) { super(...how); window.sockets.push(this); }
        };";
    browser.run_first(keep_sockets).await;
    let page = CallPage::open_in(browser, &bench).await;
    page.start_call().await;
    page.press("2").await;
    page.until_action("support").await;
    let cut = page.evaluate("sockets.filter(socket => socket.url.endsWith('/ws/interactions')).map(socket => socket.close()).length");
    assert_eq!(cut.await, 1);
    page.until_row("link", "about the loss", |row| row.text.starts_with("connection to Dialbench closed"))
        .await;
    page.link_is("Page to Dialbench", "open").await;
    page.press("1").await;
    page.until_action("billing").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    everything_once(&page, &listener).await;
}

/// Waits until the page's log is what the server told, each event once and in order; what it told.
async fn everything_once(page: &CallPage, listener: &Listener) -> Vec<Value> {
    let found = wait::look(wait::PATIENCE, async || {
        let told = listener.events();
        let ended = told.last().is_some_and(|event| event["state"] == "terminated");
        (ended && told == events(&page.rows().await)).then_some(told)
    })
    .await;
    match found {
        Some(told) => told,
        None => panic!("{:#?}\nis not\n{}", listener.events(), page.rows_as_text().await),
    }
}
