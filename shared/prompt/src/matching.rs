//! Sets: prompts beside each other, and bringing them to one loudness.

use serde::{Deserialize, Serialize};

use crate::{
    line::Line,
    measure::{Measures, measure_line},
    render::{Bypass, CodecMissing, GAIN_DB, Settings, render},
};

/// The gain that brings a prompt to a target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// The gain, in dB, for [`Settings::gain_db`].
    pub gain_db: f32,
    /// The gain that is missing because the true peak would exceed the peak limit, in dB; 0 where the target is reached or the
    /// limiter makes up for it.
    pub short_db: f32,
    /// The most by which the limiter has to reduce peaks, in dB; 0 where the dynamics stay as they are.
    pub limited_db: f32,
}

/// The way to a target that peaks stand against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// By gain alone: what it would lift above the peak limit stays below the target.
    #[default]
    GainOnly,
    /// By gain, and the limiter takes what exceeds the peak limit.
    Limiter,
}

/// Finds the gain behind `settings` that brings a prompt to `target_lufs`; none for what is too short or too quiet to have a
/// loudness.
pub fn match_loudness(
    line: &Line,
    settings: &Settings,
    target_lufs: f64,
    reach: Reach,
) -> Result<Option<Match>, CodecMissing> {
    let before = unlimited(line, settings)?;
    let (Some(lufs), Some(peak)) = (before.integrated_lufs, before.true_peak_dbtp) else { return Ok(None) };
    let wanted = (target_lufs - lufs) as f32;
    let limit = shared::audio::math::to_db(settings.volume.peak_limit);
    let room = limit - peak as f32;
    let over = (wanted - room).max(0.0);
    let matched = match reach {
        Reach::GainOnly => Match { gain_db: wanted - over, short_db: over, limited_db: 0.0 },
        Reach::Limiter => Match { gain_db: wanted, short_db: 0.0, limited_db: over },
    };
    Ok(Some(Match { gain_db: GAIN_DB.nearest(matched.gain_db), ..matched }))
}

/// Gain under which nothing exceeds full scale in 16 bits, in dB.
const HEADROOM_DB: f32 = -24.0;

/// Measures what would be sent without target gain and limiter.
fn unlimited(line: &Line, settings: &Settings) -> Result<Measures, CodecMissing> {
    let volume = settings.volume;
    let trimmed = |samples: &[f32], factor: f32| {
        Line::from_samples(samples.iter().map(|sample| sample * factor).collect())
    };
    let kept = line.samples.get(line.trim(settings.silence_trim_ms).kept).unwrap_or_default();
    if settings.bypass.compressor || volume.compression_ratio >= 1.0 {
        // A factor and nothing else.
        let factor = if settings.bypass.gain { 1.0 } else { volume.base_gain };
        return Ok(measure_line(&trimmed(kept, factor)).0);
    }
    let bypass = Bypass { limiter: true, ..settings.bypass };
    let plain = Settings { codec: None, gain_db: HEADROOM_DB, bypass, ..*settings };
    let rendered = render(line, &plain)?;
    let factor = shared::audio::math::from_db(-HEADROOM_DB) / 32_768.0;
    let samples = rendered.sent.iter().map(|&sample| f32::from(sample) * factor).collect();
    Ok(measure_line(&Line::from_samples(samples)).0)
}

/// The loudness of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// The median, in LUFS; absent where no prompt has a loudness.
    pub median_lufs: Option<f64>,
    /// The distance from the quietest to the loudest, in LU.
    pub range_lu: f64,
}

impl Spread {
    /// Computes the spread of the prompts that have a loudness.
    pub fn of(lufs: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut lufs: Vec<f64> = lufs.into_iter().flatten().collect();
        lufs.sort_by(f64::total_cmp);
        let (Some(&first), Some(&last)) = (lufs.first(), lufs.last()) else { return Self::default() };
        let median = f64::midpoint(lufs[(lufs.len() - 1) / 2], lufs[lufs.len() / 2]);
        Self { median_lufs: Some(median), range_lu: last - first }
    }

