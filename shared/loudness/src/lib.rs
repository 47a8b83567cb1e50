//! Loudness and true peak after EBU R 128 and ITU-R BS.1770, by the crate `ebur128`.
//!
//! For one channel, measured as one channel: a sine of 997 Hz at full scale has −3.01 LUFS.

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

/// The sample rates that can be measured, in Hz.
const RATES: core::ops::RangeInclusive<u32> = 8_000..=192_000;

/// The sample rate is outside 8,000–192,000 Hz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} Hz is no sample rate between 8,000 and 192,000 Hz")]
pub struct UnsupportedRate(pub u32);

/// A signal's loudness. A figure is absent where the signal was too short or silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loudness {
    /// Loudness of the whole, gated, in LUFS. Needs 0.4 s.
    pub integrated_lufs: Option<f64>,
    /// The loudest 0.4 s, in LUFS.
    pub momentary_max_lufs: Option<f64>,
    /// The loudest 3 s, in LUFS.
    pub short_term_max_lufs: Option<f64>,
    /// Loudness range after EBU Tech 3342, in LU. Needs 3 s.
    pub range_lu: Option<f64>,
    /// The highest peak between samples, in dBTP.
    pub true_peak_dbtp: Option<f64>,
}

/// Measures the whole of `samples`, −1…1, at `rate` Hz.
pub fn measure(samples: &[f32], rate: u32) -> Result<Loudness, UnsupportedRate> {
    let mut meter = LoudnessMeter::with(rate, Mode::empty())?;
    meter.push(samples);
    Ok(meter.loudness())
}

/// Measures a signal as it comes, within bounded memory. Its integrated loudness and range are within 0.1 LU of
/// [`measure`]'s, which remembers every block.
#[derive(Debug)]
pub struct LoudnessMeter {
    inner: EbuR128,
    /// Samples of 100 ms: how often the loudest moment is looked for.
    step: usize,
    until: usize,
    momentary_max: f64,
    short_term_max: f64,
    /// 100 ms steps so far.
    steps: u64,
}

impl LoudnessMeter {
    /// Creates a meter for `rate` Hz.
    pub fn new(rate: u32) -> Result<Self, UnsupportedRate> {
        Self::with(rate, Mode::HISTOGRAM)
    }

    fn with(rate: u32, mode: Mode) -> Result<Self, UnsupportedRate> {
        let unsupported = UnsupportedRate(rate);
        if !RATES.contains(&rate) {
            return Err(unsupported);
        }
        let mode = mode | Mode::I | Mode::LRA | Mode::TRUE_PEAK;
        let inner = EbuR128::new(1, rate, mode).map_err(|_| unsupported)?;
        let step = rate as usize / 10;
        let quiet = f64::NEG_INFINITY;
        Ok(Self { inner, step, until: step, momentary_max: quiet, short_term_max: quiet, steps: 0 })
    }

    /// Takes the next samples, −1…1.
    pub fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.until));
            self.inner.add_frames_f32(now).expect("one channel: any number of samples is whole frames");
            self.until -= now.len();
            rest = later;
            if self.until == 0 {
                self.until = self.step;
                self.steps += 1;
                self.momentary_max = self.momentary_max.max(self.momentary().unwrap_or(f64::NEG_INFINITY));
                self.short_term_max = self.short_term_max.max(self.short_term().unwrap_or(f64::NEG_INFINITY));
            }
        }
    }

    /// The loudness of the last 0.4 s, in LUFS.
    pub fn momentary(&self) -> Option<f64> {
        if self.steps < 4 { None } else { finite(self.inner.loudness_momentary()) }
    }

    /// The loudness of the last 3 s, in LUFS.
    pub fn short_term(&self) -> Option<f64> {
        if self.steps < 30 { None } else { finite(self.inner.loudness_shortterm()) }
    }

    /// Returns the loudness of the signal so far.
    pub fn loudness(&self) -> Loudness {
        let peak = self.inner.true_peak(0).ok().map(|peak| 20.0 * peak.log10());
        let integrated_lufs = finite(self.inner.loudness_global());
        // Of silence, ebur128 gives a range of zero.
        let measurable = integrated_lufs.is_some() && self.steps >= 30;
        Loudness {
            integrated_lufs,
            momentary_max_lufs: Some(self.momentary_max).filter(|lufs| lufs.is_finite()),
            short_term_max_lufs: Some(self.short_term_max).filter(|lufs| lufs.is_finite()),
            range_lu: if measurable { finite(self.inner.loudness_range()) } else { None },
            true_peak_dbtp: peak.filter(|dbtp| dbtp.is_finite()),
        }
    }
}

