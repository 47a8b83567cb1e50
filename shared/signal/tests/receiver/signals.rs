//! Signals written from ITU-T Q.24's figures, by seed.

use std::f64::consts::TAU;

use base::digit::Digit;
use signal::{frame::FRAME_SAMPLES, level::sine_peak, plc::Concealer};

pub(crate) const RATE: f64 = 8_000.0;

pub(crate) const fn ms(milliseconds: f64) -> f64 {
    milliseconds * RATE / 1_000.0
}

/// A generator of random numbers by Steele, Lea and Flood (2014).
pub(crate) struct Rng(pub u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    pub(crate) fn sign(&mut self) -> f64 {
        if self.next() & 1 == 0 { -1.0 } else { 1.0 }
    }

    pub(crate) fn gauss(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (TAU * self.unit()).cos()
    }
}

/// One digit as it is sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) digit: Digit,
    pub low_dbm0: f64,
    pub high_dbm0: f64,
    /// Frequency errors as fractions.
    pub(crate) low_error: f64,
    pub(crate) high_error: f64,
    pub(crate) low_phase: f64,
    pub(crate) high_phase: f64,
}

impl Sent {
    pub(crate) fn new(rng: &mut Rng, digit: Digit, dbm0: f64) -> Self {
        Self {
            digit,
            low_dbm0: dbm0,
            high_dbm0: dbm0,
            low_error: 0.0,
            high_error: 0.0,
            low_phase: rng.unit(),
            high_phase: rng.unit(),
        }
    }
}

/// A line being filled with signals; times in samples, fractions included.
pub(crate) struct Line(pub Vec<f64>);

impl Line {
    pub(crate) fn silent(length: f64) -> Self {
        Self(vec![0.0; length as usize])
    }

    pub(crate) fn sine(&mut self, hz: f64, dbm0: f64, phase: f64, from: f64, to: f64) {
        let peak = sine_peak(dbm0);
        let (sin, cos) = (TAU * hz / RATE).sin_cos();
        let first = from.ceil() as usize;
        let last = (to.ceil() as usize).min(self.0.len());
        let (mut y, mut x) = (TAU * (phase + (first as f64 - from) * hz / RATE)).sin_cos();
        for sample in &mut self.0[first.min(last)..last] {
            *sample += peak * y;
            (x, y) = (x * cos - y * sin, y * cos + x * sin);
        }
    }

    pub(crate) fn digit(&mut self, sent: &Sent, from: f64, to: f64) {
        let (low, high) = sent.digit.frequencies();
        self.sine(low * (1.0 + sent.low_error), sent.low_dbm0, sent.low_phase, from, to);
        self.sine(high * (1.0 + sent.high_error), sent.high_dbm0, sent.high_phase, from, to);
    }

    pub(crate) fn silence(&mut self, from: f64, to: f64) {
        let to = (to.ceil() as usize).min(self.0.len());
        self.0[from.ceil() as usize..to].fill(0.0);
    }

    /// White noise over 0 to 4 kHz of the power of a sine of level `dbm0`.
    pub(crate) fn noise(&mut self, rng: &mut Rng, dbm0: f64) {
        let sigma = sine_peak(dbm0) / 2f64.sqrt();
        for sample in &mut self.0 {
            *sample += sigma * rng.gauss();
        }
    }

    pub(crate) fn pcm(&self) -> Vec<i16> {
        self.0.iter().map(|sample| sample.round() as i16).collect()
    }
}

/// Loses frames of 20 ms, each with the probability `rate`, and conceals them as they are concealed on a call, which
/// delays all by [`Concealer::DELAY`]. Returns which were lost.
pub(crate) fn lose_frames(rng: &mut Rng, pcm: &mut Vec<i16>, rate: f64) -> Vec<bool> {
    pcm.resize(pcm.len().next_multiple_of(FRAME_SAMPLES), 0);
    let mut concealer = Concealer::new();
    let frames = pcm.chunks_exact_mut(FRAME_SAMPLES);
    frames
        .map(|frame| {
            let lost = rng.unit() < rate;
            for unit in frame.as_chunks_mut().0 {
                if lost { concealer.missing(unit) } else { concealer.received(unit) }
            }
            lost
        })
        .collect()
}
