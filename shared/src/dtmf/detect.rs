//! The in-band receiver: 8 kHz PCM in, digits out.

use super::Digit;
use crate::audio::level::sine_dbm0;

/// The only sample rate the receiver hears, in Hz.
pub const SAMPLE_RATE: u32 = 8_000;

/// What the receiver takes for a digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceiverConfig {
    /// Both tones must be at least this strong, in dBm0 (−40).
    pub min_dbm0: f32,
}

impl Default for ReceiverConfig {
    fn default() -> Self {
        Self { min_dbm0: -40.0 }
    }
}

/// What the receiver reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Detection {
    /// A digit sounds.
    Start {
        /// The digit.
        digit: Digit,
        /// How many samples had been heard when this was certain.
        at_sample: u64,
    },
    /// The digit reported last is over.
    End(Tone),
}

/// A digit's tone, start to end, as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// The digit.
    pub digit: Digit,
    /// Where it began, in samples since the receiver was made.
    pub start_sample: u64,
    /// The first sample after it.
    pub end_sample: u64,
    /// Level of the low-group tone in dBm0.
    pub low_dbm0: f32,
    /// Level of the high-group tone in dBm0.
    pub high_dbm0: f32,
    /// How much stronger the high-group tone is, in dB.
    pub twist_db: f32,
    /// How far the low-group tone is off its nominal frequency, in per cent.
    pub low_error_pct: f32,
    /// How far the high-group tone is off its nominal frequency, in per cent.
    pub high_error_pct: f32,
}

/// All digits in `samples`, with [`ReceiverConfig::default`].
pub fn decode(samples: &[i16]) -> Vec<Tone> {
    let mut tones = Vec::new();
    let mut keep = |detection| {
        if let Detection::End(tone) = detection {
            tones.push(tone);
        }
    };
    let mut receiver = Receiver::new(ReceiverConfig::default());
    receiver.process(samples, &mut keep);
    receiver.flush(&mut keep);
    tones
}

const BLOCK: usize = 102;

/// Hears digits in a stream of 16-bit PCM at [`SAMPLE_RATE`], in blocks of any length.
#[derive(Clone, Debug)]
pub struct Receiver {
    config: ReceiverConfig,
    block: [i16; BLOCK],
    filled: usize,
    heard: u64,
    last: Option<Digit>,
    misses: u32,
    sounding: Option<Tone>,
}

impl Receiver {
    /// A receiver that has heard nothing.
    pub fn new(config: ReceiverConfig) -> Self {
        Self { config, block: [0; BLOCK], filled: 0, heard: 0, last: None, misses: 0, sounding: None }
    }

    /// Hears `samples` and reports what it makes of them.
    pub fn process(&mut self, samples: &[i16], mut on: impl FnMut(Detection)) {
        for &sample in samples {
            self.block[self.filled] = sample;
            self.filled += 1;
            self.heard += 1;
            if self.filled == BLOCK {
                self.filled = 0;
                self.judge(&mut on);
            }
        }
    }

    /// The input is over: a digit that still sounds ends here.
    pub fn flush(&mut self, mut on: impl FnMut(Detection)) {
        if let Some(tone) = self.sounding.take() {
            on(Detection::End(Tone { end_sample: self.heard, ..tone }));
        }
        *self = Self::new(self.config);
    }

    fn judge(&mut self, on: &mut impl FnMut(Detection)) {
        let hit = self.classify();
        let digit = hit.map(|(digit, ..)| digit);
        let begin = self.heard - BLOCK as u64;
        match &mut self.sounding {
            Some(tone) if digit == Some(tone.digit) => {
                self.misses = 0;
                tone.end_sample = self.heard;
            }
            Some(tone) => {
                self.misses += 1;
                if self.misses == 2 {
                    on(Detection::End(*tone));
                    self.sounding = None;
                }
            }
            None => {
                if let Some((digit, low_dbm0, high_dbm0)) = hit
                    && self.last == Some(digit)
                {
                    on(Detection::Start { digit, at_sample: self.heard });
                    self.misses = 0;
                    self.sounding = Some(Tone {
                        digit,
                        start_sample: begin.saturating_sub(BLOCK as u64),
                        end_sample: self.heard,
                        low_dbm0,
                        high_dbm0,
                        twist_db: high_dbm0 - low_dbm0,
                        low_error_pct: 0.0,
                        high_error_pct: 0.0,
                    });
                }
            }
        }
        self.last = digit;
    }

    fn classify(&self) -> Option<(Digit, f32, f32)> {
        let total: f64 = self.block.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        let mut best: Option<(Digit, f64, f64)> = None;
        for digit in Digit::all() {
            let (low_hz, high_hz) = digit.frequencies();
            let (low, high) = (self.peak(low_hz), self.peak(high_hz));
            if best.is_none_or(|(_, l, h)| l.powi(2) + h.powi(2) < low.powi(2) + high.powi(2)) {
                best = Some((digit, low, high));
            }
        }
        let (digit, low, high) = best?;
        let (low_dbm0, high_dbm0) = (sine_dbm0(low) as f32, sine_dbm0(high) as f32);
        let tones = f64::midpoint(low.powi(2), high.powi(2)) * BLOCK as f64;
        let twist = high_dbm0 - low_dbm0;
        let valid = tones > 0.8 * total
            && low_dbm0.min(high_dbm0) > self.config.min_dbm0
            && (-9.0..=9.0).contains(&twist);
        valid.then_some((digit, low_dbm0, high_dbm0))
    }

    fn peak(&self, hz: f64) -> f64 {
        let step = core::f64::consts::TAU * hz / f64::from(SAMPLE_RATE);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in self.block.iter().enumerate() {
            re += f64::from(sample) * (step * n as f64).cos();
            im += f64::from(sample) * (step * n as f64).sin();
        }
        f64::hypot(re, im) * 2.0 / BLOCK as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtmf::tone::{ToneConfig, synthesize};

    #[test]
    fn what_is_synthesised_is_heard() {
        let pcm = synthesize(Digit::all(), &ToneConfig::default(), SAMPLE_RATE);
        let heard: String = decode(&pcm).iter().map(|tone| tone.digit.as_char()).collect();
        assert_eq!(heard, "0123456789*#ABCD");
    }
}
