//! Following a run and judging it: its events are read into the core's counts, and views show them.
//!
//! [`Following`] has one run's state; every view takes it, and none needs another.

mod activity;
mod calls;
mod compare;
mod export;
mod following;
#[cfg(all(test, target_arch = "wasm32"))]
mod handing_on_tests;
mod latency;
mod metrics;
mod model;
mod outcomes;
mod progress;
mod reader;
#[cfg(all(test, target_arch = "wasm32"))]
mod testing;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod verdict;

pub(crate) use self::{
    activity::Activity, calls::Calls, compare::Compare, export::ExportPanel, following::Following,
    latency::LatencyHistogram, metrics::PostMetrics, outcomes::Outcomes, progress::Progress,
    verdict::Verdict,
};

/// Writes a share in percent, with one digit.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Writes a number with a noun in the right number.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Writes a time in ms: `850 ms`, `12.4 s`, `3 min 05 s`.
fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        60_000.. => format!("{} min {:02} s", ms / 60_000, ms / 1_000 % 60),
    }
}
