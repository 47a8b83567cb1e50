//! The chain's settings, their units and ranges.

use serde::{Deserialize, Serialize};

use crate::{audio::math, wire::FieldError};

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Range {
    /// The setting's path in a [`ChainConfig`] written as JSON.
    pub field: &'static str,
    /// The unit, as shown; empty for a plain number.
    pub unit: &'static str,
    /// The least.
    pub min: f32,
    /// The most.
    pub max: f32,
}

impl Range {
    const fn new(field: &'static str, unit: &'static str, min: f32, max: f32) -> Self {
        Self { field, unit, min, max }
    }

    /// Whether `value` lies within; NaN does not.
    pub fn holds(&self, value: f32) -> bool {
        (self.min..=self.max).contains(&value)
    }

    /// The nearest value within; the least for NaN.
    pub const fn nearest(&self, value: f32) -> f32 {
        if value > self.max {
            self.max
        } else if value >= self.min {
            value
        } else {
            self.min
        }
    }
}

/// The range of [`GainConfig::factor`].
pub const GAIN_FACTOR: Range = Range::new("gain.factor", "", 0.0, 10.0);
/// The range of [`GateConfig::threshold`].
pub const GATE_THRESHOLD: Range = Range::new("gate.threshold", "steps of 32,768", 1.0, 32_767.0);
/// The range of [`GateConfig::hysteresis_db`].
pub const GATE_HYSTERESIS: Range = Range::new("gate.hysteresisDb", "dB", 0.0, 24.0);
/// The range of [`GateConfig::attack_ms`].
pub const GATE_ATTACK: Range = Range::new("gate.attackMs", "ms", 16.0, 500.0);
/// The range of [`GateConfig::hold_ms`].
pub const GATE_HOLD: Range = Range::new("gate.holdMs", "ms", 0.0, 2_000.0);
/// The range of [`GateConfig::release_ms`].
pub const GATE_RELEASE: Range = Range::new("gate.releaseMs", "ms", 16.0, 2_000.0);
/// The range of [`GateConfig::range_db`].
pub const GATE_RANGE: Range = Range::new("gate.rangeDb", "dB", 0.0, 100.0);
/// The range of [`CompressorConfig::threshold_dbfs`].
pub const COMPRESSOR_THRESHOLD: Range = Range::new("compressor.thresholdDbfs", "dBFS", -60.0, 0.0);
/// The range of [`CompressorConfig::ratio`].
pub const COMPRESSOR_RATIO: Range = Range::new("compressor.ratio", ": 1", 1.0, 20.0);
/// The range of [`CompressorConfig::knee_db`].
pub const COMPRESSOR_KNEE: Range = Range::new("compressor.kneeDb", "dB", 0.0, 24.0);
/// The range of [`CompressorConfig::attack_ms`].
pub const COMPRESSOR_ATTACK: Range = Range::new("compressor.attackMs", "ms", 1.0, 200.0);
/// The range of [`CompressorConfig::release_ms`].
pub const COMPRESSOR_RELEASE: Range = Range::new("compressor.releaseMs", "ms", 10.0, 2_000.0);
/// The range of [`CompressorConfig::make_up_db`].
pub const COMPRESSOR_MAKE_UP: Range = Range::new("compressor.makeUpDb", "dB", 0.0, 24.0);
/// The range of [`LimiterConfig::ceiling_dbfs`].
pub const LIMITER_CEILING: Range = Range::new("limiter.ceilingDbfs", "dBFS", -40.0, 0.0);
/// The range of [`LimiterConfig::release_ms`].
pub const LIMITER_RELEASE: Range = Range::new("limiter.releaseMs", "ms", 10.0, 1_000.0);

/// All settings. The default has a gain of 1.2, a gate at 200, no compressor, and a limiter in place of clipping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChainConfig {
    /// The first stage.
    pub gain: GainConfig,
    /// The second, which sees what the gain made of the signal.
    pub gate: GateConfig,
    /// The third.
    pub compressor: CompressorConfig,
    /// The last.
    pub limiter: LimiterConfig,
}

/// The gain's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GainConfig {
    /// Leaves the signal as it is.
    pub bypass: bool,
    /// What every sample is multiplied by, 0–10.
    pub factor: f32,
}

