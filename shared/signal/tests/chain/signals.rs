//! Signals, and what is left of them beside a tone.

use std::f64::consts::TAU;

pub const RATE: u32 = 8_000;

/// Marsaglia's xorshift64*.
pub struct Rng(pub u64);

impl Rng {
    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// −1…1.
    pub fn sample(&mut self) -> f32 {
        (self.word() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

pub fn sine(hz: f64, peak: f64, samples: usize) -> Vec<f32> {
    let turn = hz * TAU / f64::from(RATE);
    (0..samples).map(|n| (peak * (n as f64 * turn + 0.3).sin()) as f32).collect()
}

pub fn dbfs(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

/// The peak, in dBFS, of what is left of `signal` without what lies within `width` Hz of `hz`: what is heard of a click.
///
/// A windowed sinc of 2,001 taps takes the band away; its window, Blackman–Harris, by 92 dB, over 16 Hz to either side.
pub fn beside(signal: &[f32], hz: f64, width: f64) -> f64 {
    const HALF: i32 = 1_000;
    let taps: Vec<f64> = (-HALF..=HALF)
        .map(|n| {
            let turns = f64::from(n) / f64::from(RATE);
            let edge = width - 16.0;
            let sinc = if n == 0 { 2.0 * edge } else { (TAU * edge * turns).sin() / (TAU / 2.0 * turns) };
            let band = 2.0 * (TAU * hz * turns).cos() * sinc / f64::from(RATE);
            let at = f64::from(n) / f64::from(HALF) * TAU / 2.0;
            let window =
                0.358_75 + 0.488_29 * at.cos() + 0.141_28 * (2.0 * at).cos() + 0.011_68 * (3.0 * at).cos();
            f64::from(u8::from(n == 0)) - band * window
        })
        .collect();
    let filtered = signal.windows(taps.len()).map(|window| {
        window.iter().zip(&taps).map(|(&sample, tap)| f64::from(sample) * tap).sum::<f64>().abs()
    });
    dbfs(filtered.fold(0.0, f64::max))
}
