//! From the telephone's 8 kHz to the sound card's rate.

use wide::f32x8;

use super::{frame::SAMPLE_RATE, sinc};

/// Input samples that each output sample is made of.
const TAPS: usize = 24;
/// The same in vectors.
const VECTORS: usize = TAPS / 8;
/// Positions between two input samples for which the filter is tabulated; between them it is interpolated.
const PHASES: usize = 64;
/// Of the input's Nyquist frequency: the telephone band ends at 3,400 Hz.
const CUTOFF: f64 = 0.93;

/// Raises a stream's rate with a windowed sinc filter. Allocates when it is made and not afterwards.
#[derive(Debug)]
pub struct Upsampler {
    /// For each phase the filter, and what has to be added for the next one.
    table: Vec<[[f32x8; VECTORS]; 2]>,
    history: [f32; TAPS],
    /// Where the next output sample lies between two input samples, 0 ≤ x < 1.
    position: f64,
    step: f64,
    /// The step at the sender's speed.
    normal_step: f64,
}

impl Upsampler {
    /// Input samples by which the output lags behind the input.
    pub const DELAY: usize = TAPS / 2;

    /// To `rate` Hz, at least 8,000.
    pub fn new(rate: f64) -> Self {
        let filter = |phase: usize| filter(phase as f64 / PHASES as f64);
        let table =
            (0..PHASES).map(|phase| [filter(phase), difference(filter(phase + 1), filter(phase))]).collect();
        let step = f64::from(SAMPLE_RATE) / rate;
        Self { table, history: [0.0; TAPS], position: 0.0, step, normal_step: step }
    }

    /// Takes `speed` times as many input samples for each output sample from now on; pitch goes with it. 1 at first.
    pub fn set_speed(&mut self, speed: f64) {
        self.step = self.normal_step * speed;
    }

    /// Fills `out`, asking `next` for each input sample as it is needed.
    pub fn fill(&mut self, out: &mut [f32], mut next: impl FnMut() -> f32) {
        for sample in out {
            *sample = self.interpolate();
            self.position += self.step;
            while self.position >= 1.0 {
                self.position -= 1.0;
                self.history.copy_within(1.., 0);
                self.history[TAPS - 1] = next();
            }
        }
    }

    fn interpolate(&self) -> f32 {
        let exact = self.position as f32 * PHASES as f32;
        let phase = (exact as usize).min(PHASES - 1);
        let between = exact - phase as f32;
        let [filter, next] = &self.table[phase];
        let between = f32x8::splat(between);
        let (history, _) = self.history.as_chunks::<8>();
        let mut sums = f32x8::ZERO;
        for ((history, filter), next) in history.iter().zip(filter).zip(next) {
            sums += f32x8::new(*history) * (*filter + *next * between);
        }
        sinc::total(sums)
    }
}

/// The filter for an output sample `fraction` of the way from the middle input sample to the next.
fn filter(fraction: f64) -> [f32x8; VECTORS] {
    let mut taps = [0.0; TAPS];
    sinc::lowpass(&mut taps, CUTOFF, fraction);
    let (chunks, _) = taps.as_chunks::<8>();
    core::array::from_fn(|index| f32x8::new(chunks[index]))
}

fn difference(a: [f32x8; VECTORS], b: [f32x8; VECTORS]) -> [f32x8; VECTORS] {
    core::array::from_fn(|index| a[index] - b[index])
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// What is left of a tone when the best fitting sine is taken away, in dB below it.
    fn residue_db(rate: f64, hz: f64) -> f64 {
        let mut upsampler = Upsampler::new(rate);
        let mut index = 0;
        let mut out = vec![0.0f32; rate as usize / 4];
        upsampler.fill(&mut out, || {
            index += 1;
            (f64::from(index) * hz * core::f64::consts::TAU / 8_000.0).sin() as f32
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
            for hz in [320.0, 697.0, 1_000.0, 1_640.0, 2_400.0] {
                let residue = residue_db(rate, hz);
                assert!(residue < -50.0, "{hz} Hz at {rate} Hz: {residue:.1} dB");
            }
        }
    }
}