/// The noise gate's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GateConfig {
    /// Leaves the signal as it is.
    pub bypass: bool,
    /// A peak this high opens the gate: amplitude in steps of 16-bit PCM, 1–32,767.
    pub threshold: f32,
    /// How far below the threshold the peaks must fall for it to close, 0–24 dB.
    pub hysteresis_db: f32,
    /// How long it takes to open, 16–500 ms. Any faster would be heard as a click.
    pub attack_ms: f32,
    /// How long it stays open after the last peak above the lower threshold, 0–2,000 ms.
    pub hold_ms: f32,
    /// How long it takes to close, 16–2,000 ms.
    pub release_ms: f32,
    /// By how much it attenuates while closed, 0–100 dB; 100 is silence.
    pub range_db: f32,
}

/// The compressor's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CompressorConfig {
    /// Leaves the signal as it is.
    pub bypass: bool,
    /// The level above which it compresses, −60–0 dBFS.
    pub threshold_dbfs: f32,
    /// How many dB more of input make one dB more of output, 1–20.
    pub ratio: f32,
    /// The width of the transition around the threshold, 0–24 dB.
    pub knee_db: f32,
    /// The time constant with which reduction grows, 1–200 ms.
    pub attack_ms: f32,
    /// The time constant with which it ends, 10–2,000 ms.
    pub release_ms: f32,
    /// Gain after the reduction, 0–24 dB.
    pub make_up_db: f32,
}

/// The limiter's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LimiterConfig {
    /// Leaves the signal as it is, except that it is delayed.
    pub bypass: bool,
    /// What no sample exceeds, −40–0 dBFS.
    pub ceiling_dbfs: f32,
    /// The time constant with which the gain recovers, 10–1,000 ms.
    pub release_ms: f32,
}

impl Default for GainConfig {
    fn default() -> Self {
        Self { bypass: false, factor: 1.2 }
    }
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            bypass: false,
            threshold: 200.0,
            hysteresis_db: 6.0,
            attack_ms: 16.0,
            hold_ms: 100.0,
            release_ms: 150.0,
            range_db: 100.0,
        }
    }
}

impl Default for CompressorConfig {
    fn default() -> Self {
        Self {
            bypass: true,
            threshold_dbfs: -24.0,
            ratio: 3.0,
            knee_db: 6.0,
            attack_ms: 5.0,
            release_ms: 200.0,
            make_up_db: 0.0,
        }
    }
}

impl Default for LimiterConfig {
    fn default() -> Self {
        Self { bypass: false, ceiling_dbfs: -0.1, release_ms: 60.0 }
    }
}

impl ChainConfig {
    /// Nothing but the chain's delay.
    pub fn bypassed() -> Self {
        Self {
            gain: GainConfig { bypass: true, ..GainConfig::default() },
            gate: GateConfig { bypass: true, ..GateConfig::default() },
            compressor: CompressorConfig { bypass: true, ..CompressorConfig::default() },
            limiter: LimiterConfig { bypass: true, ..LimiterConfig::default() },
        }
    }
}

impl GainConfig {
    /// The factor that applies.
    pub(in crate::audio) const fn effective(self) -> f32 {
        if self.bypass { 1.0 } else { GAIN_FACTOR.nearest(self.factor) }
    }
}

impl GateConfig {
    /// The threshold in dB below full scale.
    pub fn threshold_dbfs(&self) -> f32 {
        math::to_db(self.opens())
    }

    /// The peak that opens it, of 1.
    pub(in crate::audio) fn opens(&self) -> f32 {
        self.threshold / 32_768.0
    }

    /// The peak below which it closes, of 1.
    pub(in crate::audio) fn closes(&self) -> f32 {
        self.opens() * math::from_db(-self.hysteresis_db)
    }

    /// The gain while it is closed.
    pub(in crate::audio) fn floor(&self) -> f32 {
        if self.range_db < GATE_RANGE.max { math::from_db(-self.range_db) } else { 0.0 }
    }

    pub(in crate::audio) const fn within_range(&self) -> Self {
        Self {
            bypass: self.bypass,
            threshold: GATE_THRESHOLD.nearest(self.threshold),
            hysteresis_db: GATE_HYSTERESIS.nearest(self.hysteresis_db),
            attack_ms: GATE_ATTACK.nearest(self.attack_ms),
            hold_ms: GATE_HOLD.nearest(self.hold_ms),
            release_ms: GATE_RELEASE.nearest(self.release_ms),
            range_db: GATE_RANGE.nearest(self.range_db),
        }
    }
}

