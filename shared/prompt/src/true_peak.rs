//! A limiter for the true peak: the highest value between the samples, too, as ITU-R BS.1770 has it.
//!
//! A block's need of gain is that of its peak at four times the rate, and of the parabola through the three values there:
//! without it, up to 0.69 dB would be missed near 4 kHz, which meters at higher rates show. A gain that moves shifts what
//! lies between samples a little, so the limiter of `signal` runs again over what it made, until nothing is left of that.

use signal::{
    gain::{Grid, Pair},
    limiter::{LOOK_AHEAD, Limiter, LimiterConfig},
};
use wide::f32x8;

use crate::resample;

/// The samples of a block at 8 kHz: 2 ms.
pub(crate) const BLOCK: usize = 16;
/// Samples that a value between two of them is made of.
const TAPS: usize = 32;
/// Samples before a block that its values are made of; one more than the taps need, for the value ahead of the first.
const BEFORE: usize = TAPS / 2;
/// Samples after a block that its values are made of.
const AFTER: usize = TAPS / 2;
/// Values for each sample; the first of them is the sample.
const OVERSAMPLING: usize = 4;
/// Cut-off of the interpolation, of the Nyquist frequency: what comes from 8 kHz fills the band.
const CUTOFF: f64 = 1.0;
/// The parameter of Kaiser's window: with more, so short a filter would lose the band's end.
const BETA: f64 = 4.0;
/// The most that a parabola rises above the highest of its three values: those of a cosine at half of the rate, an eighth
/// of a turn apart, the middle of two on its peak.
const RISE: f32 = 1.083;
/// Times that a limiter runs.
const PASSES: usize = 3;

/// A block with what its interpolation needs around it.
type Window = [f32; BEFORE + BLOCK + AFTER];

/// Finds the highest value of a block and between its samples.
#[derive(Clone, Debug)]
struct Interpolator {
    taps: [[f32; TAPS]; OVERSAMPLING - 1],
    /// The most by which a value between samples can exceed the highest sample around it.
    most: f32,
}

impl Interpolator {
    fn new() -> Self {
        let taps: [[f32; TAPS]; OVERSAMPLING - 1] = core::array::from_fn(|phase| {
            let mut taps = [0.0; TAPS];
            resample::lowpass(&mut taps, BETA, CUTOFF, (phase + 1) as f64 / OVERSAMPLING as f64);
            taps
        });
        let sum = |taps: &[f32; TAPS]| taps.iter().map(|tap| tap.abs()).sum::<f32>();
        let most = taps.iter().map(sum).fold(1.0, f32::max) * RISE;
        Self { taps, most }
    }

    /// Returns the highest magnitude of the block in the window's middle; that of its samples alone where none between them
    /// can exceed `least`.
    fn peak(&self, window: &Window, least: f32) -> f32 {
        let highest = |samples: &[f32]| samples.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
        let samples = highest(&window[BEFORE..BEFORE + BLOCK]);
        if highest(window) * self.most <= least {
            return samples;
        }
        let [first, second, third] = self.taps.each_ref().map(|taps| between(taps, &window[1..]));
        let before: f32 =
            self.taps[OVERSAMPLING - 2].iter().zip(window).map(|(tap, sample)| tap * sample).sum();
        let mut peak = samples;
        for n in 0..BLOCK {
            let earlier = if n == 0 { before } else { third[n - 1] };
            let (now, next) = (window[BEFORE + n], window[BEFORE + n + 1]);
            let values = [earlier, now, first[n], second[n], third[n], next];
            for triple in values.array_windows() {
                peak = peak.max(crest(*triple));
            }
        }
        peak
    }
}

/// Returns the values that `taps` make between the samples of a block and their next.
fn between(taps: &[f32; TAPS], samples: &[f32]) -> [f32; BLOCK] {
    let mut values = [0.0_f32; BLOCK];
    for (shift, tap) in taps.iter().enumerate() {
        for (value, sample) in values.iter_mut().zip(&samples[shift..shift + BLOCK]) {
            *value += tap * sample;
        }
    }
    values
}

