//! A prompt at the line's rate, and the silence at its ends.

use core::ops::Range;

use serde::{Deserialize, Serialize};
use signal::frame::SAMPLE_RATE;

use crate::{resample, source::Source};

/// The stretch whose level tells sound from silence: 10 ms.
const STRETCH: usize = SAMPLE_RATE as usize / 100;
/// The mean square below which a stretch is silent: −60 dBFS.
const SILENT: f64 = 1e-6;
/// The mean square against the loudest stretch's below which one is silent, −45 dB: a recording's noise is no sound.
const SILENT_SHARE: f64 = 3.162_277_660_168_379_5e-5;

/// A source at 8 kHz, in one channel. What is rendered again for each setting begins from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The samples, −1…1, as the source has them.
    pub samples: Vec<f32>,
    /// The stretch that is not silent; absent where all is.
    pub sound: Option<Range<usize>>,
}

/// The part of a prompt that is kept once the silence at its ends is trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trim {
    /// The samples of the [`Line`] that are kept.
    pub kept: Range<usize>,
    /// The samples that are taken away at the start.
    pub leading: usize,
    /// The samples that are taken away at the end.
    pub trailing: usize,
}

impl Line {
    /// Lowers a source's rate to the line's.
    pub fn new(source: &Source) -> Self {
        Self::from_samples(resample::to_line_rate(&source.samples, source.rate))
    }

    /// Takes samples that are at 8 kHz already, −1…1.
    pub fn from_samples(samples: Vec<f32>) -> Self {
        let sound = sound(&samples);
        Self { samples, sound }
    }

    /// Returns the silence before the first sound, in samples; all there is where there is none.
    pub fn leading_silence(&self) -> usize {
        self.sound.as_ref().map_or(self.samples.len(), |sound| sound.start)
    }

    /// Returns the silence after the last sound, in samples; all there is where there is none.
    pub fn trailing_silence(&self) -> usize {
        self.sound.as_ref().map_or(self.samples.len(), |sound| self.samples.len() - sound.end)
    }

    /// Shortens silence of more than `longest_ms` at either end to that; a prompt without sound stays as it is, as does
    /// any where `longest_ms` is absent.
    pub fn trim(&self, longest_ms: Option<u32>) -> Trim {
        let length = self.samples.len();
        let (Some(ms), Some(sound)) = (longest_ms, &self.sound) else {
            return Trim { kept: 0..length, leading: 0, trailing: 0 };
        };
        let allowed = ms as usize * SAMPLE_RATE as usize / 1_000;
        let kept = sound.start.saturating_sub(allowed)..sound.end.saturating_add(allowed).min(length);
        Trim { leading: kept.start, trailing: length - kept.end, kept }
    }
}

/// The stretch from the first sound to the last.
fn sound(samples: &[f32]) -> Option<Range<usize>> {
    let power = |stretch: &[f32]| {
        stretch.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / stretch.len() as f64
    };
    let powers: Vec<f64> = samples.chunks(STRETCH).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let floor = SILENT.max(loudest * SILENT_SHARE);
    let is_sound = |power: &f64| *power > floor;
    let first = powers.iter().position(is_sound)?;
    let last = powers.iter().rposition(is_sound)?;
    Some(first * STRETCH..((last + 1) * STRETCH).min(samples.len()))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn prompt(leading_ms: usize, trailing_ms: usize, level: f32, noise: f32) -> Line {
        let tone = |n: usize| (n as f32 * 0.3).sin();
        let hiss = |n: usize| noise * (n as f32 * 2.1).sin();
        let silence = |ms: usize| (0..ms * 8).map(hiss);
        let sound = (0..8_000).map(|n| level * tone(n));
        Line::from_samples(silence(leading_ms).chain(sound).chain(silence(trailing_ms)).collect())
    }

    #[test]
    fn silence_is_told_from_sound_at_every_level_and_through_noise() {
        for (level, noise) in [(0.5, 0.0), (0.01, 0.0), (0.5, 0.001), (0.9, 0.003)] {
            let line = prompt(420, 700, level, noise);
            let ends = [line.leading_silence(), line.trailing_silence()].map(|samples| samples / 8);
            assert_eq!(ends, [420, 700], "at {level} over {noise}");
        }
        assert_eq!(prompt(0, 0, 0.5, 0.0).trim(Some(300)).kept, 0..8_000);
        let silent = Line::from_samples(vec![0.0; 800]);
        assert_eq!((silent.leading_silence(), silent.trim(Some(300)).kept), (800, 0..800));
        assert_eq!(Line::from_samples(Vec::new()).trim(Some(300)).kept, 0..0);
    }

    #[test]
    fn ends_are_shortened_to_what_is_allowed_and_never_lengthened() {
        let line = prompt(420, 250, 0.5, 0.0);
        assert_eq!(line.trim(Some(300)), Trim { kept: 960..13_360, leading: 960, trailing: 0 });
        assert_eq!(line.trim(None).kept, 0..13_360);
    }
}
