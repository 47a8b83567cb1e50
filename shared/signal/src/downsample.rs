//! From the sound card's rate to the telephone's 8 kHz.

use super::{frame::SAMPLE_RATE, sinc};

/// The filter's length in output samples: 3 ms.
const SPAN: f64 = 24.0;
/// Positions between two input samples for which the filter is tabulated; the nearest is taken.
const PHASES: usize = 16;
/// Cut-off as a share of the output's Nyquist frequency: anything above 4 kHz would alias, and the telephone band
/// ends at
/// 3,400 Hz.
const CUTOFF: f64 = 0.86;

/// Lowers a stream's rate with a windowed sinc filter. Allocates when it is made and not afterwards.
#[derive(Clone, Debug)]
pub struct Downsampler {
    table: Vec<f32>,
    taps: usize,
    /// The last input samples, twice in a row, so that they always lie in one piece.
    history: Vec<f32>,
    newest: usize,
    /// Input samples until the next output sample.
    until: f64,
    step: f64,
}

impl Downsampler {
    /// Output samples by which the output lags behind the input.
    pub const DELAY: usize = SPAN as usize / 2;

    /// Creates a downsampler from `rate` Hz, at least 8,000.
    pub fn new(rate: f64) -> Self {
        let step = rate / f64::from(SAMPLE_RATE);
        let taps = ((SPAN * step).ceil() as usize).next_multiple_of(8);
        let mut table = vec![0.0; taps * (PHASES + 1)];
        for (index, filter) in table.chunks_exact_mut(taps).enumerate() {
            sinc::lowpass(filter, CUTOFF / step, index as f64 / PHASES as f64);
        }
        Self { table, taps, history: vec![0.0; 2 * taps], newest: 0, until: 0.0, step }
    }

    /// Takes input samples and hands out every output sample that they complete.
    pub fn push(&mut self, samples: &[f32], mut on: impl FnMut(f32)) {
        for &sample in samples {
            self.history[self.newest] = sample;
            self.history[self.newest + self.taps] = sample;
            self.newest = (self.newest + 1) % self.taps;
            self.until -= 1.0;
            if self.until <= 0.0 {
                on(self.filtered());
                self.until += self.step;
            }
        }
    }

    /// The output sample that lies −`until` of a sample before the last input sample, the filter's delay aside.
    fn filtered(&self) -> f32 {
        let phase = ((1.0 + self.until) * PHASES as f64).round() as usize;
        let filter = &self.table[phase.min(PHASES) * self.taps..][..self.taps];
        let history = &self.history[self.newest..][..self.taps];
        let (filter, _) = filter.as_chunks();
        sinc::convolve(history, filter.iter().map(sinc::eight))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use core::f64::consts::TAU;

    use super::*;

    /// The level of a unit sine of `hz` after the filter at the frequency where it comes out, in dB.
    fn level_db(rate: f64, hz: f64) -> f64 {
        let mut downsampler = Downsampler::new(rate);
        let input: Vec<f32> = (0..rate as usize).map(|n| (n as f64 * hz * TAU / rate).sin() as f32).collect();
        let mut output = Vec::new();
        for part in input.chunks(128) {
            downsampler.push(part, |sample| output.push(f64::from(sample)));
        }
        let settled = &output[400..];
        let power = settled.iter().map(|sample| sample * sample).sum::<f64>() / settled.len() as f64;
        10.0 * (2.0 * power).log10()
    }

    #[test]
    fn the_telephone_band_passes_and_nothing_comes_back_mirrored() {
        for rate in [8_000.0, 16_000.0, 44_100.0, 48_000.0, 96_000.0] {
            for hz in [300.0, 1_000.0, 1_633.0, 2_800.0] {
                let level = level_db(rate, hz);
                assert!(level.abs() < 0.5, "{hz} Hz at {rate} Hz: {level:.2} dB");
            }
            for hz in [4_600.0, 6_000.0, 7_000.0, 12_000.0, 20_000.0] {
                if hz < rate / 2.0 {
                    let level = level_db(rate, hz);
                    assert!(level < -50.0, "{hz} Hz at {rate} Hz: {level:.1} dB");
                }
            }
        }
    }

    #[test]
    fn as_many_samples_come_out_as_time_passes() {
        for rate in [8_000.0, 44_100.0, 48_000.0] {
            let mut downsampler = Downsampler::new(rate);
            let mut count = 0i32;
            downsampler.push(&vec![0.0; rate as usize], |_| count += 1);
            assert!((count - 8_000).abs() <= 1, "{count} at {rate} Hz");
        }
    }
}
