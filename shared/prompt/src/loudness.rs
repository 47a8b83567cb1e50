//! Loudness after ITU-R BS.1770 and EBU Tech 3341, of one channel.
//!
//! The crate `ebur128`, which the tests compare with, sums up every window anew; here each 100 ms are summed up once.

use core::f64::consts::PI;

/// The time between two values of the loudness over time, in ms.
pub const STEP_MS: u32 = 100;
/// The steps of EBU Tech 3341's momentary loudness: 400 ms.
const MOMENTARY: usize = 4;
/// The steps of EBU Tech 3341's short-term loudness: 3 s.
const SHORT_TERM: usize = 30;
/// The absolute gate of ITU-R BS.1770, in LUFS: what is below is too quiet to have a loudness.
pub(crate) const GATE_LUFS: f64 = -70.0;
/// The relative gate, in LU.
const RELATIVE_GATE_LU: f64 = -10.0;
/// The size below which a filter's memory is taken for zero: subnormal numbers are slow.
const NOTHING: f64 = 1e-30;

/// The loudness of a prompt, and loudness over time, a value each [`STEP_MS`] of the window that ends there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Loudness {
    pub(crate) integrated_lufs: Option<f64>,
    pub(crate) momentary: Vec<Option<f32>>,
    pub(crate) short_term: Vec<Option<f32>>,
}

/// Measures the whole of `samples` at `rate` Hz.
pub(crate) fn measure(samples: &[f32], rate: u32) -> Loudness {
    let steps = step_powers(samples, rate);
    let windows = |length: usize| -> Vec<f64> {
        steps.windows(length).map(|window| window.iter().sum::<f64>() / length as f64).collect()
    };
    let series = |powers: &[f64], length: usize| {
        let early = core::iter::repeat_n(None, steps.len().min(length - 1));
        let audible =
            |power: &f64| Some(lufs(*power)).filter(|lufs| *lufs >= GATE_LUFS).map(|lufs| lufs as f32);
        early.chain(powers.iter().map(audible)).collect()
    };
    let momentary = windows(MOMENTARY);
    Loudness {
        integrated_lufs: integrated(&momentary),
        momentary: series(&momentary, MOMENTARY),
        short_term: series(&windows(SHORT_TERM), SHORT_TERM),
    }
}

/// The loudness of blocks of 400 ms, three quarters of each shared with the next.
fn integrated(blocks: &[f64]) -> Option<f64> {
    let gated = |gate: f64| -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0.0);
        for power in blocks.iter().filter(|power| **power >= gate) {
            sum += power;
            count += 1.0;
        }
        (count > 0.0).then(|| sum / count)
    };
    let absolute = power(GATE_LUFS);
    let relative = gated(absolute)? * 10_f64.powf(RELATIVE_GATE_LU / 10.0);
    gated(relative.max(absolute)).map(lufs)
}

fn lufs(power: f64) -> f64 {
    10.0 * power.log10() - 0.691
}

fn power(lufs: f64) -> f64 {
    10_f64.powf((lufs + 0.691) / 10.0)
}

/// The mean squares of the whole steps, weighted.
fn step_powers(samples: &[f32], rate: u32) -> Vec<f64> {
    let mut filter = Weighting::new(f64::from(rate));
    // Whole samples, and no drift away from the time that they stand for.
    let at = |step: u64| (step * u64::from(rate) * u64::from(STEP_MS) / 1_000) as usize;
    (0..).map_while(|step| samples.get(at(step)..at(step + 1))).map(|step| filter.mean_square(step)).collect()
}

/// The weighting K: a head for the head and a high-pass, each of second order.
#[derive(Debug)]
struct Weighting {
    head: Biquad,
    low_cut: Biquad,
}