/// Returns the magnitude of the middle value, or, where it is an extreme, of the parabola's through the three.
fn crest([before, value, after]: [f32; 3]) -> f32 {
    let (slope, bend) = (after - before, before - 2.0 * value + after);
    let is_extreme = slope.abs() < bend.abs() && bend * value < 0.0;
    value.abs() + if is_extreme { slope * slope / (8.0 * bend.abs()) } else { 0.0 }
}

/// Returns the highest magnitude of `samples` and between them, by values at four times their rate and parabolas through
/// these.
pub(crate) fn true_peak(samples: &[f32]) -> f32 {
    let interpolator = Interpolator::new();
    let mut most = 0.0_f32;
    let mut window = [0.0; _];
    for start in (0..samples.len() + AFTER).step_by(BLOCK) {
        let whole = start.checked_sub(BEFORE).and_then(|start| samples.get(start..)?.first_chunk());
        let window: &Window = whole.unwrap_or_else(|| {
            for (tap, sample) in window.iter_mut().enumerate() {
                let at = (start + tap).checked_sub(BEFORE);
                *sample = at.and_then(|at| samples.get(at)).map_or(0.0, |sample| *sample);
            }
            &window
        });
        most = most.max(interpolator.peak(window, most));
    }
    most
}

/// Holds the true peak at 1 or below.
#[derive(Clone, Debug)]
pub(crate) struct TruePeakLimiter {
    grid: Grid,
    interpolator: Interpolator,
    passes: [Pass; PASSES],
}

#[derive(Clone, Debug)]
struct Pass {
    limiter: Limiter,
    window: Window,
}

impl TruePeakLimiter {
    /// The delay, in samples: 18 ms.
    pub(crate) const LATENCY: usize = PASSES * (1 + LOOK_AHEAD) * BLOCK;

    pub(crate) fn new() -> Self {
        let grid = Grid::new(signal::frame::SAMPLE_RATE);
        let config = LimiterConfig { ceiling_dbfs: 0.0, ..LimiterConfig::default() };
        let pass = Pass { limiter: Limiter::new(&config, &grid), window: [0.0; _] };
        Self { interpolator: Interpolator::new(), passes: core::array::from_fn(|_| pass.clone()), grid }
    }

    /// Replaces a block by what is due.
    pub(crate) fn process(&mut self, block: &mut [f32; BLOCK]) {
        for pass in &mut self.passes {
            pass.process(&self.grid, &self.interpolator, block);
        }
    }

    /// Returns the largest reduction since the last call, in dB.
    pub(crate) fn take_reduction(&mut self) -> f32 {
        self.passes.iter_mut().map(|pass| pass.limiter.take_reduction()).sum()
    }
}

impl Pass {
    fn process(&mut self, grid: &Grid, interpolator: &Interpolator, block: &mut [f32; BLOCK]) {
        // The window holds the block that has waited, and where it ends the first samples of this one.
        self.window[BEFORE + BLOCK..].copy_from_slice(&block[..AFTER]);
        let peak = interpolator.peak(&self.window, 1.0);
        let (waited, _) = self.window[BEFORE..].split_first_chunk::<BLOCK>().expect("a window holds a block");
        let mut pairs = [pair(waited)];
        self.window.copy_within(BLOCK..BLOCK + BEFORE, 0);
        self.window[BEFORE..BEFORE + BLOCK].copy_from_slice(block);
        self.limiter.process_peak(grid, &mut pairs, peak);
        for (out, vector) in block.chunks_exact_mut(8).zip(pairs.as_flattened()) {
            out.copy_from_slice(vector.as_array());
        }
    }
}

