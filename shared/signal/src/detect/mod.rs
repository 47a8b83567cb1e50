//! The in-band receiver: 8 kHz PCM in, digits out, to the figures of ITU-T Q.24.
//!
//! Two filters cut the keypad's rows and columns out of the signal every 2 ms. Where both have sounded steadily
//! for long enough, two sines are fitted to the last 25 ms: how far their phase advances between two windows
//! gives their frequencies, and what they leave unexplained tells tones from speech, a tone's edge from its middle.
//! Where that is not plain, as beneath a voice or out of a codec, `evidence` weighs it; `echo` tells a room's tail from
//! a key that is pressed again, and `near_miss` says which figure sank what was nearly a digit.

mod echo;
mod evidence;
mod fit;
mod hops;
mod moment;
mod near_miss;
mod tables;

use base::digit::Digit;
use hops::HopDetector;
use near_miss::Explainer;
pub use near_miss::{NearMiss, Reason};
use tables::{HOP, WINDOW};

use crate::level::sine_peak;

/// The only sample rate that the detector takes, in Hz.
pub const SAMPLE_RATE: u32 = 8_000;

/// Settings of the detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorConfig {
    /// Both tones must be at least this strong, in dBm0 (−40).
    pub min_dbm0: f32,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self { min_dbm0: -40.0 }
    }
}

/// An event of the detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Detection {
    /// A digit has begun.
    Start {
        /// The digit.
        digit: Digit,
        /// Samples taken when the digit was certain.
        at_sample: u64,
    },
    /// The digit reported last has ended.
    End(Tone),
}

/// A digit's tone, start to end, as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// The digit.
    pub digit: Digit,
    /// Start of the tone, in samples since the detector was created.
    pub start_sample: u64,
    /// The first sample after it.
    pub end_sample: u64,
    /// Level of the low-group tone in dBm0.
    pub low_dbm0: f32,
    /// Level of the high-group tone in dBm0.
    pub high_dbm0: f32,
    /// Level of the high-group tone above the low-group tone, in dB.
    pub twist_db: f32,
    /// Deviation of the low-group tone from its nominal frequency, in per cent.
    pub low_error_pct: f32,
    /// Deviation of the high-group tone from its nominal frequency, in per cent.
    pub high_error_pct: f32,
}

/// Returns all digits in `samples`, detected with the default settings.
#[inline]
pub fn decode(samples: &[i16]) -> Vec<Tone> {
    let mut tones = Vec::new();
    let mut keep = |detection| {
        if let Detection::End(tone) = detection {
            tones.push(tone);
        }
    };
    let mut receiver = DtmfDetector::new(DetectorConfig::default());
    receiver.process(samples, &mut keep);
    receiver.flush(&mut keep);
    tones
}

/// Samples kept so that a window lies in one piece before any hop.
const KEPT: usize = WINDOW.next_multiple_of(HOP);
const BUFFER: usize = KEPT + 64 * HOP;

/// Hears digits in a stream of 16-bit PCM at [`SAMPLE_RATE`], in blocks of any length.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    buffer: [i16; BUFFER],
    /// The first place in `buffer` that waits for a sample.
    filled: usize,
    /// The first place in `buffer` that was not judged yet; `filled` is less than a hop further between calls.
    judged_to: usize,
    /// Samples taken, in whole hops.
    taken: u64,
    hops: HopDetector,
    /// Finds near misses, where somebody asks for them.
    explainer: Option<Explainer>,
    config: DetectorConfig,
}

impl DtmfDetector {
    /// Creates a detector.
    pub fn new(config: DetectorConfig) -> Self {
        let min_peak = sine_peak(config.min_dbm0.into()) as f32;
        Self {
            buffer: [0; BUFFER],
            filled: KEPT,
            judged_to: KEPT,
            taken: 0,
            hops: HopDetector::new(min_peak),
            explainer: None,
            config,
        }
    }

    /// Creates a detector that also finds what is near to a digit, and why it is none.
    pub fn explaining(config: DetectorConfig) -> Self {
        Self { explainer: Some(Explainer::default()), ..Self::new(config) }
    }

    /// Returns the first sample of what may yet be told as a near miss.
    pub fn near_miss_since(&self) -> Option<u64> {
        self.explainer.as_ref().and_then(Explainer::since)
    }

    /// Returns the near misses since the last call, once it is certain that no digit covers them.
    pub fn near_misses(&mut self) -> impl Iterator<Item = NearMiss> + '_ {
        self.explainer.iter_mut().flat_map(|explainer| explainer.found.drain(..))
    }

    /// Takes `samples` and reports the events in them.
    pub fn process(&mut self, mut samples: &[i16], mut on: impl FnMut(Detection)) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(BUFFER - self.filled));
            self.buffer[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            samples = later;
            while self.filled - self.judged_to >= HOP {
                self.judged_to += HOP;
                self.taken += HOP as u64;
                let Self { buffer, hops, explainer, .. } = self;
                let samples = &buffer[..self.judged_to];
                match explainer {
                    None => hops.push(samples, self.taken, &mut on),
                    Some(explainer) => {
                        hops.push(samples, self.taken, &mut |detection| {
                            explainer.watch(&detection);
                            on(detection);
                        });
                        explainer.push(hops, samples, self.taken);
                    }
                }
            }
            if self.filled == BUFFER {
                self.buffer.copy_within(BUFFER - KEPT.., 0);
                (self.filled, self.judged_to) = (KEPT, KEPT);
            }
        }
    }

    /// Ends the input: a digit that still sounds ends here. The detector is as new afterwards.
    pub fn flush(&mut self, mut on: impl FnMut(Detection)) {
        let taken = self.taken + (self.filled - self.judged_to) as u64;
        let mut explainer = self.explainer.take();
        self.hops.finish(taken, |detection| {
            if let Some(explainer) = &mut explainer {
                explainer.watch(&detection);
            }
            on(detection);
        });
        let explainer = explainer.map(Explainer::finished);
        *self = Self { explainer, ..Self::new(self.config) };
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::tone::{ToneConfig, synthesize};

    #[test]
    fn what_is_synthesised_is_heard() {
        let pcm = synthesize(Digit::all(), &ToneConfig::default(), SAMPLE_RATE);
        let heard: String = decode(&pcm).iter().map(|tone| tone.digit.as_char()).collect();
        assert_eq!(heard, "0123456789*#ABCD");
    }
}
