//! The tones that a keypad sends: their length, the pauses between them, and their level.

use core::{ops::RangeInclusive, time::Duration};

use base::digit::Digit;

use crate::tone::{ToneConfig, ToneGenerator};

/// Time by which a tone may begin later than the one before it lets it: frames, timers, and the browser between them.
const CADENCE_MARGIN: Duration = Duration::from_millis(50);
/// Level of the low-group tone beside the high-group one, in dB, as telephones send them.
const TWIST_DB: f32 = -2.0;

/// Settings of the tones that a keypad sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyTones {
    /// Duration of a dialled digit, and the shortest of a key that is pressed by hand, in milliseconds (50: ITU-T Q.24 has
    /// every receiver accept 40).
    pub length_ms: u32,
    /// Pause between two tones, in milliseconds (60: Q.24's receivers need 40 to tell two digits apart).
    pub gap_ms: u32,
    /// Level of the high-group tone, in dBm0 (−6). The low-group tone is 2 dB weaker.
    pub level_dbm0: f32,
}

impl KeyTones {
    /// Lengths that can be set, in milliseconds. Some are too short for receivers, which is worth a test.
    pub const LENGTH_RANGE_MS: RangeInclusive<u32> = 20..=2_000;
    /// Pauses that can be set, in milliseconds.
    pub const GAP_RANGE_MS: RangeInclusive<u32> = 20..=2_000;
    /// Levels that can be set, in dBm0. Louder tones would overload the line.
    pub const LEVEL_RANGE_DBM0: RangeInclusive<f32> = -40.0..=-3.0;

    /// Returns the settings, each within its range.
    #[must_use]
    pub fn clamped(self) -> Self {
        let within = |value: u32, range: RangeInclusive<u32>| value.clamp(*range.start(), *range.end());
        Self {
            length_ms: within(self.length_ms, Self::LENGTH_RANGE_MS),
            gap_ms: within(self.gap_ms, Self::GAP_RANGE_MS),
            level_dbm0: if self.level_dbm0.is_finite() {
                self.level_dbm0.clamp(*Self::LEVEL_RANGE_DBM0.start(), *Self::LEVEL_RANGE_DBM0.end())
            } else {
                Self::default().level_dbm0
            },
        }
    }

    /// Returns the time from the beginning of a dialled digit to that of the next, as it is reckoned with.
    pub fn cadence(self) -> Duration {
        self.length() + self.gap() + CADENCE_MARGIN
    }

    /// Returns the pause between two tones.
    pub fn gap(self) -> Duration {
        Duration::from_millis(self.gap_ms.into())
    }

    /// Returns a digit's tone, held until it is released.
    pub fn tone(self, digit: Digit, sample_rate: u32) -> ToneGenerator {
        let config = ToneConfig {
            low_dbm0: self.level_dbm0 + TWIST_DB,
            high_dbm0: self.level_dbm0,
            ..ToneConfig::default()
        };
        ToneGenerator::new(digit, &config, sample_rate).lasting_at_least(self.length())
    }

    fn length(self) -> Duration {
        Duration::from_millis(self.length_ms.into())
    }
}

impl Default for KeyTones {
    fn default() -> Self {
        Self { length_ms: 50, gap_ms: 60, level_dbm0: -6.0 }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn sounds_for_ms(tones: KeyTones) -> usize {
        let mut tone = tones.tone(Digit::STAR, 8_000);
        tone.release();
        tone.fill(&mut vec![0.0; 32_000]) / 8
    }

    #[test]
    fn a_dialled_digit_sounds_for_its_length() {
        for length_ms in [20, 50, 100, 2_000] {
            assert_eq!(sounds_for_ms(KeyTones { length_ms, ..KeyTones::default() }), length_ms as usize);
        }
    }

    #[test]
    fn settings_out_of_range_are_brought_into_it() {
        let wild = KeyTones { length_ms: 0, gap_ms: 9_999, level_dbm0: 3.0 };
        assert_eq!(wild.clamped(), KeyTones { length_ms: 20, gap_ms: 2_000, level_dbm0: -3.0 });
        let unknown = KeyTones { level_dbm0: f32::NAN, ..KeyTones::default() };
        assert_eq!(unknown.clamped(), KeyTones::default());
        assert_eq!(KeyTones::default().clamped(), KeyTones::default());
    }

    #[test]
    fn the_loudest_tones_fit_the_line() {
        let loudest = *KeyTones::LEVEL_RANGE_DBM0.end();
        let config = ToneConfig { low_dbm0: loudest + TWIST_DB, high_dbm0: loudest, ..ToneConfig::default() };
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn the_level_is_the_stronger_tone_s() {
        let peak = |level_dbm0: f32| {
            let mut pcm = [0.0; 4_000];
            KeyTones { level_dbm0, ..KeyTones::default() }.tone(Digit::STAR, 8_000).fill(&mut pcm);
            pcm.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()))
        };
        assert!((20.0 * (peak(-6.0) / peak(-26.0)).log10() - 20.0).abs() < 0.01);
    }
}
