//! The volume matrix: three numbers that say how loud a prompt is played, and what they mean to the chain.

use base::field_error::FieldErrors;
use serde::{Deserialize, Serialize};
use signal::{
    chain::ChainConfig, compressor::CompressorConfig, gain::GainConfig, gate::GateConfig,
    limiter::LimiterConfig, math, range::Range,
};

/// The range of [`VolumeMatrix::base_gain`].
pub const BASE_GAIN: Range = Range::new("baseGain", "", 0.0, 1.0);
/// The range of [`VolumeMatrix::peak_limit`]; it is at least the base gain, too.
pub const PEAK_LIMIT: Range = Range::new("peakLimit", "", 0.0, 1.0);
/// The range of [`VolumeMatrix::compression_ratio`].
pub const COMPRESSION_RATIO: Range = Range::new("compressionRatio", "", 0.1, 1.0);

/// The level above which a prompt is compressed, in dBFS: speech at a usual level, −19 LUFS, has its loud syllables above.
pub const THRESHOLD_DBFS: f32 = -20.0;
/// The width of the transition around the threshold, in dB.
pub const KNEE_DB: f32 = 6.0;

/// The gateway's volume matrix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeMatrix {
    /// The factor that every sample is multiplied by, 0–1; 1 leaves it as it is.
    #[serde(serialize_with = "decimal")]
    pub base_gain: f32,
    /// The ceiling of the true peak, as a share of full scale; at least `base_gain`, at most 1.
    #[serde(serialize_with = "decimal")]
    pub peak_limit: f32,
    /// The slope of the level curve above the knee, 0.1–1: 1 is no compression, 0.5 is 2 : 1, 0.1 is 10 : 1.
    #[serde(serialize_with = "decimal")]
    pub compression_ratio: f32,
}

/// Writes the shortest decimal that stands for the value, so that 0.8 stays 0.8 in a JSON value, whose numbers are wider.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form in which serde calls it")]
fn decimal<S: serde::Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(widened(*value))
}

/// Returns the number whose shortest decimal is that of `value`.
pub(crate) fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

impl Default for VolumeMatrix {
    /// The settings of an untouched prompt: nothing is changed that is not above full scale.
    fn default() -> Self {
        Self { base_gain: 1.0, peak_limit: 1.0, compression_ratio: 1.0 }
    }
}

impl VolumeMatrix {
    /// Checks the numbers against the gateway's rules; the errors are named by the fields of the matrix.
    pub fn check(&self) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let Self { base_gain, peak_limit, compression_ratio } = *self;
        for (Range { field, min, max, .. }, value) in
            [(BASE_GAIN, base_gain), (PEAK_LIMIT, peak_limit), (COMPRESSION_RATIO, compression_ratio)]
        {
            errors.require((min..=max).contains(&value), field, &format!("must be from {min} to {max}"));
        }
        if peak_limit < base_gain && PEAK_LIMIT.holds(peak_limit) {
            errors.refuse(PEAK_LIMIT.field, format!("must be at least the base gain, {base_gain}"));
        }
        errors.into_result(())
    }

    /// Returns the chain's settings that this matrix stands for: its gain, a compressor with a knee of [`KNEE_DB`] around
    /// [`THRESHOLD_DBFS`], and a limiter. The gate is bypassed.
    pub fn chain(&self) -> ChainConfig {
        ChainConfig {
            gain: GainConfig { bypass: false, factor: self.base_gain },
            gate: GateConfig { bypass: true, ..GateConfig::default() },
            compressor: CompressorConfig {
                bypass: self.compression_ratio >= 1.0,
                threshold_dbfs: THRESHOLD_DBFS,
                ratio: 1.0 / COMPRESSION_RATIO.nearest(self.compression_ratio),
                knee_db: KNEE_DB,
                make_up_db: 0.0,
                ..CompressorConfig::default()
            },
            limiter: LimiterConfig {
                bypass: false,
                ceiling_dbfs: math::to_db(self.peak_limit),
                ..LimiterConfig::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn fields(base_gain: f32, peak_limit: f32, compression_ratio: f32) -> Vec<String> {
        let checked = VolumeMatrix { base_gain, peak_limit, compression_ratio }.check();
        checked.err().into_iter().flatten().map(|error| error.field).collect()
    }

    #[test]
    fn every_number_outside_its_range_is_refused_at_once() {
        assert_eq!(fields(0.8, 0.95, 0.7), [""; 0]);
        assert_eq!(fields(0.0, 0.0, 0.1), [""; 0]);
        assert_eq!(fields(-0.1, 1.1, 0.05), ["baseGain", "peakLimit", "compressionRatio"]);
        assert_eq!(fields(f32::NAN, 1.0, f32::INFINITY), ["baseGain", "compressionRatio"]);
        assert_eq!(fields(0.8, 0.7, 1.0), ["peakLimit"]);
    }

    #[test]
    fn a_number_is_written_as_short_as_it_was_typed() {
        let matrix = VolumeMatrix { base_gain: 0.8, peak_limit: 0.95, compression_ratio: 0.1 };
        let json = serde_json::json!({ "baseGain": 0.8, "peakLimit": 0.95, "compressionRatio": 0.1 });
        assert_eq!(serde_json::to_value(matrix).unwrap(), json);
        assert_eq!(serde_json::from_value::<VolumeMatrix>(json).unwrap(), matrix);
    }

    #[test]
    fn the_chain_of_a_matrix_is_within_its_ranges() {
        for base_gain in [0.0, 0.5, 1.0] {
            for compression_ratio in [0.1, 0.5, 1.0] {
                let matrix = VolumeMatrix { base_gain, peak_limit: 1.0, compression_ratio };
                matrix.chain().check().expect("the chain takes what the gateway takes");
            }
        }
    }
}
