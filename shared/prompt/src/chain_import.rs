//! Settings of the voice panel as settings of a prompt's playback.

use base::{
    draft::{self, Draft as _},
    field_error::FieldErrors,
};
use serde_json::Value;
use signal::{
    chain::ChainConfig, compressor::CompressorConfig, gain::GainConfig, gate::GateConfig,
    limiter::LimiterConfig, math,
};
use wire::api::Limits;

use crate::{
    draft::PromptDraft,
    volume::{BASE_GAIN, COMPRESSION_RATIO, KNEE_DB, PEAK_LIMIT, THRESHOLD_DBFS, VolumeMatrix},
};

/// Said of a stage's number that the gateway has no place for.
const NO_COUNTERPART: &str = "has no counterpart at the gateway and is left out";

/// Reads a file's text: a payload's, which is refused if any of it is wrong, or a draft's or the voice panel's exported
/// settings, which are kept as far as they can be read or taken over, with the errors of the rest. Settings of the voice
/// panel change the volume of `draft` alone. Returns why, where the text is none of them.
pub fn open(text: &str, draft: &PromptDraft, limits: &Limits) -> Result<(PromptDraft, FieldErrors), String> {
    match serde_json::from_str::<Value>(text) {
        Ok(json) if is_chain(&json) => {
            read(json).map(|(volume, left_out)| (draft.clone().with_volume(volume), left_out))
        }
        Ok(_) | Err(_) => draft::open(text, limits),
    }
}

/// True for JSON that the voice panel has exported, rather than a draft or a payload.
pub fn is_chain(json: &Value) -> bool {
    let stages = ["gain", "gate", "compressor", "limiter"];
    !PromptDraft::is_payload(json) && stages.iter().any(|stage| json.get(stage).is_some_and(Value::is_object))
}

/// Reads the voice panel's settings, and returns the volume that is closest to them and what could not be taken over, by
/// the chain's fields. Returns why, where they are not the voice panel's, or out of its ranges.
pub(crate) fn read(json: Value) -> Result<(VolumeMatrix, FieldErrors), String> {
    let chain: ChainConfig = serde_json::from_value(json)
        .map_err(|error| format!("it looks like settings of the voice panel, but: {error}"))?;
    chain.check().map_err(|errors| errors.to_string())?;
    Ok(volume(&chain))
}

fn volume(chain: &ChainConfig) -> (VolumeMatrix, FieldErrors) {
    let ChainConfig { gain, gate, compressor, limiter } = *chain;
    let mut left_out = FieldErrors::new();
    let peak_limit = peak_limit(limiter, &mut left_out);
    let base_gain = base_gain(gain, peak_limit, &mut left_out);
    if !gate.bypass {
        left_out.refuse("gate", NO_COUNTERPART);
    } else if gate != (GateConfig { bypass: true, ..GateConfig::default() }) {
        left_out.refuse("gate", "is bypassed, and its settings are left out");
    }
    let compression_ratio = compression_ratio(compressor, &mut left_out);
    (VolumeMatrix { base_gain, peak_limit, compression_ratio }, left_out)
}

/// The gain gives way to the ceiling, so that no peak exceeds what was meant.
fn base_gain(gain: GainConfig, peak_limit: f32, left_out: &mut FieldErrors) -> f32 {
    let factor = if gain.bypass { 1.0 } else { gain.factor };
    if factor > peak_limit {
        left_out.refuse(
            "gain.factor",
            format!("is {factor}; the gateway's gain is at most its peak limit, so it becomes {peak_limit}"),
        );
    }
    BASE_GAIN.nearest(factor.min(peak_limit))
}

fn compression_ratio(compressor: CompressorConfig, left_out: &mut FieldErrors) -> f32 {
    if compressor.bypass {
        return 1.0;
    }
    let mut differs = |field: &str, has: f32, means: f32, unit: &str| {
        if (has - means).abs() > f32::EPSILON {
            left_out.refuse(field, format!("is {has} {unit}; at the gateway it is always {means} {unit}"));
        }
    };
    let fixed = CompressorConfig::default();
    differs("compressor.thresholdDbfs", compressor.threshold_dbfs, THRESHOLD_DBFS, "dBFS");
    differs("compressor.kneeDb", compressor.knee_db, KNEE_DB, "dB");
    differs("compressor.attackMs", compressor.attack_ms, fixed.attack_ms, "ms");
    differs("compressor.releaseMs", compressor.release_ms, fixed.release_ms, "ms");
    differs("compressor.makeUpDb", compressor.make_up_db, 0.0, "dB");
    let slope = 1.0 / compressor.ratio;
    let nearest = COMPRESSION_RATIO.nearest(slope);
    if slope < nearest {
        let ratio = compressor.ratio;
        left_out.refuse("compressor.ratio", format!("is {ratio} : 1; the gateway's steepest is 10 : 1"));
    }
    nearest
}