impl Weighting {
    /// The recommendation has the coefficients for 48 kHz; those for other rates follow from the analogue filters behind
    /// them, as libebur128 has them.
    fn new(rate: f64) -> Self {
        let (k, q) = ((PI * 1_681.974_450_955_533 / rate).tan(), 0.707_175_236_955_419_6);
        let high = 10_f64.powf(3.999_843_853_973_347 / 20.0);
        let band = high.powf(0.499_666_774_154_541_6);
        let head = Biquad::new(
            [high + band * k / q + k * k, 2.0 * (k * k - high), high - band * k / q + k * k],
            [1.0 + k / q + k * k, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k],
        );
        let (k, q) = ((PI * 38.135_470_876_024_44 / rate).tan(), 0.500_327_037_323_877_3);
        let below = [1.0 + k / q + k * k, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k];
        // Its gain is the recommendation's, not 1.
        let low_cut = Biquad::new([below[0], -2.0 * below[0], below[0]], below);
        Self { head, low_cut }
    }

    fn mean_square(&mut self, samples: &[f32]) -> f64 {
        let (mut head, mut low_cut) = (self.head, self.low_cut);
        let mut sum = 0.0;
        for &sample in samples {
            let weighted = low_cut.next(head.next(f64::from(sample)));
            sum += weighted * weighted;
        }
        (self.head, self.low_cut) = (head.settled(), low_cut.settled());
        sum / samples.len() as f64
    }
}

/// A filter of second order, in the transposed direct form II.
#[derive(Clone, Copy, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    memory: [f64; 2],
}

impl Biquad {
    fn new(b: [f64; 3], [a0, a1, a2]: [f64; 3]) -> Self {
        Self { b: b.map(|b| b / a0), a: [a1 / a0, a2 / a0], memory: [0.0; 2] }
    }

    #[inline]
    fn next(&mut self, input: f64) -> f64 {
        let output = self.b[0] * input + self.memory[0];
        self.memory[0] = self.b[1] * input - self.a[0] * output + self.memory[1];
        self.memory[1] = self.b[2] * input - self.a[1] * output;
        output
    }

    fn settled(mut self) -> Self {
        if self.memory.iter().all(|memory| memory.abs() < NOTHING) {
            self.memory = [0.0; 2];
        }
        self
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use ebur128::{EbuR128, Mode};

    use super::*;

    /// Tone bursts of three levels, and pauses.
    fn bursts(rate: u32) -> Vec<f32> {
        let at = |n: u32| {
            let t = f64::from(n) / f64::from(rate);
            let height = [0.5, 0.0, 0.02, 0.2][(t * 1.7) as usize % 4];
            (height * (t * 4_000.0).sin() + height * 0.3 * (t * 17_000.0).sin()) as f32
        };
        (0..rate * 8).map(at).collect()
    }

    #[test]
    fn figures_are_those_of_ebur128() {
        for rate in [8_000, 22_050, 44_100, 192_000] {
            let samples = bursts(rate);
            let mut meter = EbuR128::new(1, rate, Mode::I | Mode::M | Mode::S).unwrap();
            let ours = measure(&samples, rate);
            assert_eq!((ours.momentary.len(), ours.short_term.len()), (80, 80));
            for (index, step) in samples.chunks(rate as usize / 10).take(80).enumerate() {
                meter.add_frames_f32(step).unwrap();
                let near = |ours: Option<f32>, theirs: f64| match ours {
                    Some(ours) => {
                        assert!((f64::from(ours) - theirs).abs() < 0.05, "{ours}, {theirs}, {index}");
                    }
                    None => assert!(theirs < GATE_LUFS, "{theirs}, {index}"),
                };
                if index >= 3 {
                    near(ours.momentary[index], meter.loudness_momentary().unwrap());
                }
                if index >= 29 {
                    near(ours.short_term[index], meter.loudness_shortterm().unwrap());
                }
            }
            let theirs = meter.loudness_global().unwrap();
            let ours = ours.integrated_lufs.expect("audible");
            assert!((ours - theirs).abs() < 0.02, "{ours} instead of {theirs} at {rate} Hz");
        }
    }
}
