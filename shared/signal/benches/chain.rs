//! The chain: time a sample, natively, and the limiter's bound over a million random frames.
//!
//! Speech comes from Debian's package `asterisk-core-sounds-en-wav`, where it is installed, or unpacked below the folder
//! that `DIALBENCH_SOUNDS` names.
#![expect(clippy::print_stdout, reason = "the report")]

#[expect(dead_code, reason = "the receiver's benchmark plays them at other speeds")]
#[path = "receiver/recordings.rs"]
mod recordings;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use signal::{
    chain::{Chain, ChainConfig},
    codec::Law,
    compressor::{Compressor, CompressorConfig},
    gain::{Gain, GainConfig, Grid, Pair},
    gate::{Gate, GateConfig},
    limiter::{Limiter, LimiterConfig},
};
use wide::f32x8;

const RATE: u32 = 8_000;
const FRAME: usize = 160;
/// 16 s.
const SAMPLES: usize = 128_000;

/// Marsaglia's xorshift64*.
struct Rng(u64);

impl Rng {
    fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// −1…1.
    fn sample(&mut self) -> f32 {
        (self.word() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

/// Bursts of noise and tone with pauses, four changes a second and about half of the time below the gate: like speech.
fn bursts(rng: &mut Rng) -> Vec<f32> {
    let syllable = |n: usize| ((n as f32 * core::f32::consts::TAU / 4_000.0).sin().max(0.0)).powi(2);
    let voice = |n: usize| (n as f32 * 0.13).sin() * 0.35 + (n as f32 * 0.61).sin() * 0.2;
    (0..SAMPLES).map(|n| syllable(n) * (voice(n) + 0.1 * rng.sample()) + 0.002 * rng.sample()).collect()
}

/// Prompts, one after the other.
fn speech() -> Vec<f32> {
    let recordings = recordings::all(&recordings::folder());
    let prompts = recordings.iter().filter(|(path, _)| path.to_string_lossy().contains("sounds/en"));
    prompts.flat_map(|(_, pcm)| pcm).take(SAMPLES).map(|&sample| f32::from(sample) / 32_768.0).collect()
}

/// The best and the median of many passes, in ns a sample.
fn time(mut pass: impl FnMut() -> Duration) -> [f64; 2] {
    let mut times: Vec<Duration> = (0..201).map(|_| pass()).collect();
    times.sort_unstable();
    [times[0], times[times.len() / 2]].map(|time| time.as_secs_f64() * 1e9 / SAMPLES as f64)
}

/// Runs a stage over the signal, one block after the other.
fn stage(signal: &[f32], mut process: impl FnMut(&Grid, &mut [Pair])) -> [f64; 2] {
    let grid = Grid::new(RATE);
    let pair = |chunk: &[f32]| [f32x8::from(&chunk[..8]), f32x8::from(&chunk[8..])];
    let original: Vec<Pair> = signal.chunks_exact(16).map(pair).collect();
    let mut work = original.clone();
    time(|| {
        work.copy_from_slice(&original);
        let started = Instant::now();
        for block in work.chunks_exact_mut(grid.pairs()) {
            process(&grid, block);
        }
        let spent = started.elapsed();
        black_box(&work);
        spent
    })
}

fn whole(signal: &[f32], config: &ChainConfig) -> [f64; 2] {
    let mut chain = Chain::new(RATE, config);
    let mut work = signal.to_vec();
    time(|| {
        work.copy_from_slice(signal);
        let started = Instant::now();
        for frame in work.chunks_mut(FRAME) {
            chain.process(frame);
        }
        let spent = started.elapsed();
        black_box(&work);
        spent
    })
}

fn line(what: &str, goal: &str, [best, median]: [f64; 2]) {
    println!("| {what:<60} | {goal:>4} | {best:>6.3} | {median:>6.3} |");
}

fn stages(name: &str, signal: &[f32]) {
    let grid = Grid::new(RATE);
    let (mut gain, mut gate) = (Gain::new(1.2), Gate::new(&GateConfig::default(), &grid));
    let both = stage(signal, |grid, block| {
        gain.process(grid, block);
        gate.process(grid, block);
    });
    line(&format!("gain + gate, {name}"), "0.5", both);
    let on = CompressorConfig { bypass: false, ..CompressorConfig::default() };
    let mut compressor = Compressor::new(&on, &grid);
    line(&format!("compressor, {name}"), "", stage(signal, |grid, block| compressor.process(grid, block)));
    let mut limiter = Limiter::new(&LimiterConfig { ceiling_dbfs: -12.0, ..LimiterConfig::default() }, &grid);
    line(&format!("limiter, {name}"), "", stage(signal, |grid, block| limiter.process(grid, block)));
}

fn chains(name: &str, signal: &[f32]) {
    let default = ChainConfig::default();
    line(&format!("chain as it is by default, {name}"), "5", whole(signal, &default));
    let all = ChainConfig {
        gain: GainConfig { factor: 2.0, ..GainConfig::default() },
        compressor: CompressorConfig { bypass: false, make_up_db: 6.0, ..CompressorConfig::default() },
        limiter: LimiterConfig { ceiling_dbfs: -6.0, ..LimiterConfig::default() },
        ..default
    };
    line(&format!("chain with all of its stages at work, {name}"), "5", whole(signal, &all));
}

/// Random frames at random gains through a limiter whose ceiling moves; returns frames, samples above the ceiling and the
/// time.
fn bound(rng: &mut Rng) -> (u32, u64, Duration) {
    const FRAMES: u32 = 1_000_000;
    const SETTLED: u32 = 3;
    let mut config = ChainConfig::default();
    let mut chain = Chain::new(RATE, &config);
    let (mut above, mut ceiling, mut since) = (0, 0.0, 0);
    let started = Instant::now();
    for frame in 0..FRAMES {
        if frame % 100 == 0 {
            config.gain.factor = 10.0 * rng.sample().abs();
            config.gate.bypass = rng.word().is_multiple_of(2);
            config.compressor.bypass = rng.word().is_multiple_of(2);
            config.limiter.ceiling_dbfs = -40.0 * rng.sample().abs();
            chain.set(&config);
            ceiling = signal::math::from_db(config.limiter.ceiling_dbfs);
            since = 0;
        }
        let level = signal::math::from_db(60.0 * rng.sample());
        let mut samples: [f32; FRAME] = core::array::from_fn(|_| level * rng.sample());
        chain.process(&mut samples);
        since += 1;
        if since > SETTLED {
            above += samples.iter().filter(|sample| sample.abs() > ceiling).count() as u64;
        }
    }
    (FRAMES, above, started.elapsed())
}

fn main() {
    let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
    let noise: Vec<f32> = (0..SAMPLES).map(|_| 0.7 * rng.sample()).collect();
    let silence = vec![0.0; SAMPLES];
    let bursts = bursts(&mut rng);
    println!("Nanoseconds a sample: 201 passes over 16 s at 8 kHz, the chain in frames of 20 ms.\n");
    println!("| {:<60} | {:>4} | {:>6} | {:>6} |", "what, signal", "goal", "best", "median");
    println!("|{}|{}|{}|{}|", "-".repeat(62), "-".repeat(6), "-".repeat(8), "-".repeat(8));
    let speech = speech();
    let signals = [("speech", &speech), ("bursts", &bursts), ("noise", &noise), ("silence", &silence)];
    for (name, signal) in signals.into_iter().filter(|(_, signal)| signal.len() == SAMPLES) {
        stages(name, signal);
        chains(name, signal);
    }
    let pcm: Vec<i16> = bursts.iter().map(|sample| (sample * 32_767.0) as i16).collect();
    let (mut codes, mut back) = (vec![0; SAMPLES], vec![0; SAMPLES]);
    for (name, law) in [("µ-law", Law::Mu), ("A-law", Law::A)] {
        let spent = time(|| {
            let started = Instant::now();
            law.encode(&pcm, &mut codes);
            law.decode(&codes, &mut back);
            black_box(&back);
            started.elapsed()
        });
        line(&format!("{name} there and back, bursts"), "", spent);
    }
    let (frames, above, spent) = bound(&mut rng);
    println!("\nLimiter: {above} samples above the ceiling in {frames} random frames ({spent:.1?}).");
}
