//! Tone synthesis per ITU-T Q.23.
//!
//! Each tone is a 64-bit phase that advances by a constant every sample: its frequency is off by less than
//! 10⁻¹⁵ Hz and no error gathers, however long a key is held.

use core::time::Duration;

use base::digit::Digit;
use base::field_error::FieldErrors;

use crate::{
    level::{FULL_SCALE, FULL_SCALE_DBM0},
    math,
};

/// A held key sounds at least this long, so that every receiver may hear it (ITU-T Q.24: 40 ms must be accepted).
pub const MIN_HOLD: Duration = Duration::from_millis(50);

/// A held key sounds no longer than this: nobody holds one that long on purpose, and a release that never comes must not
/// leave a tone on the line.
pub const MAX_HOLD: Duration = Duration::from_secs(10);

/// Maximum number of keys that wait until those before them have sounded, more than anyone types; further keys are dropped.
pub const MAX_WAITING_KEYS: usize = 64;

/// Settings of the tones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneConfig {
    /// Duration of a tone, edges included (100 ms).
    pub on: Duration,
    /// The pause after each digit (100 ms).
    pub off: Duration,
    /// Level of the low-group tone in dBm0 (−8).
    pub low_dbm0: f32,
    /// Level of the high-group tone in dBm0 (−6: lines attenuate high frequencies more, so telephones send them
    /// 2 dB stronger).
    pub high_dbm0: f32,
    /// Length of each raised-cosine edge (2 ms); more than half of `on` counts as half.
    pub ramp: Duration,
}

impl Default for ToneConfig {
    fn default() -> Self {
        Self {
            on: Duration::from_millis(100),
            off: Duration::from_millis(100),
            low_dbm0: -8.0,
            high_dbm0: -6.0,
            ramp: Duration::from_millis(2),
        }
    }
}

impl ToneConfig {
    /// Checks the settings; the error lists every field that is wrong.
    pub fn validate(&self) -> Result<(), FieldErrors> {
        /// Longest tone: more is a slip of the unit.
        const LONGEST: Duration = Duration::from_mins(1);
        const LONGEST_RAMP: Duration = Duration::from_millis(20);
        let mut errors = FieldErrors::new();
        if self.on < Duration::from_millis(1) || self.on > LONGEST {
            errors.refuse("on", "must be between 1 ms and 60 s");
        }
        if self.off > LONGEST {
            errors.refuse("off", "must be at most 60 s");
        }
        if self.ramp > LONGEST_RAMP || self.ramp * 2 > self.on {
            errors.refuse("ramp", "must be at most 20 ms and half of the tone");
        }
        for (field, level) in [("lowDbm0", self.low_dbm0), ("highDbm0", self.high_dbm0)] {
            if !(-60.0..=FULL_SCALE_DBM0).contains(&f64::from(level)) {
                errors.refuse(field, "must be between -60 and 3.14 dBm0");
            }
        }
        if errors.is_empty() && self.peaks().0 + self.peaks().1 > FULL_SCALE {
            errors.refuse("highDbm0", "is too high: the two tones together overload 16-bit samples");
        }
        errors.into_result(())
    }

    fn peaks(&self) -> (f64, f64) {
        let peak = |dbm0: f32| FULL_SCALE * f64::from(math::from_db(dbm0 - FULL_SCALE_DBM0 as f32));
        (peak(self.low_dbm0), peak(self.high_dbm0))
    }
}

/// The digits one after another, each followed by its pause, as 16-bit PCM.
pub fn synthesize(
    digits: impl IntoIterator<Item = Digit>,
    config: &ToneConfig,
    sample_rate: u32,
) -> Vec<i16> {
    let on = samples(config.on, sample_rate) as usize;
    let off = samples(config.off, sample_rate) as usize;
    let mut pcm = Vec::new();
    for digit in digits {
        let from = pcm.len();
        pcm.resize(from + on + off, 0);
        ToneGenerator::timed(digit, config, sample_rate).fill_i16(&mut pcm[from..from + on]);
    }
    pcm
}

/// One digit's tone, made as it is needed, at any sample rate.
#[derive(Clone, Debug)]
pub struct ToneGenerator {
    low: Oscillator,
    high: Oscillator,
    /// Samples made so far.
    at: u64,
    /// Length of an edge in samples.
    ramp: u64,
    /// The first sample after the tone; `u64::MAX` while a key is held.
    end: u64,
    /// The earliest end of a held key.
    min_end: u64,
    sample_rate: u32,
}

impl ToneGenerator {
    /// The tone of a key that is being held: it sounds until [`release`](Self::release).
    pub fn new(digit: Digit, config: &ToneConfig, sample_rate: u32) -> Self {
        let (low_hz, high_hz) = digit.frequencies();
        let (low_peak, high_peak) = config.peaks();
        Self {
            low: Oscillator::new(low_hz, low_peak, sample_rate),
            high: Oscillator::new(high_hz, high_peak, sample_rate),
            at: 0,
            ramp: samples(config.ramp, sample_rate),
            end: u64::MAX,
            min_end: samples(MIN_HOLD, sample_rate),
            sample_rate,
        }
    }

