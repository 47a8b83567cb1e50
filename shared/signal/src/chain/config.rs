//! The settings of the whole chain.

use base::field_error::{FieldError, FieldErrors};
use serde::{Deserialize, Serialize};

use crate::{
    compressor::{
        COMPRESSOR_ATTACK, COMPRESSOR_KNEE, COMPRESSOR_MAKE_UP, COMPRESSOR_RATIO, COMPRESSOR_RELEASE,
        COMPRESSOR_THRESHOLD, CompressorConfig,
    },
    gain::{GAIN_FACTOR, GainConfig},
    gate::{GATE_ATTACK, GATE_HOLD, GATE_HYSTERESIS, GATE_RANGE, GATE_RELEASE, GATE_THRESHOLD, GateConfig},
    limiter::{LIMITER_CEILING, LIMITER_RELEASE, LimiterConfig},
    range::Range,
};

/// All settings. By default: gain 1.2, gate at 200, no compressor, and a limiter against clipping.
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

impl ChainConfig {
    /// Returns settings that bypass every stage; only the chain's delay remains.
    pub fn bypassed() -> Self {
        Self {
            gain: GainConfig { bypass: true, ..GainConfig::default() },
            gate: GateConfig { bypass: true, ..GateConfig::default() },
            compressor: CompressorConfig { bypass: true, ..CompressorConfig::default() },
            limiter: LimiterConfig { bypass: true, ..LimiterConfig::default() },
        }
    }

    /// Count of numbers in [`Self::to_numbers`].
    pub const NUMBERS: usize = 19;

    /// Returns every number among the settings, with its range.
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

    /// Returns the settings as plain numbers, for another thread: the bypasses, then [`Self::values`].
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

    /// Creates the value from the numbers of [`Self::to_numbers`].
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

    /// Checks every setting against its range; the error lists each one that lies outside.
    pub fn check(&self) -> Result<(), FieldErrors> {
        let wrong = self.values().into_iter().filter(|(range, value)| !range.holds(*value));
        let errors: FieldErrors = wrong
            .map(|(Range { field, unit, min, max }, value)| {
                let separator = if unit.is_empty() { "" } else { " " };
                FieldError::new(field, format!("{value} is not within {min}–{max}{separator}{unit}"))
            })
            .collect();
        errors.into_result(())
    }
}