fn finite(measured: Result<f64, ebur128::Error>) -> Option<f64> {
    measured.ok().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn sine(rate: u32, hz: f64, dbfs: f64, seconds: f64) -> Vec<f32> {
        let peak = 10_f64.powf(dbfs / 20.0);
        let turn = hz * core::f64::consts::TAU / f64::from(rate);
        (0..(f64::from(rate) * seconds) as u32).map(|n| (peak * (f64::from(n) * turn).sin()) as f32).collect()
    }

    fn near(measured: Option<f64>, expect: f64, tolerance: f64) {
        let measured = measured.expect("measured");
        assert!((measured - expect).abs() <= tolerance, "{measured} instead of {expect}");
    }

    /// ITU-R BS.1770: a sine of 997 Hz at 0 dBFS in one channel has −3.01 LKFS.
    #[test]
    fn a_sine_of_997_hz_has_the_recommendations_loudness() {
        for rate in [8_000, 16_000, 44_100, 48_000] {
            let loudness = measure(&sine(rate, 997.0, -20.0, 5.0), rate).unwrap();
            near(loudness.integrated_lufs, -23.01, 0.1);
            near(loudness.momentary_max_lufs, -23.01, 0.1);
            near(loudness.short_term_max_lufs, -23.01, 0.1);
            near(loudness.range_lu, 0.0, 0.1);
            near(loudness.true_peak_dbtp, -20.0, 0.2);
        }
    }

    /// EBU Tech 3341, test 3, in one channel 3 dB down: the quiet ends are gated away.
    #[test]
    fn quiet_stretches_do_not_count() {
        let parts = [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)];
        let signal: Vec<f32> =
            parts.into_iter().flat_map(|(dbfs, seconds)| sine(8_000, 1_000.0, dbfs, seconds)).collect();
        near(measure(&signal, 8_000).unwrap().integrated_lufs, -26.0, 0.1);
    }

    /// EBU Tech 3342, test 1: two levels 10 dB apart.
    #[test]
    fn loudness_range_is_the_distance_of_two_levels() {
        let mut signal = sine(8_000, 1_000.0, -20.0, 20.0);
        signal.extend(sine(8_000, 1_000.0, -30.0, 20.0));
        near(measure(&signal, 8_000).unwrap().range_lu, 10.0, 1.0);
    }

    /// EBU Tech 3341, tests 15–19: a quarter of the rate at 45° has its peaks between the samples.
    #[test]
    fn a_peak_between_samples_is_found() {
        let at_45: Vec<f32> = [1.0, 1.0, -1.0, -1.0].map(|s: f32| s * 0.5_f32.sqrt() * 0.5).repeat(4_000);
        let peak = measure(&at_45, 8_000).unwrap().true_peak_dbtp.expect("a peak");
        assert!((-6.42..=-5.82).contains(&peak), "{peak} dBTP");
    }

    #[test]
    fn the_meter_agrees_however_the_signal_is_cut() {
        let mut signal = sine(8_000, 440.0, -30.0, 3.0);
        signal.extend(sine(8_000, 1_500.0, -14.0, 4.0));
        let whole = measure(&signal, 8_000).unwrap();
        let mut meter = LoudnessMeter::new(8_000).unwrap();
        assert_eq!(meter.loudness(), Loudness::default());
        for piece in signal.chunks(161) {
            meter.push(piece);
        }
        let pieces = meter.loudness();
        near(pieces.integrated_lufs, whole.integrated_lufs.unwrap(), 0.1);
        near(pieces.range_lu, whole.range_lu.unwrap(), 0.2);
        assert_eq!(pieces.momentary_max_lufs, whole.momentary_max_lufs);
        assert_eq!(pieces.short_term_max_lufs, whole.short_term_max_lufs);
        assert_eq!(pieces.true_peak_dbtp, whole.true_peak_dbtp);
        near(meter.momentary(), whole.momentary_max_lufs.unwrap(), 0.1);
    }

    #[test]
    fn what_cannot_be_measured_is_absent() {
        assert_eq!(measure(&vec![0.0; 40_000], 8_000).unwrap(), Loudness::default());
        let short = measure(&sine(8_000, 1_000.0, -6.0, 0.2), 8_000).unwrap();
        assert_eq!((short.integrated_lufs, short.range_lu), (None, None));
        near(short.true_peak_dbtp, -6.0, 0.2);
        assert_eq!(measure(&[0.0], 4_000), Err(UnsupportedRate(4_000)));
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
