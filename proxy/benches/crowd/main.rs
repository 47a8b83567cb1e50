//! `cargo xtask bench crowd [-- --each 1000]`: what a person notices of a crowd that takes up connections: so many unread
//! answers, half-sent bodies and idle connections at once. The time until `/healthz` answers on a connection of its own, the
//! audio of a call, and the time until a lost link to CXone is back, each without the crowd and with it.
//!
//! The crowd comes from three addresses of this machine, so that no bound on a single client keeps it small. Every
//! connection of it that ends is made again at once.

#![allow(clippy::print_stdout, reason = "the figures")]

mod bench;
mod crowd;

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use bench::Bench;
use crowd::Crowd;

/// Time for which a crowd stands before anything is measured.
const SETTLING: Duration = Duration::from_secs(3);

fn main() -> Result<()> {
    // Cargo says `--bench` to every benchmark.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let each = match &arguments[..] {
        [] => 1_000,
        [name, value] if name == "--each" => value.parse().context("--each needs a number")?,
        _ => bail!("there is --each"),
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(each))
}

async fn run(each: usize) -> Result<()> {
    let mut bench = Bench::start().await?;
    println!(
        "{:<8} {:>6} {:>9} {:>9} {:>9} {:>12} {:>12}",
        "crowd", "open", "p50 ms", "p99 ms", "most ms", "frames lost", "link back s"
    );
    measure(&mut bench, "none", None).await?;
    let crowd = Crowd::gather(&bench.address, each);
    tokio::time::sleep(SETTLING).await;
    measure(&mut bench, "all", Some(&crowd)).await
}

async fn measure(bench: &mut Bench, name: &str, crowd: Option<&Crowd>) -> Result<()> {
    let (times, frames_lost) = bench.health_during_a_call().await?;
    let open = crowd.map_or(0, Crowd::open);
    let link_back = bench.redialled_after().await?;
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!(
        "{name:<8} {open:>6} {:>9.1} {:>9.1} {:>9.1} {frames_lost:>12} {:>12.2}",
        at(0.5),
        at(0.99),
        at(1.0),
        link_back.as_secs_f64()
    );
    Ok(())
}
