//! `cargo xtask bench webhooks [-- --connections 64 --seconds 5 --repeats 3]`: how many events of the dialer a second are
//! taken, each answered once it is committed, and how long that takes; on SQLite and on PostgreSQL, beside a bare axum
//! handler that only inserts what it gets, under the same load in the same run.
//!
//! Server and load are processes of their own; every round starts server and database afresh, the two servers by turns.
//! Medians over the rounds are printed. Both databases sync each commit to the disk, so that the disk is measured as well.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "the figures; and a benchmark may panic")]

mod bare;
mod load;
#[path = "../../tests/it/common/postgres.rs"]
mod postgres;
mod server;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail};

use load::Figures;
use postgres::Postgres;
use server::{Kind, Server};

/// Time within which a server must start.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

struct Options {
    connections: usize,
    seconds: u64,
    repeats: usize,
}

fn main() -> Result<()> {
    // Cargo says `--bench` to every benchmark.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [command, url] = &arguments[..]
        && command == "bare"
    {
        return runtime.block_on(bare::run(url));
    }
    runtime.block_on(run(&options(&arguments)?))
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { connections: 64, seconds: 5, repeats: 3 };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{} needs a value", pair[0]) };
        let number: usize = value.parse().with_context(|| format!("{name} {value}: no number"))?;
        match &**name {
            "--connections" => options.connections = number,
            "--seconds" => options.seconds = number as u64,
            "--repeats" => options.repeats = number,
            other => bail!("there is no {other}; there are --connections, --seconds and --repeats"),
        }
    }
    Ok(options)
}

async fn run(options: &Options) -> Result<()> {
    let mut rounds: BTreeMap<(&str, Kind), Vec<Figures>> = BTreeMap::new();
    for _ in 0..options.repeats {
        for database in ["SQLite", "PostgreSQL"] {
            for kind in [Kind::Bare, Kind::Dialbench] {
                let folder = tempfile::tempdir()?;
                let postgres = if database == "PostgreSQL" { Some(Postgres::start().await) } else { None };
                let file = format!("sqlite:{}?mode=rwc", folder.path().join("events.db").display());
                let url = postgres.as_ref().map_or(file, |postgres| postgres.url.clone());
                let server = Server::start(kind, &url, folder.path())?;
                let figures = load::run(&server.address, options.connections, options.seconds).await?;
                rounds.entry((database, kind)).or_default().push(figures);
            }
        }
    }
    println!("{} connections, {} s, median of {}", options.connections, options.seconds, options.repeats);
    println!("{:<12} {:<10} {:>9} {:>9} {:>9}", "database", "server", "events/s", "p50 ms", "p99 ms");
    let mut rates = BTreeMap::new();
    for ((database, kind), figures) in &rounds {
        let median = |value: fn(&Figures) -> f64| {
            let mut values: Vec<_> = figures.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let rate = median(|figures| figures.per_second);
        let (p50, p99) = (median(|figures| figures.p50_ms), median(|figures| figures.p99_ms));
        println!("{database:<12} {:<10} {rate:>9.0} {p50:>9.2} {p99:>9.2}", kind.name());
        rates.insert((*database, *kind), rate);
    }
    for database in ["SQLite", "PostgreSQL"] {
        let ratio = rates[&(database, Kind::Dialbench)] / rates[&(database, Kind::Bare)];
        println!("{database}: {ratio:.2} of the bare handler's rate (goal: at least 0.80)");
    }
    Ok(())
}
