//! Keys as callers press them, and their way from the keypad to the receiver.

use std::f64::consts::TAU;

use base::digit::Digit;
use signal::level::sine_peak;

use crate::signals::{Line, RATE, Rng, Sent, ms};

/// Keys that a caller dials.
pub(crate) const KEYS: usize = 10;
/// Time before the first key and after the last one, in ms: a room rings for longest.
const LEAD_MS: f64 = 300.0;

/// Keys as people press them.
pub(crate) const USUAL: Dial = Dial { on_ms: 100.0, off_ms: 100.0, low_dbm0: -10.0, twist_db: 0.0 };

/// Lengths and levels of a caller's keys.
#[derive(Clone, Copy)]
pub(crate) struct Dial {
    pub on_ms: f64,
    pub off_ms: f64,
    pub low_dbm0: f64,
    /// The high tone's level above the low tone's, in dB.
    pub twist_db: f64,
}

impl Dial {
    /// Presses `keys`, at any alignment.
    pub(crate) fn press(self, rng: &mut Rng, keys: &[Digit]) -> Line {
        let Self { on_ms, off_ms, low_dbm0, twist_db } = self;
        let start = LEAD_MS + rng.within(0.0, 20.0);
        let mut line = Line::silent(ms(start + keys.len() as f64 * (on_ms + off_ms) + LEAD_MS));
        for (at, &digit) in keys.iter().enumerate() {
            let from = ms(start + at as f64 * (on_ms + off_ms));
            let mut sent = Sent::new(rng, digit, low_dbm0);
            sent.high_dbm0 = low_dbm0 + twist_db;
            line.digit(&sent, from, from + ms(on_ms));
        }
        line
    }
}

/// Adds an echo after `delay_ms`, weaker by a number of decibels between the two.
pub(crate) fn echo(rng: &mut Rng, line: &mut [f64], delay_ms: f64, weaker_db: (f64, f64)) {
    let gain = gain(-rng.within(weaker_db.0, weaker_db.1));
    let delay = ms(delay_ms) as usize;
    let direct = line.to_vec();
    for (sample, past) in line[delay..].iter_mut().zip(direct) {
        *sample += gain * past;
    }
}

/// Puts the line into a room: its diffuse field is as strong as the direct sound and decays by 60 dB in `rt60` seconds.
pub(crate) fn room(rng: &mut Rng, line: &mut [f64], rt60: f64) {
    const FIRST_REFLECTION_MS: f64 = 2.0;
    let length = (rt60 * RATE) as usize;
    let mut response: Vec<f64> =
        (0..length).map(|n| rng.gauss() * gain(-60.0 * n as f64 / length as f64)).collect();
    let energy: f64 = response.iter().map(|tap| tap * tap).sum();
    for tap in &mut response {
        *tap /= energy.sqrt();
    }
    let direct = line.to_vec();
    for (at, &sample) in direct.iter().enumerate().filter(|(_, sample)| **sample != 0.0) {
        for (out, tap) in line[at..].iter_mut().skip(ms(FIRST_REFLECTION_MS) as usize).zip(&response) {
            *out += tap * sample;
        }
    }
    // As loud as without the room.
    for sample in line.iter_mut() {
        *sample *= 0.5_f64.sqrt();
    }
}

/// Adds white noise of the power of a sine of level `dbm0`.
pub(crate) fn noise(rng: &mut Rng, line: &mut [f64], dbm0: f64) {
    let sigma = sine_peak(dbm0) / 2_f64.sqrt();
    for sample in line.iter_mut() {
        *sample += sigma * rng.gauss();
    }
}

/// Adds noise below 250 Hz of the power of a sine of level `dbm0`.
pub(crate) fn rumble(rng: &mut Rng, line: &mut [f64], dbm0: f64) {
    const CORNER_HZ: f64 = 200.0;
    let mut noise: Vec<f64> = (0..line.len()).map(|_| rng.gauss()).collect();
    for _ in 0..4 {
        let mut low = 0.0;
        for sample in &mut noise {
            low += (1.0 - (-TAU * CORNER_HZ / RATE).exp()) * (*sample - low);
            *sample = low;
        }
    }
    beneath(line, &noise, dbm0);
}

/// Adds a direct current, as a share of full scale.
pub(crate) fn offset(line: &mut [f64], share: f64) {
    for sample in line.iter_mut() {
        *sample += share * 32_768.0;
    }
}

/// Adds sines, each of a frequency in Hz and a level in dBm0.
pub(crate) fn sines(rng: &mut Rng, line: &mut [f64], sines: &[(f64, f64)]) {
    for &(hz, dbm0) in sines {
        let (peak, phase) = (sine_peak(dbm0), rng.unit());
        for (n, sample) in line.iter_mut().enumerate() {
            *sample += peak * (TAU * (phase + n as f64 * hz / RATE)).sin();
        }
    }
}

/// Adds another sound, brought to the power of a sine of level `dbm0`.
pub(crate) fn beneath(line: &mut [f64], sound: &[f64], dbm0: f64) {
    let scale = sine_peak(dbm0) / (2.0 * power(sound)).sqrt();
    for (sample, sound) in line.iter_mut().zip(sound) {
        *sample += scale * sound;
    }
}

/// The mean square.
pub(crate) fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len() as f64
}

fn gain(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}