impl CompressorConfig {
    pub(in crate::audio) const fn within_range(&self) -> Self {
        Self {
            bypass: self.bypass,
            threshold_dbfs: COMPRESSOR_THRESHOLD.nearest(self.threshold_dbfs),
            ratio: COMPRESSOR_RATIO.nearest(self.ratio),
            knee_db: COMPRESSOR_KNEE.nearest(self.knee_db),
            attack_ms: COMPRESSOR_ATTACK.nearest(self.attack_ms),
            release_ms: COMPRESSOR_RELEASE.nearest(self.release_ms),
            make_up_db: COMPRESSOR_MAKE_UP.nearest(self.make_up_db),
        }
    }
}

impl LimiterConfig {
    pub(in crate::audio) const fn within_range(&self) -> Self {
        Self {
            bypass: self.bypass,
            ceiling_dbfs: LIMITER_CEILING.nearest(self.ceiling_dbfs),
            release_ms: LIMITER_RELEASE.nearest(self.release_ms),
        }
    }
}

impl ChainConfig {
    /// How many numbers the settings are.
    pub const NUMBERS: usize = 19;

    /// Every number in it, with what it may be.
    pub const fn values(&self) -> [(Range, f32); 15] {
        let Self { gain, gate, compressor, limiter } = self;
        [
            (GAIN_FACTOR, gain.factor),
            (GATE_THRESHOLD, gate.threshold),
            (GATE_HYSTERESIS, gate.hysteresis_db),
            (GATE_ATTACK, gate.attack_ms),
            (GATE_HOLD, gate.hold_ms),
            (GATE_RELEASE, gate.release_ms),
            (GATE_RANGE, gate.range_db),
            (COMPRESSOR_THRESHOLD, compressor.threshold_dbfs),
            (COMPRESSOR_RATIO, compressor.ratio),
            (COMPRESSOR_KNEE, compressor.knee_db),
            (COMPRESSOR_ATTACK, compressor.attack_ms),
            (COMPRESSOR_RELEASE, compressor.release_ms),
            (COMPRESSOR_MAKE_UP, compressor.make_up_db),
            (LIMITER_CEILING, limiter.ceiling_dbfs),
            (LIMITER_RELEASE, limiter.release_ms),
        ]
    }

    /// As plain numbers, to be passed between threads: the bypasses, then [`Self::values`].
    pub fn to_numbers(&self) -> [f32; Self::NUMBERS] {
        let bypasses = [self.gain.bypass, self.gate.bypass, self.compressor.bypass, self.limiter.bypass];
        let mut numbers = [0.0; Self::NUMBERS];
        for (number, bypass) in numbers.iter_mut().zip(bypasses) {
            *number = f32::from(u8::from(bypass));
        }
        for (number, (_, value)) in numbers[bypasses.len()..].iter_mut().zip(self.values()) {
            *number = value;
        }
        numbers
    }

    /// From what [`Self::to_numbers`] made.
    pub const fn from_numbers(numbers: &[f32; Self::NUMBERS]) -> Self {
        let [gain, gate, compressor, limiter, factor, rest @ ..] = *numbers;
        let [threshold, hysteresis_db, attack_ms, hold_ms, release_ms, range_db, rest @ ..] = rest;
        let gate = GateConfig {
            bypass: gate != 0.0,
            threshold,
            hysteresis_db,
            attack_ms,
            hold_ms,
            release_ms,
            range_db,
        };
        let [threshold_dbfs, ratio, knee_db, attack_ms, release_ms, make_up_db, rest @ ..] = rest;
        let bypass = compressor != 0.0;
        let compressor =
            CompressorConfig { bypass, threshold_dbfs, ratio, knee_db, attack_ms, release_ms, make_up_db };
        let [ceiling_dbfs, release_ms] = rest;
        let limiter = LimiterConfig { bypass: limiter != 0.0, ceiling_dbfs, release_ms };
        Self { gain: GainConfig { bypass: gain != 0.0, factor }, gate, compressor, limiter }
    }

    /// Whether every setting lies within its range; otherwise each one that does not.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let wrong = self.values().into_iter().filter(|(range, value)| !range.holds(*value));
        let errors: Vec<FieldError> = wrong
            .map(|(Range { field, unit, min, max }, value)| {
                let separator = if unit.is_empty() { "" } else { " " };
                FieldError::new(field, format!("{value} is not within {min}–{max}{separator}{unit}"))
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