fn pair(block: &[f32; BLOCK]) -> Pair {
    let (halves, _) = block.as_chunks();
    [f32x8::new(halves[0]), f32x8::new(halves[1])]
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn limited(samples: &[f32]) -> Vec<f32> {
        let mut limiter = TruePeakLimiter::new();
        let mut padded = samples.to_vec();
        padded.resize((samples.len() + TruePeakLimiter::LATENCY).next_multiple_of(BLOCK), 0.0);
        let (blocks, _) = padded.as_chunks_mut::<BLOCK>();
        for block in blocks {
            limiter.process(block);
        }
        padded.drain(..TruePeakLimiter::LATENCY);
        padded.truncate(samples.len());
        padded
    }

    /// The highest magnitude at sixteen times the rate, by filters of `taps` taps.
    fn at_sixteen_times_the_rate(samples: &[f32], taps: usize) -> f32 {
        let filters: Vec<Vec<f32>> = (0..16)
            .map(|phase| {
                let mut filter = vec![0.0; taps];
                resample::lowpass(&mut filter, BETA, 1.0, f64::from(phase) / 16.0);
                filter
            })
            .collect();
        let mut padded = vec![0.0; taps];
        padded.extend(samples);
        padded.resize(samples.len() + 2 * taps, 0.0);
        let values = padded
            .windows(taps)
            .flat_map(|window| filters.iter().map(|filter| resample::convolve(window, filter)));
        values.fold(0.0, |most, value| most.max(value.abs()))
    }

    #[test]
    fn a_peak_between_samples_is_brought_down() {
        // A quarter of the rate at 45°: its samples stay 3 dB below its peaks.
        let at_45: Vec<f32> = [1.0, 1.0, -1.0, -1.0].repeat(400);
        let output = limited(&at_45);
        let steady = &output[400..1_200];
        let peak = at_sixteen_times_the_rate(steady, 128);
        assert!((peak - 1.0).abs() < 0.02, "{peak}");
        assert!((steady[0].abs() - 0.707).abs() < 0.01, "{}", steady[0]);
    }

    /// At four times the rate alone, 0.46 dB would be missed at 3.3 kHz.
    #[test]
    fn a_tone_s_peak_is_found_wherever_its_samples_lie() {
        for hz in [300.0_f32, 2_000.0, 2_900.0, 3_300.0] {
            for start in 0..8 {
                let at = |n: i32| {
                    let height = (n as f32 / 1_600.0 * core::f32::consts::PI).sin();
                    height * (n as f32 / 8_000.0 * hz * core::f32::consts::TAU + start as f32 * 0.2).sin()
                };
                let peak_db = signal::math::to_db(true_peak(&(0..1_600).map(at).collect::<Vec<_>>()));
                assert!(peak_db.abs() < 0.05, "{peak_db} dB at {hz} Hz from {start}");
            }
        }
    }

    #[test]
    fn what_is_below_is_not_touched_at_all() {
        let quiet: Vec<f32> = (0..2_000).map(|n| 0.99 * (n as f32 * 0.2).sin()).collect();
        assert_eq!(limited(&quiet), quiet);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Bursts of tones of any height and pitch below 3.4 kHz, and of noise, one after the other.
        #[test]
        fn nothing_exceeds_the_ceiling(bursts in vec((0.01_f32..30.0, 0.05_f32..2.67, 10_usize..200, any::<bool>()), 1..8)) {
            let (mut word, mut before) = (1_u32, 0.0);
            let mut samples = Vec::new();
            for (height, turn, length, is_noise) in bursts {
                for n in 0..length {
                    word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (word >> 8) as f32 / 8_388_608.0 - 1.0;
                    // Nothing at 4 kHz, as in speech.
                    let soft = 0.5 * (noise + core::mem::replace(&mut before, noise));
                    samples.push(height * if is_noise { soft } else { (n as f32 * turn).sin() });
                }
            }
            let output = limited(&samples);
            prop_assert!(output.iter().all(|sample| sample.abs() <= 1.0));
            let peak = true_peak(&output);
            prop_assert!(peak <= 1.000_1, "{peak}");
            // A meter at a higher rate with as short a filter sees at most a tenth of a decibel more.
            let denser = at_sixteen_times_the_rate(&output, TAPS);
            prop_assert!(denser <= 1.012, "{denser}");
            // A long filter sees what rings close to 4 kHz where a tone breaks off.
            let exact = at_sixteen_times_the_rate(&output, 128);
            prop_assert!(exact <= 1.08, "{exact}");
        }
    }
}