    /// The tone, which sounds at least this long however early it is released.
    #[must_use]
    pub fn lasting_at_least(mut self, shortest: Duration) -> Self {
        self.min_end = samples(shortest, self.sample_rate);
        self
    }

    /// A tone that ends by itself after `config.on`.
    pub fn timed(digit: Digit, config: &ToneConfig, sample_rate: u32) -> Self {
        let end = samples(config.on, sample_rate);
        let mut tone = Self::new(digit, config, sample_rate);
        tone.ramp = tone.ramp.min(end / 2);
        tone.end = end;
        tone
    }

    /// Releases the key: the tone fades out at once, though not before its shortest time is over.
    pub fn release(&mut self) {
        self.end = self.end.min((self.at + self.ramp).max(self.min_end));
    }

    /// Returns true when only silence is left.
    pub fn is_finished(&self) -> bool {
        self.at >= self.end
    }

    /// Fills `out` with the next samples, full scale being ±1, and silence after the tone's end. Returns how many
    /// belong to the tone.
    pub fn fill(&mut self, out: &mut [f32]) -> usize {
        self.fill_with(out, |value| (value / FULL_SCALE) as f32)
    }

    /// Fills `out` with the next samples as 16-bit PCM, and silence after the tone's end. Returns how many belong to
    /// the tone.
    pub fn fill_i16(&mut self, out: &mut [i16]) -> usize {
        self.fill_with(out, |value| value.round() as i16)
    }

    fn fill_with<T>(&mut self, out: &mut [T], convert: impl Fn(f64) -> T) -> usize {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let sounding = out.len().min(left);
        let (tone, silence) = out.split_at_mut(sounding);
        for sample in tone {
            *sample = convert(self.gain() * (self.low.next() + self.high.next()));
            self.at += 1;
        }
        silence.fill_with(|| convert(0.0));
        sounding
    }

    /// Raised-cosine edges: half a sample in from either end, so that both edges look alike.
    fn gain(&self) -> f64 {
        let from_edge = self.at.min(self.end - 1 - self.at);
        if from_edge >= self.ramp {
            return 1.0;
        }
        let progress = (from_edge as f64 + 0.5) / self.ramp as f64;
        0.5 - 0.5 * math::cosine(math::phase(0.5 * progress))
    }
}

#[derive(Clone, Debug)]
struct Oscillator {
    /// Turns, in 2⁻⁶⁴.
    phase: u64,
    step: u64,
    peak: f64,
}

impl Oscillator {
    fn new(hz: f64, peak: f64, sample_rate: u32) -> Self {
        /// Q.23's frequencies are whole millihertz; integers keep the quotient exact.
        const MILLI: f64 = 1_000.0;
        let turns = (u128::from((hz * MILLI).round() as u64) << 64) / (u128::from(sample_rate) * 1_000);
        Self { phase: 0, step: turns as u64, peak }
    }

    fn next(&mut self) -> f64 {
        let value = self.peak * math::sine(self.phase);
        self.phase = self.phase.wrapping_add(self.step);
        value
    }
}

/// `span` in samples, rounded.
fn samples(span: Duration, sample_rate: u32) -> u64 {
    ((span.as_nanos() * u128::from(sample_rate) + 500_000_000) / 1_000_000_000) as u64
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_defaults_are_valid_and_every_mistake_is_named() {
        assert_eq!(ToneConfig::default().validate(), Ok(()));
        let wrong = ToneConfig {
            on: Duration::from_millis(3),
            off: Duration::from_secs(100),
            low_dbm0: f32::NAN,
            high_dbm0: 4.0,
            ramp: Duration::from_millis(2),
        };
        let fields: Vec<_> = wrong.validate().unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["off", "ramp", "lowDbm0", "highDbm0"]);
        let loud = ToneConfig { low_dbm0: 0.0, high_dbm0: 0.0, ..ToneConfig::default() };
        assert_eq!(loud.validate().unwrap_err()[0].field, "highDbm0");
    }

    #[test]
    fn a_key_sounds_for_as_long_as_it_is_held_and_at_least_50_ms() {
        let check = |held: usize, expect: usize| {
            let mut tone = ToneGenerator::new(Digit::STAR, &ToneConfig::default(), 8_000);
            let mut pcm = vec![0.0; 8_000];
            tone.fill(&mut pcm[..held]);
            assert!(!tone.is_finished());
            tone.release();
            let sounding = held + tone.fill(&mut pcm[held..]);
            assert!(tone.is_finished());
            assert_eq!(sounding, expect, "held for {held} samples");
            assert!(pcm[sounding..].iter().all(|&sample| sample == 0.0));
        };
        check(0, 400);
        check(100, 400);
        check(384, 400);
        check(385, 401);
        check(4_000, 4_016);
    }
}
