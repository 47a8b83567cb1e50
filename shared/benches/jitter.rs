//! Playing under impairment: delays against the optimum, what was made up, left out and played twice, and the time
//! that a frame takes. `cargo bench -p shared --bench jitter`.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "../tests/playout/conditions.rs"]
mod conditions;
#[path = "../tests/playout/listen.rs"]
mod listen;
#[path = "../tests/playout/network.rs"]
mod network;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use conditions::CONDITIONS;
use listen::{Heard, listen, ramp};
use network::{Arrival, Jitter, Loss, Network, QUIET, optimum, quantile};
use shared::audio::{
    frame::FRAME_SAMPLES,
    jitter::TargetConfig,
    playout::{Playout, PlayoutConfig},
    plc::{Concealer, UNIT},
};

/// Ten minutes.
const FRAMES: u64 = 30_000;
/// Seconds until delays are looked at.
const SETTLED: f64 = 10.0;

fn main() {
    println!(
        "Ten minutes of each. Times in ms; with the optimum 95 % of the frames come in time. Frames late, lost, and times that\nthere was nothing to play; most frames in the buffer; least and highest speed.\n"
    );
    println!(
        "{:26} {:>7} {:>6} {:>6} {:>7} {:>5} {:>5} {:>5} {:>9} {:>6} {:>8} {:>6} {:>6} {:>8} {:>4} {:>15}",
        "condition",
        "optimum",
        "mean",
        "p95",
        "longest",
        "late",
        "lost",
        "under",
        "concealed",
        "cut",
        "repeated",
        "faster",
        "slower",
        "ns/frame",
        "most",
        "speed ppm"
    );
    for condition in CONDITIONS {
        let config = PlayoutConfig::default();
        let trace = condition.network.trace(1, FRAMES);
        row(condition.name, &condition.network, &trace, config, optimum(&trace, &config.target));
    }
    println!(
        "\nFrames that the receiver numbers itself, as on CXone's stream, where a loss\nshows as 20 ms without a frame; by quantile and least wait:\n"
    );
    for (name, network) in [
        ("2 % lost", Network { loss: Loss::Single(0.02), ..QUIET }),
        ("0-60 ms", Network { jitter: Jitter::Uniform(60.0), ..QUIET }),
        ("0-60 ms, 2 % lost", Network { loss: Loss::Single(0.02), jitter: Jitter::Uniform(60.0), ..QUIET }),
    ] {
        for (quantile, least) in [(0.95, 20), (0.99, 20), (0.95, 160)] {
            let target =
                TargetConfig { quantile, min: Duration::from_millis(least), ..TargetConfig::default() };
            let config = PlayoutConfig { target, ..PlayoutConfig::default() };
            let mut trace = network.trace(1, FRAMES);
            for (number, arrival) in trace.iter_mut().enumerate() {
                arrival.sequence = number as u64;
            }
            row(&format!("{name}; {quantile} {least}"), &network, &trace, config, f64::NAN);
        }
    }
    println!(
        "\nConcealing 10 ms: {:.0} ns the first, {:.0} ns the others, {:.0} ns without a loss",
        conceal(1),
        conceal(5),
        conceal(0)
    );
}

fn row(name: &str, network: &Network, trace: &[Arrival], config: PlayoutConfig, optimum: f64) {
    let heard = listen(network, trace, config, SETTLED);
    heard.check_balance();
    let mean = heard.mean_delay();
    let Heard { stats, delays, most_buffered, longest_ms, speeds, .. } = heard;
    let jitter = stats.jitter;
    let (mean, p95) = if optimum.is_nan() { (optimum, optimum) } else { (mean, quantile(delays, 0.95)) };
    println!(
        "{name:26} {:>7} {:>6} {:>6} {longest_ms:7.1} {:5} {:5} {:5} {:9} {:6} {:8} {:6.0} {:6.0} {:8.0} {:4} {:7.0} {:7.0}",
        figure(optimum),
        figure(mean),
        figure(p95),
        jitter.late,
        jitter.lost,
        jitter.underruns,
        jitter.concealed() * 10,
        stats.cut / 8,
        stats.repeated / 8,
        stats.faster_ms,
        stats.slower_ms,
        nanoseconds(trace, config),
        most_buffered,
        (speeds.0 - 1.0) * 1e6,
        (speeds.1 - 1.0) * 1e6,
    );
}

fn figure(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.1}") }
}

/// The median time that a frame takes, put in and pulled, over stretches of a second.
fn nanoseconds(trace: &[Arrival], config: PlayoutConfig) -> f64 {
    let mut playout = Playout::new(config);
    let mut waiting = trace.iter().peekable();
    let mut samples = [0.0; FRAME_SAMPLES];
    let frame = ramp(1);
    let mut times = Vec::new();
    while waiting.peek().is_some() {
        let begin = Instant::now();
        for _ in 0..50 {
            let now = playout.now();
            while let Some(arrival) = waiting.next_if(|arrival| arrival.at <= now.as_millis_f64() * 1e3) {
                playout.insert(arrival.sequence, now, &frame);
            }
            playout.fill(&mut samples);
            black_box(&samples);
        }
        times.push(begin.elapsed().as_nanos() as f64 / 50.0);
    }
    quantile(times, 0.5)
}

/// The mean time of a unit where `lost` of 20 are missing: of the missing ones, or of all where none is.
fn conceal(lost: usize) -> f64 {
    let mut concealer = Concealer::new();
    let frame = ramp(3);
    let (mut nanoseconds, mut counted) = (0, 0u64);
    for unit in 0..200_000 {
        let mut samples = [0; UNIT];
        samples.copy_from_slice(&frame[unit % 2 * UNIT..][..UNIT]);
        let begin = Instant::now();
        if unit % 20 < lost {
            concealer.missing(&mut samples);
        } else {
            concealer.received(&mut samples);
        }
        let took = begin.elapsed().as_nanos();
        let counts = if lost > 1 { (1..lost).contains(&(unit % 20)) } else { lost == 0 || unit % 20 < lost };
        if counts {
            (nanoseconds, counted) = (nanoseconds + took, counted + 1);
        }
        black_box(&samples);
    }
    nanoseconds as f64 / counted as f64
}
