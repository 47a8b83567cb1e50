//! `cargo xtask bench relay [-- --streams 400,800 --seconds 5 --repeats 3]`: how many voice streams of 50 frames a second
//! the relay carries, what it adds to their delay, and what one costs, beside nginx and `HAProxy` in front of the same
//! upstream in the same run.
//!
//! Upstream, relay and clients are processes of their own on one machine, so that one clock serves both ends: a frame
//! carries the time at which it was sent. Every run starts all three afresh. What a relay adds is its 99th percentile less
//! that of the direct connection in the same round; medians over the rounds are printed. The upstream and the clients need
//! as much of the machine as a relay does, so that the numbers say how relays compare on it, not what one of them reaches
//! on a machine of its own.

mod clients;
mod machine;
mod relays;
mod rounds;
mod upstream;

use anyhow::{Context as _, Result, bail};

/// 20 ms of 16-bit PCM at 8 kHz.
const FRAME: usize = 320;
const FRAMES_PER_SECOND: usize = 50;

/// What is measured.
#[derive(Clone, Debug)]
struct Options {
    /// Numbers of streams; without any, doubling from 100 and then closing in on the limit.
    streams: Vec<usize>,
    /// How long is measured, after all streams have been open for a while.
    seconds: u64,
    /// Rounds of which the median is taken.
    repeats: usize,
}

fn main() -> Result<()> {
    // Cargo says `--bench` to every benchmark.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("upstream") => upstream::run(),
        Some("clients") => clients::run(&arguments[1..]),
        _ => rounds::run(&options(&arguments)?),
    }
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { streams: Vec::new(), seconds: 5, repeats: 3 };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{} needs a value", pair[0]) };
        let number = || value.parse().with_context(|| format!("{name} {value}: no number"));
        match &**name {
            "--streams" => {
                let numbers: Result<_, _> = value.split(',').map(str::parse).collect();
                options.streams = numbers.with_context(|| format!("{name} {value}: no numbers"))?;
            }
            "--seconds" => options.seconds = number()? as u64,
            "--repeats" => options.repeats = number()?,
            other => bail!("there is no {other}; there are --streams, --seconds and --repeats"),
        }
    }
    if options.repeats == 0 || options.seconds == 0 || options.streams.contains(&0) {
        bail!("nothing cannot be measured");
    }
    Ok(options)
}
