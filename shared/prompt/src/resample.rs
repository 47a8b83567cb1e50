//! From a source's rate to the line's 8 kHz: flat to 3.4 kHz, and nothing comes back mirrored.
//!
//! Above 32 kHz first down by a whole number to 16 kHz or more, with a short filter; then by any ratio with a steep one.
//! Filters are windowed sincs with Kaiser's window, whose taps are computed beforehand for every position that an output
//! sample takes between two input samples. Everything is made of shared's sines and of sums in a fixed order, so that the
//! bits are the same natively and in wasm.

use core::f64::consts::PI;

use signal::{
    frame::SAMPLE_RATE,
    math::{phase, sine},
};

/// The end of the telephone band, in Hz.
pub const PASS_HZ: f64 = 3_400.0;
/// Half of the line's rate, in Hz: what is above would come back mirrored.
const STOP_HZ: f64 = SAMPLE_RATE as f64 / 2.0;
/// The attenuation of what is stopped, in dB: 60 are asked for.
const STOP_DB: f64 = 74.0;
/// The parameter of Kaiser's window that attenuates so much.
const BETA: f64 = 0.1102 * (STOP_DB - 8.7);
/// Positions between two input samples for which taps are kept at most; ratios of more take the mean of two of them.
const MAX_PHASES: u64 = 512;
/// The lowest rate, in Hz, that the first stage lowers to.
const BETWEEN_HZ: u32 = 16_000;

/// Returns samples at `rate` Hz, 8,000 or more, at the line's rate; the first output sample is at the first input sample's
/// time. At 8 kHz they stay as they are.
pub fn to_line_rate(samples: &[f32], rate: u32) -> Vec<f32> {
    if rate <= SAMPLE_RATE {
        return samples.to_vec();
    }
    let divisor = rate / BETWEEN_HZ;
    let total = (samples.len() as u64 * u64::from(SAMPLE_RATE)).div_ceil(u64::from(rate)) as usize;
    if divisor < 2 {
        return Stage::new(Ratio::new(rate, SAMPLE_RATE), f64::from(rate), STOP_HZ).run(samples, total);
    }
    let between = f64::from(rate) / f64::from(divisor);
    let first = Stage::new(Ratio::new(divisor, 1), f64::from(rate), between - STOP_HZ);
    let lowered = first.run(samples, samples.len().div_ceil(divisor as usize));
    Stage::new(Ratio::new(rate, SAMPLE_RATE * divisor), between, STOP_HZ).run(&lowered, total)
}

/// Input samples for each output sample, in lowest terms.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    input: u64,
    output: u64,
}

impl Ratio {
    fn new(input: u32, output: u32) -> Self {
        let (mut a, mut b) = (input, output);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self { input: u64::from(input / a), output: u64::from(output / a) }
    }
}

/// A filter and a ratio.
#[derive(Debug)]
struct Stage {
    ratio: Ratio,
    taps: usize,
    /// Count of positions between two input samples that have taps.
    phases: u64,
    /// The taps of each position, and of one more: that of the next input sample.
    table: Vec<f32>,
}

impl Stage {
    /// Passes what is below [`PASS_HZ`] and stops what is above `stop_hz`, of input at `rate` Hz.
    fn new(ratio: Ratio, rate: f64, stop_hz: f64) -> Self {
        let transition = (stop_hz - PASS_HZ) / rate;
        let taps = ((STOP_DB - 7.95) / (14.36 * transition)).ceil() as usize + 1;
        let taps = taps.next_multiple_of(8);
        let cutoff = (stop_hz + PASS_HZ) / rate;
        let phases = ratio.output.min(MAX_PHASES);
        let mut table = vec![0.0; taps * (phases as usize + 1)];
        let mut rows: Vec<&mut [f32]> = table.chunks_exact_mut(taps).collect();
        let (first, second) = rows.split_at_mut(phases as usize / 2 + 1);
        for (index, row) in first.iter_mut().enumerate() {
            lowpass(row, BETA, cutoff, index as f64 / phases as f64);
        }
        // Those behind the middle are those before it, turned over.
        for (row, mirrored) in second.iter_mut().rev().zip(first) {
            row.copy_from_slice(mirrored);
            row.reverse();
        }
        Self { ratio, taps, phases, table }
    }

    fn run(&self, samples: &[f32], total: usize) -> Vec<f32> {
        let before = self.taps / 2 - 1;
        let mut output = Vec::with_capacity(total);
        let mut edge = vec![0.0; self.taps];
        // Where the output sample lies: input samples, and parts of one.
        let (mut whole, mut part) = (0_usize, 0);
        for _ in 0..total {
            let window = whole.checked_sub(before).and_then(|start| samples.get(start..start + self.taps));
            let window = window.unwrap_or_else(|| {
                self.gather(samples, whole, &mut edge);
                &edge
            });
            output.push(self.filter(window, part));
            part += self.ratio.input;
            whole += (part / self.ratio.output) as usize;
            part %= self.ratio.output;
        }
        output
    }

    /// Fills `window` with the samples around `whole`, and zeros beyond the ends.
    #[cold]
    fn gather(&self, samples: &[f32], whole: usize, window: &mut [f32]) {
        let before = self.taps / 2 - 1;
        for (tap, sample) in window.iter_mut().enumerate() {
            *sample = (whole + tap).checked_sub(before).and_then(|at| samples.get(at)).map_or(0.0, |it| *it);
        }
    }

