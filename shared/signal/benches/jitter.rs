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

use conditions::{BURSTS, CONDITIONS, HEAVY};
use listen::{Heard, listen, ramp};
use network::{Arrival, Jitter, Loss, Network, QUIET, optimum, quantile, unnumbered};
use signal::{
    frame::{FRAME_DURATION, FRAME_SAMPLES},
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
        "\nFrames without numbers, as on CXone's stream, where losses have to be inferred; by least wait. Another {} ms are\naimed at above the optimum, and half as many once losses are frequent.\n",
        FRAME_DURATION.as_millis()
    );
    for (name, loss, jitter) in [
        ("nothing", Loss::None, Jitter::None),
        ("2 % lost", Loss::Single(0.02), Jitter::None),
        ("4 % lost in bursts", BURSTS, Jitter::None),
        ("0-60 ms, in order", Loss::None, Jitter::Uniform(60.0)),
        ("2 % lost, 0-60 ms", Loss::Single(0.02), Jitter::Uniform(60.0)),
        ("4 % in bursts, 0-60 ms", BURSTS, Jitter::Uniform(60.0)),
        ("2 % lost, 0-200 ms", Loss::Single(0.02), Jitter::Uniform(200.0)),
        ("2 % lost, heavy tail", Loss::Single(0.02), HEAVY),
        ("heavy tail, in order", Loss::None, HEAVY),
    ] {
        let network = Network { loss, jitter, ..QUIET };
        let trace = unnumbered(network.trace(1, FRAMES));
        for least in [20, 160] {
            let min = Duration::from_millis(least);
            let target = TargetConfig { min, infers_losses: true, ..TargetConfig::default() };
            let config = PlayoutConfig { target, ..PlayoutConfig::default() };
            let optimum = optimum(&trace, &target);
            let inferred = row(&format!("{name}; {least}"), &network, &trace, config, optimum);
            println!("{:26} {inferred} losses inferred of {}", "", FRAMES - trace.len() as u64);
        }
    }
    println!(
        "\nConcealing 10 ms: {:.0} ns the first, {:.0} ns the others, {:.0} ns without a loss",
        conceal(1),
        conceal(5),
        conceal(0)
    );
}

fn row(name: &str, network: &Network, trace: &[Arrival], config: PlayoutConfig, optimum: f64) -> u64 {
    let heard = listen(network, trace, config, SETTLED);
    heard.check_balance();
    let mean = heard.mean_delay();
    let Heard { stats, delays, most_buffered, longest_ms, speeds, .. } = heard;
    let jitter = stats.jitter;
    let p95 = quantile(delays, 0.95);
    println!(
        "{name:26} {optimum:7.1} {mean:6.1} {p95:6.1} {longest_ms:7.1} {:5} {:5} {:5} {:9} {:6} {:8} {:6.0} {:6.0} {:8.0} {:4} {:7.0} {:7.0}",
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
    jitter.inferred
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
                playout.insert(arrival.number, now, &frame);
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
