//! From the telephone's 8 kHz to the sound card's rate.

use core::time::Duration;

use wide::f32x4;

use super::{frame::SAMPLE_RATE, sinc::Eight};
use crate::sinc::{self};

/// Input samples that are taken at a time: 2 ms.
pub const BLOCK: usize = 16;
/// Input samples that each sample of twice the rate is made of.
const TAPS: usize = 24;
/// The same in vectors.
const VECTORS: usize = TAPS / 8;
/// Cut-off as a share of the input's Nyquist frequency: the telephone band ends at 3,400 Hz.
const CUTOFF: f64 = 0.93;
/// Samples of twice the rate that each output sample is made of: few suffice where half of the band is empty.
const FINE_TAPS: usize = 8;
/// Cut-off as a share of twice the rate's Nyquist frequency: images begin above 12 kHz, and 3,400 Hz lose a quarter
/// of a dB.
const FINE_CUTOFF: f64 = 0.85;
/// Positions between two of them for which the filter is tabulated; between them it is interpolated.
const PHASES: usize = 1 << PHASE_BITS;
const PHASE_BITS: u32 = 6;
/// Bits of a position between two samples of twice the rate.
const FRACTION_BITS: u32 = 32;
/// Bits of a position between two phases.
const BETWEEN_BITS: u32 = FRACTION_BITS - PHASE_BITS;
/// Position at which a block ends.
const END: u64 = (2 * BLOCK as u64) << FRACTION_BITS;

/// Raises a stream's rate: doubles it with a windowed sinc filter, then takes samples anywhere between with a short one.
/// Allocates when it is made and not afterwards.
#[derive(Debug)]
pub struct Upsampler {
    /// Filters for the sample in the middle of the window, and for the one halfway to the next.
    doublers: [[Eight; VECTORS]; 2],
    /// For each phase the filter and its difference from the next one.
    table: Box<[[Eight; 2]; PHASES]>,
    /// The last block, preceded by the samples of the block before that its first window needs.
    input: [f32; TAPS - 1 + BLOCK],
    /// The same at twice the rate.
    doubled: [f32; FINE_TAPS - 1 + 2 * BLOCK],
    /// Position of the next output sample, in samples of twice the rate since the block's first window, times 2³².
    position: u64,
    step: u64,
    /// The step at the sender's speed.
    normal_step: f64,
}

impl Upsampler {
    /// Input samples by which the output lags behind the input.
    pub const DELAY: usize = TAPS / 2 + FINE_TAPS / 4;

    /// Creates an upsampler to `rate` Hz, at least 8,000.
    pub fn new(rate: f64) -> Self {
        let doubler = |fraction| {
            let mut taps = [0.0; TAPS];
            sinc::lowpass(&mut taps, CUTOFF, fraction);
            let (chunks, _) = taps.as_chunks();
            core::array::from_fn(|index| sinc::eight(&chunks[index]))
        };
        let fine = |phase: usize| {
            let mut taps = [0.0; FINE_TAPS];
            sinc::lowpass(&mut taps, FINE_CUTOFF, phase as f64 / PHASES as f64);
            sinc::eight(&taps)
        };
        let row = |phase: usize| {
            let ([a, b], [next_a, next_b]) = (fine(phase), fine(phase + 1));
            [[a, b], [next_a - a, next_b - b]]
        };
        let normal_step = 2.0 * f64::from(SAMPLE_RATE) / rate;
        Self {
            doublers: [doubler(0.0), doubler(0.5)],
            table: Box::new(core::array::from_fn(row)),
            input: [0.0; TAPS - 1 + BLOCK],
            doubled: [0.0; FINE_TAPS - 1 + 2 * BLOCK],
            position: END,
            step: fixed(normal_step),
            normal_step,
        }
    }

    /// Takes `speed` times as many input samples for each output sample from now on; pitch goes with it. 1 at first.
    pub fn set_speed(&mut self, speed: f64) {
        self.step = fixed(self.normal_step * speed);
    }

    /// Fills `out`, asking `next` for each block of input as it is needed.
    pub fn fill(&mut self, out: &mut [f32], mut next: impl FnMut(&mut [f32; BLOCK])) {
        for sample in out {
            while self.position >= END {
                self.position -= END;
                self.input.copy_within(BLOCK.., 0);
                next(self.input.last_chunk_mut().expect("it is longer than a block"));
                self.double();
            }
            *sample = self.interpolate();
            self.position += self.step;
        }
    }

    /// Returns the time for which the input taken so far lasts, at the sender's speed.
    pub fn pending(&self) -> Duration {
        let samples = END.saturating_sub(self.position) as f64 / (1u64 << (FRACTION_BITS + 1)) as f64;
        Duration::from_secs_f64(samples / f64::from(SAMPLE_RATE))
    }

    fn double(&mut self) {
        let Self { doublers: [at, between], input, doubled, .. } = self;
        doubled.copy_within(2 * BLOCK.., 0);
        let (pairs, _) = doubled[FINE_TAPS - 1..].as_chunks_mut::<2>();
        for (pair, window) in pairs.iter_mut().zip(input.windows(TAPS)) {
            *pair = [sinc::convolve(window, *at), sinc::convolve(window, *between)];
        }
    }

    fn interpolate(&self) -> f32 {
        let phase = (self.position >> BETWEEN_BITS) as usize % PHASES;
        let between = (self.position % (1 << BETWEEN_BITS)) as u32 as f32 / (1 << BETWEEN_BITS) as f32;
        let between = f32x4::splat(between);
        let [[a, b], [next_a, next_b]] = self.table[phase];
        let window = &self.doubled[(self.position >> FRACTION_BITS) as usize..][..FINE_TAPS];
        sinc::convolve(window, [[a + next_a * between, b + next_b * between]])
    }
}

fn fixed(step: f64) -> u64 {
    (step * (1u64 << FRACTION_BITS) as f64).round() as u64
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Returns the residual of a tone without the best fitting sine, in dB below it.
    fn residue_db(rate: f64, hz: f64) -> f64 {
        let mut upsampler = Upsampler::new(rate);
        let mut index = 0;
        let mut out = vec![0.0f32; rate as usize / 4];
        upsampler.fill(&mut out, |block| {
            block.fill_with(|| {
                index += 1;
                (f64::from(index) * hz * core::f64::consts::TAU / 8_000.0).sin() as f32
            });
        });
        let settled = &out[out.len() / 4..];
        let (mut sine, mut cosine) = (0.0, 0.0);
        let angle = |n: usize| n as f64 * hz * core::f64::consts::TAU / rate;
        for (n, &sample) in settled.iter().enumerate() {
            sine += f64::from(sample) * angle(n).sin();
            cosine += f64::from(sample) * angle(n).cos();
        }
        let scale = 2.0 / settled.len() as f64;
        let (sine, cosine) = (sine * scale, cosine * scale);
        let rest: f64 = settled
            .iter()
            .enumerate()
            .map(|(n, &sample)| (f64::from(sample) - sine * angle(n).sin() - cosine * angle(n).cos()).powi(2))
            .sum();
        10.0 * (rest * scale / (sine * sine + cosine * cosine)).log10()
    }

    #[test]
    fn the_telephone_band_comes_through_clean() {
        for rate in [8_000.0, 44_100.0, 48_000.0, 96_000.0] {
            for hz in [320.0, 704.0, 1_000.0, 1_640.0, 2_400.0, 3_000.0, 3_400.0] {
                let residue = residue_db(rate, hz);

                assert!(residue < -60.0, "{hz} Hz at {rate} Hz: {residue:.1} dB");
            }
        }
    }
}
