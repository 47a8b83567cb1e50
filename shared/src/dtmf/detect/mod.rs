//! The in-band receiver: 8 kHz PCM in, digits out, to the figures of ITU-T Q.24.
//!
//! Two filters cut the keypad's rows and columns out of the signal every 2 ms. Where both have sounded steadily
//! for long enough, two sines are fitted to the last 25 ms: how far their phase advances between two windows
//! gives their frequencies, and what they leave unexplained tells tones from speech, a tone's edge from its middle.

mod fit;
mod hear;
mod moment;
mod tables;

use super::Digit;
use crate::audio::level::sine_peak;
use hear::Ear;
use tables::{HOP, WINDOW};

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
#[inline]
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

/// Samples kept so that a window lies in one piece before any hop.
const KEPT: usize = WINDOW.next_multiple_of(HOP);
const BUFFER: usize = KEPT + 64 * HOP;

/// Hears digits in a stream of 16-bit PCM at [`SAMPLE_RATE`], in blocks of any length.
#[derive(Clone, Debug)]
pub struct Receiver {
    buffer: [i16; BUFFER],
    /// The first place in `buffer` that waits for a sample.
    filled: usize,
    /// The first place in `buffer` that was not heard yet; `filled` is less than a hop further between calls.
    heard_to: usize,
    /// Samples heard, in whole hops.
    heard: u64,
    ear: Ear,
    config: ReceiverConfig,
}

impl Receiver {
    /// A receiver that has heard nothing.
    pub fn new(config: ReceiverConfig) -> Self {
        let min_peak = sine_peak(config.min_dbm0.into()) as f32;
        Self { buffer: [0; BUFFER], filled: KEPT, heard_to: KEPT, heard: 0, ear: Ear::new(min_peak), config }
    }

    /// Hears `samples` and reports what it makes of them.
    pub fn process(&mut self, mut samples: &[i16], mut on: impl FnMut(Detection)) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(BUFFER - self.filled));
            self.buffer[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            samples = later;
            while self.filled - self.heard_to >= HOP {
                self.heard_to += HOP;
                self.heard += HOP as u64;
                self.ear.hear(&self.buffer[..self.heard_to], self.heard, &mut on);
            }
            if self.filled == BUFFER {
                self.buffer.copy_within(BUFFER - KEPT.., 0);
                (self.filled, self.heard_to) = (KEPT, KEPT);
            }
        }
    }

    /// The input is over: a digit that still sounds ends here. The receiver is as new afterwards.
    pub fn flush(&mut self, on: impl FnMut(Detection)) {
        let heard = self.heard + (self.filled - self.heard_to) as u64;
        self.ear.finish(heard, on);
        *self = Self::new(self.config);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::dtmf::tone::{ToneConfig, synthesize};

    #[test]
    fn what_is_synthesised_is_heard() {
        let pcm = synthesize(Digit::all(), &ToneConfig::default(), SAMPLE_RATE);
        let heard: String = decode(&pcm).iter().map(|tone| tone.digit.as_char()).collect();
        assert_eq!(heard, "0123456789*#ABCD");
    }
}