    #[inline]
    fn filter(&self, window: &[f32], part: u64) -> f32 {
        let row = |index: u64| &self.table[index as usize * self.taps..][..self.taps];
        if self.phases == self.ratio.output {
            return convolve(window, row(part));
        }
        let place = part as f64 * self.phases as f64 / self.ratio.output as f64;
        let index = place as u64;
        let between = (place - index as f64) as f32;
        let (a, b) = (convolve(window, row(index)), convolve(window, row(index + 1)));
        a + between * (b - a)
    }
}

/// The sum of products, in the same order everywhere; lengths are multiples of eight.
#[inline]
pub(crate) fn convolve(window: &[f32], taps: &[f32]) -> f32 {
    let (window, _) = window.as_chunks::<8>();
    let (taps, _) = taps.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (window, taps) in window.iter().zip(taps) {
        for ((sum, sample), tap) in sums.iter_mut().zip(window).zip(taps) {
            *sum += sample * tap;
        }
    }
    let (low, high) = (&sums[..4], &sums[4..]);
    (low[0] + high[0] + (low[2] + high[2])) + (low[1] + high[1] + (low[3] + high[3]))
}

/// Fills `taps` with a low-pass of unit gain at 0 Hz whose middle lies `fraction` of a sample after the tap before the
/// middle; `cutoff` is of the Nyquist frequency, `beta` the parameter of Kaiser's window.
pub(crate) fn lowpass(taps: &mut [f32], beta: f64, cutoff: f64, fraction: f64) {
    let half = taps.len() as f64 / 2.0;
    let at = |index: usize| {
        let t = index as f64 - (half - 1.0) - fraction;
        let x = PI * cutoff * t;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { sine(phase(0.5 * cutoff * t)) / x };
        let along = t / half;
        let window = if along.abs() >= 1.0 { 0.0 } else { bessel_i0(beta * (1.0 - along * along).sqrt()) };
        sinc * window
    };
    let values: Vec<f64> = (0..taps.len()).map(at).collect();
    let sum: f64 = values.iter().sum();
    for (tap, value) in taps.iter_mut().zip(values) {
        *tap = (value / sum) as f32;
    }
}

/// The modified Bessel function of the first kind and order zero, by its series; 0 ≤ x ≤ 20.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..60 {
        term *= quarter / f64::from(n * n);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use core::f64::consts::TAU;

    use super::*;

    const RATES: [u32; 14] = [
        8_001, 8_820, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 37_987, 44_100, 48_000, 96_000,
        176_400, 192_000,
    ];

    fn tone(rate: u32, hz: f64, seconds: f64) -> Vec<f32> {
        let turn = hz * TAU / f64::from(rate);
        (0..(f64::from(rate) * seconds) as u32).map(|n| (f64::from(n) * turn).sin() as f32).collect()
    }

    /// The level of a unit sine once it is at the line's rate, in dB.
    fn level_db(rate: u32, hz: f64) -> f64 {
        let output = to_line_rate(&tone(rate, hz, 0.5), rate);
        let settled = &output[400..3_600];
        let power = settled.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / settled.len() as f64;
        10.0 * (2.0 * power).log10()
    }

    #[test]
    fn the_telephone_band_is_flat_and_nothing_comes_back_mirrored() {
        for rate in RATES {
            for hz in [50.0, 300.0, 1_000.0, 2_000.0, 3_000.0, 3_400.0] {
                let level = level_db(rate, hz);
                assert!(level.abs() < 0.05, "{hz} Hz at {rate} Hz: {level:.3} dB");
            }
            for hz in [
                4_001.0, 4_300.0, 5_000.0, 7_900.0, 8_100.0, 11_700.0, 12_500.0, 20_000.0, 47_000.0, 90_000.0,
            ] {
                if hz < f64::from(rate) / 2.0 {
                    let level = level_db(rate, hz);
                    assert!(level < -66.0, "{hz} Hz at {rate} Hz: {level:.1} dB");
                }
            }
        }
    }

    /// The issue's own check: what is above 4 kHz in a sweep.
    #[test]
    fn a_sweep_at_48_khz_leaves_nothing_that_folds() {
        let (rate, seconds) = (48_000_u32, 4.0);
        let count = (f64::from(rate) * seconds) as u32;
        let turns = |n: u32| {
            let t = f64::from(n) / f64::from(rate);
            4_000.0 * t + (24_000.0 - 4_000.0) / seconds * t * t / 2.0
        };
        let sweep: Vec<f32> = (0..count).map(|n| (TAU * turns(n)).sin() as f32).collect();
        let folded = to_line_rate(&sweep, rate);
        // The sweep begins with a step at the stop band's edge, which is itself broad.
        let most = folded[400..folded.len() - 200].iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        assert!(most < 1e-3, "{:.1} dB", 20.0 * most.log10());
    }

    #[test]
    fn time_is_kept_at_every_rate() {
        for rate in RATES {
            let input = tone(rate, 440.0, 0.25);
            let output = to_line_rate(&input, rate);
            assert!(output.len().abs_diff(2_000) <= 1, "{} samples from {rate} Hz", output.len());
            for (n, sample) in output.iter().enumerate().take(1_900).skip(100) {
                let expect = (n as f64 / 8_000.0 * 440.0 * TAU).sin();
                assert!((f64::from(*sample) - expect).abs() < 0.002, "{n} at {rate} Hz");
            }
        }
    }

    #[test]
    fn at_the_line_s_rate_every_bit_stays() {
        let samples = tone(8_000, 3_900.0, 0.1);
        assert_eq!(to_line_rate(&samples, 8_000), samples);
        assert!(to_line_rate(&[], 48_000).is_empty());
    }
}