fn peak_limit(limiter: LimiterConfig, left_out: &mut FieldErrors) -> f32 {
    if limiter.bypass {
        left_out.refuse("limiter", "is bypassed; the gateway always limits, here to full scale");
        return 1.0;
    }
    let release_ms = LimiterConfig::default().release_ms;
    if (limiter.release_ms - release_ms).abs() > f32::EPSILON {
        let has = limiter.release_ms;
        left_out
            .refuse("limiter.releaseMs", format!("is {has} ms; at the gateway it is always {release_ms} ms"));
    }
    // To five digits, which is within a hundredth of a decibel at every ceiling, and reads as it was meant.
    PEAK_LIMIT.nearest((math::from_db(limiter.ceiling_dbfs) * 1e5).round() / 1e5)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn draft() -> PromptDraft {
        PromptDraft { prompt_id: "main".into(), target_lufs: "-19".into(), ..PromptDraft::default() }
    }

    fn check(chain: &ChainConfig, numbers: [&str; 3], left_out: &[&str]) {
        let text = serde_json::to_string_pretty(chain).unwrap();
        let (draft, errors) = open(&text, &draft(), &Limits::default()).unwrap();
        let PromptDraft { base_gain, peak_limit, compression_ratio, .. } = &draft;
        assert_eq!([&**base_gain, peak_limit, compression_ratio], numbers, "{errors}");
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, left_out);
        assert_eq!((&*draft.prompt_id, &*draft.target_lufs), ("main", "-19"));
        draft.check(&Limits::default()).expect("what is taken over holds to the rules");
    }

    #[test]
    fn what_has_a_counterpart_is_taken_over_and_the_rest_is_named() {
        let matrix = VolumeMatrix { base_gain: 0.5, peak_limit: 1.0, compression_ratio: 0.25 };
        check(&matrix.chain(), ["0.5", "1", "0.25"], &[]);
        let limiter = LimiterConfig { bypass: false, ceiling_dbfs: -6.0, ..LimiterConfig::default() };
        check(&ChainConfig { limiter, ..matrix.chain() }, ["0.5", "0.50119", "0.25"], &[]);
        let limiter = LimiterConfig { ceiling_dbfs: -20.0, ..limiter };
        check(&ChainConfig { limiter, ..matrix.chain() }, ["0.1", "0.1", "0.25"], &["gain.factor"]);
        check(&ChainConfig::bypassed(), ["1", "1", "1"], &["limiter"]);
        let compressor = CompressorConfig {
            bypass: false,
            threshold_dbfs: -30.0,
            ratio: 20.0,
            make_up_db: 6.0,
            ..CompressorConfig::default()
        };
        let gain = GainConfig { bypass: false, factor: 2.0 };
        let gate = GateConfig { bypass: false, ..GateConfig::default() };
        let all = ChainConfig { gain, gate, compressor, ..matrix.chain() };
        let (taken, errors) = volume(&all);
        for field in
            ["gain.factor", "gate", "compressor.thresholdDbfs", "compressor.makeUpDb", "compressor.ratio"]
        {
            assert!(errors.message(field).is_some(), "{field}: {errors}");
        }
        assert_eq!(taken, VolumeMatrix { base_gain: 1.0, peak_limit: 1.0, compression_ratio: 0.1 });
    }

    #[test]
    fn a_file_that_is_no_chain_is_read_as_before() {
        let limits = Limits::default();
        assert_eq!(open(r#"{"promptId":"x"}"#, &draft(), &limits).unwrap().0.prompt_id, "x");
        assert!(
            !is_chain(&json!({ "playbackConfig": {}, "gain": {} })) && !is_chain(&json!({ "gain": "1" }))
        );
        assert!(open(r#"{"gain":{"factor":99}}"#, &draft(), &limits).unwrap_err().contains("gain.factor"));
        assert!(open(r#"{"gain":{"colour":1}}"#, &draft(), &limits).unwrap_err().contains("voice panel"));
        assert!(open("[]", &draft(), &limits).is_err());
    }

    proptest! {
        #[test]
        fn every_chain_becomes_a_draft_that_can_be_sent(
            factor in 0.0f32..10.0, ratio in 1.0f32..20.0, ceiling_dbfs in -40.0f32..0.0, bypasses: [bool; 4]
        ) {
            let [gain, gate, compressor, limiter] = bypasses;
            let chain = ChainConfig {
                gain: GainConfig { bypass: gain, factor },
                gate: GateConfig { bypass: gate, ..GateConfig::default() },
                compressor: CompressorConfig { bypass: compressor, ratio, ..CompressorConfig::default() },
                limiter: LimiterConfig { bypass: limiter, ceiling_dbfs, ..LimiterConfig::default() },
            };
            let (volume, _) = volume(&chain);
            prop_assert!(volume.check().is_ok(), "{volume:?}");
            let draft = draft().with_volume(volume);
            prop_assert!(draft.check(&Limits::default()).is_ok(), "{draft:?}");
        }
    }
}
