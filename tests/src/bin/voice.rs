//! `cargo run -p e2e --bin voice cost` says what the audio thread costs; `… voice call [MINUTES [LEAST_DELAY_MS]]` how a call of so
//! many minutes (10) through 2 % loss and 60 ms of jitter went. Build the page and the proxy first.

use std::{
    io::{Error, Result, Write},
    time::{Duration, Instant},
};

use e2e::{Bench, Browser, CallPage, offline};
use serde_json::json;
use signal::chain::ChainConfig;

const RATE: u32 = 48_000;
const QUANTUM: usize = 128;
const SECONDS: usize = 60;

/// A processor that does nothing.
const EMPTY: &str =
    "registerProcessor('empty', class extends AudioWorkletProcessor { process() { return true; } });";

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let mut number = |default: u64| {
        arguments.next().map_or(default, |text| text.parse().expect("minutes and milliseconds are numbers"))
    };
    let (minutes, least_delay) = (number(10), number(20));
    let mut out = std::io::stdout();
    let bench = Bench::start();
    let browser = Browser::start().await;
    // The empty processor is none of the page's own scripts.
    browser.command("Page.setBypassCSP", json!({ "enabled": true })).await;
    let page = CallPage::open_in(browser, &bench).await;
    page.voice_panel("Media quality").await;
    match what.as_str() {
        "cost" => cost(&mut out, &page).await,
        "call" => call(&mut out, &bench, &page, minutes, least_delay).await,
        _ => Err(Error::other("what is to be measured: cost or call")),
    }
}

/// The audio thread's time beside an empty processor's, rendered offline.
async fn cost(out: &mut impl Write, page: &Browser) -> Result<()> {
    let samples = RATE as usize * SECONDS / QUANTUM * QUANTUM;
    let quanta = (samples / QUANTUM) as f64;
    let pcm: Vec<i16> = (0..8_000).map(|at| ((f64::from(at) * 0.7).sin() * 9_000.0) as i16).collect();
    let voice = json!({ "kind": "audio", "samples": pcm });
    let chain = json!({ "kind": "chain", "settings": ChainConfig::default().to_numbers() });
    let bypassed = json!({ "kind": "chain", "settings": ChainConfig::bypassed().to_numbers() });
    let key = json!({ "kind": "press", "code": 5 });
    let empty = format!("data:text/javascript,{}", EMPTY.replace(' ', "%20"));
    for (what, first) in [
        ("voice", json!([chain, voice])),
        ("voice, the chain bypassed", json!([bypassed, voice])),
        ("voice and a held key", json!([chain, voice, key])),
    ] {
        let mut times = Vec::new();
        for _ in 0..7 {
            let busy = offline::render(page, RATE, samples, &first).await.ms;
            let idle = offline::render_nothing(page, RATE, samples, &empty).await.ms;
            times.push((busy - idle) * 1_000.0 / quanta);
        }
        times.sort_by(f64::total_cmp);
        let (median, best, worst) = (times[times.len() / 2], times[0], times[times.len() - 1]);
        writeln!(
            out,
            "{what}: {median:.2} µs a quantum of {QUANTUM} above an empty processor ({best:.2}–{worst:.2})"
        )?;
    }
    Ok(())
}

/// A call through a bad network, kept up by a caller who cannot decide.
async fn call(
    out: &mut impl Write,
    bench: &Bench,
    page: &CallPage,
    minutes: u64,
    least_delay: u64,
) -> Result<()> {
    page.evaluate(&format!(
        "{{ const choice = document.getElementById('least-delay'); choice.value = '{least_delay}';
            choice.dispatchEvent(new Event('change', {{ bubbles: true }})); }}"
    ))
    .await;
    bench
        .arm(&json!({ "on": "voice", "kind": "impair", "lossPercent": 2, "jitterMs": 60, "seed": 7, "ms": 3_600_000 }))
        .await;
    page.evaluate(
        "{ const flow = document.querySelector('select'); flow.value = 'harbour-bank';
            flow.dispatchEvent(new Event('change', { bubbles: true })); }",
    )
    .await;
    page.evaluate(
        "globalThis.busy = [];
        new PerformanceObserver((list) => busy.push(...list.getEntries().map((task) => task.duration)))
            .observe({ entryTypes: ['longtask'] });",
    )
    .await;
    page.start_call().await;
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    // By script and keyboard alone: whoever asks by role and name has the browser build its accessibility tree each time.
    let streams =
        "document.querySelector('[role=status][aria-label=\"Call status\"]').innerText.includes('streaming')";
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(4)).await;
        if page.evaluate(streams).await != true {
            page.start_call().await;
        }
        // Has the menu repeated.
        page.key("*").await;
    }
    let busy = page.evaluate(
        "`${busy.length} tasks of more than 50 ms, the longest ${Math.round(Math.max(0, ...busy))} ms`",
    );
    writeln!(out, "the page's thread: {}", busy.await.as_str().unwrap_or_default())?;
    let table = "[...document.querySelectorAll('.quality tbody tr')]
        .map(row => `${row.cells[0].textContent} ${row.cells[1].textContent}`).join(' · ')
        + ' · ' + document.querySelector('.quality table + p').textContent";
    let figures = page.evaluate(table).await;
    writeln!(out, "{minutes} min, least delay {least_delay} ms: {}", figures.as_str().unwrap_or_default())
}