    /// Returns a prompt's distance from the median, in LU, where it is more than `limit_lu`.
    pub fn outlier(&self, lufs: Option<f64>, limit_lu: f64) -> Option<f64> {
        let distance = lufs? - self.median_lufs?;
        (distance.abs() > limit_lu).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{measure::measure_pcm, volume::VolumeMatrix};

    /// Tone bursts with pauses: a crest factor of 9 dB.
    fn bursts(height: f32) -> Line {
        let on = |n: usize| f32::from(u8::from(n % 4_000 < 2_000));
        Line::from_samples((0..40_000).map(|n| height * on(n) * (n as f32 * 0.7).sin()).collect())
    }

    fn plain(peak_limit: f32, compression_ratio: f32) -> Settings {
        let volume = VolumeMatrix { base_gain: peak_limit.min(0.8), peak_limit, compression_ratio };
        Settings { volume, codec: None, ..Settings::default() }
    }

    #[test]
    fn prompts_of_any_level_meet_at_the_target() {
        for height in [0.005, 0.05, 0.9] {
            for ratio in [1.0, 0.4] {
                let (line, settings) = (bursts(height), plain(1.0, ratio));
                let matched = match_loudness(&line, &settings, -19.0, Reach::GainOnly).unwrap().unwrap();
                assert_eq!((matched.short_db, matched.limited_db), (0.0, 0.0));
                let gain_db = matched.gain_db;
                let rendered = render(&line, &Settings { gain_db, ..settings }).unwrap();
                let lufs = measure_pcm(&rendered.sent).0.integrated_lufs.unwrap();
                assert!((lufs + 19.0).abs() < 0.05, "{lufs} from {height}, {ratio}");
                assert!(rendered.levels.iter().all(|levels| levels.limiter_db == 0.0));
            }
        }
    }

    #[test]
    fn peaks_stop_the_gain_or_the_limiter_takes_them() {
        let (line, settings) = (bursts(0.2), plain(0.25, 1.0));
        let alone = match_loudness(&line, &settings, -15.0, Reach::GainOnly).unwrap().unwrap();
        let limited = match_loudness(&line, &settings, -15.0, Reach::Limiter).unwrap().unwrap();
        assert!(alone.short_db > 1.0);
        assert_eq!((limited.short_db, limited.limited_db), (0.0, alone.short_db));
        let peak = |gain_db| {
            let rendered = render(&line, &Settings { gain_db, ..settings }).unwrap();
            measure_pcm(&rendered.sent).0.true_peak_dbtp.unwrap()
        };
        for gain_db in [alone.gain_db, limited.gain_db] {
            assert!(peak(gain_db) <= 20.0 * 0.25_f64.log10() + 0.02, "{}", peak(gain_db));
        }
        assert!(peak(alone.gain_db) > 20.0 * 0.25_f64.log10() - 0.1);
    }

    #[test]
    fn what_has_no_loudness_gets_no_gain() {
        let short = Line::from_samples(vec![0.5; 1_000]);
        let silent = Line::from_samples(vec![0.0; 40_000]);
        for line in [short, silent] {
            assert_eq!(match_loudness(&line, &plain(1.0, 1.0), -19.0, Reach::Limiter), Ok(None));
        }
    }

    #[test]
    fn a_set_has_a_median_a_range_and_outliers() {
        let spread = Spread::of([Some(-20.0), None, Some(-18.0), Some(-27.0), Some(-19.0)]);
        assert_eq!((spread.median_lufs, spread.range_lu), (Some(-19.5), 9.0));
        assert_eq!(spread.outlier(Some(-27.0), 3.0), Some(-7.5));
        assert_eq!((spread.outlier(Some(-18.0), 3.0), spread.outlier(None, 3.0)), (None, None));
        assert_eq!(Spread::of([None]), Spread::default());
    }
}
