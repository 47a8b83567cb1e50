//! `cargo run -p e2e --bin measure`: how fast the page is, on this machine, over loopback. Build the page and the proxy
//! first.

use std::io::{Result, Write};

use e2e::{Bench, Browser, CallPage, wait};
use serde_json::{Value, json};

const LOADS: usize = 10;
const PRESSES: usize = 20;

/// Presses a key as soon as there is one, and takes the time when it shows that it is pressed.
const WATCH: &str = "
    window.answered = new Promise(answered => {
        let key = null;
        new MutationObserver(() => {
            if (key?.matches('.sounding')) {
                key.dispatchEvent(new PointerEvent('pointerup'));
                answered(performance.now());
            } else if (key === null) {
                key = document.querySelector('[role=group][aria-label=Keypad] button');
                key?.dispatchEvent(new PointerEvent('pointerdown', { button: 0 }));
            }
        }).observe(document, { subtree: true, childList: true, attributes: true });
    });";

/// What the first load took over the network.
const TRANSFERS: &str = "
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .map(({ name, transferSize, encodedBodySize, decodedBodySize }) =>
            ({ name: new URL(name).pathname, transferSize, encodedBodySize, decodedBodySize }))";

#[tokio::main]
async fn main() -> Result<()> {
    let mut out = std::io::stdout();
    let bench = Bench::start();

    let browser = Browser::start().await;
    browser.run_first(WATCH).await;
    for (what, cached) in [("nothing cached", false), ("cached", true)] {
        let mut times = Vec::new();
        for _ in 0..LOADS {
            if !cached {
                browser.command("Network.clearBrowserCache", json!({})).await;
            }
            browser.go_to(&bench.url("/call")).await;
            times.push(browser.evaluate("answered").await.as_f64().expect("it is a time"));
            if !cached && times.len() == 1 {
                transfers(&mut out, &browser.evaluate(TRANSFERS).await)?;
            }
        }
        say(&mut out, &format!("navigation → a keypad that answers, {what}"), times)?;
    }
    drop(browser);

    let page = CallPage::open(&bench).await;
    let (mut to_sound, mut to_event) = (Vec::new(), Vec::new());
    while to_event.len() < PRESSES {
        // The flow gives up after three that match nothing.
        page.start_call().await;
        for _ in 0..3 {
            let heard = digits(&page).await;
            page.press_for_100_ms("9").await;
            wait::until("the digit back", async || (digits(&page).await > heard).then_some(())).await;
            to_sound.push(page.delay("key → sound").await.expect("the tone began").last);
            to_event.push(page.delay("key → event").await.expect("the event came").last);
        }
        page.click("button", "Hang up").await;
        page.until("the call is over", async |status| status.call == "terminated").await;
    }
    writeln!(out, "key → event, right after the first call began: {:.1} ms", to_event[0])?;
    say(&mut out, "key → sound", to_sound)?;
    say(&mut out, "key → event", to_event)
}

async fn digits(page: &CallPage) -> usize {
    page.rows().await.iter().filter(|row| row.kind == "digit").count()
}

fn transfers(out: &mut impl Write, entries: &Value) -> Result<()> {
    let entries = entries.as_array().expect("there are entries");
    let number = |entry: &Value, name: &str| entry[name].as_u64().unwrap_or_default();
    let (mut packed, mut whole) = (0, 0);
    for entry in entries {
        let name = entry["name"].as_str().unwrap_or_default();
        let (size, unpacked) = (number(entry, "encodedBodySize"), number(entry, "decodedBodySize"));
        writeln!(out, "{size:>9} B of {unpacked:>9} B  {name}")?;
        if !name.starts_with("/api/") {
            (packed, whole) = (packed + size, whole + unpacked);
        }
    }
    writeln!(out, "{packed:>9} B of {whole:>9} B  page and assets at first load")
}

fn say(out: &mut impl Write, what: &str, mut times: Vec<f64>) -> Result<()> {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let most = times.last().copied().unwrap_or_default();
    writeln!(
        out,
        "{what}: p50 {:.1} ms, p95 {:.1} ms, most {most:.1} ms ({} times)",
        at(0.5),
        at(0.95),
        times.len()
    )
}
