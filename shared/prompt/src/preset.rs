//! Presets: settings by a name, as they travel in files.

use base::field_error::FieldErrors;
use serde::{Deserialize, Serialize};

use crate::{chain_import, render::Settings, volume::VolumeMatrix};

/// Settings by a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preset {
    /// The name; not empty.
    pub name: String,
    /// The settings.
    pub settings: Settings,
}

/// The reason why a file has no preset.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// It is none of the forms that are read.
    #[error("it is no preset: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A setting is out of its range.
    #[error("{0}")]
    OutOfRange(#[from] FieldErrors),
    /// It is the voice panel's, and one of its settings is wrong.
    #[error("{0}")]
    WrongChain(String),
    /// It has no preset of the name.
    #[error("it has no preset named {wanted}, but {}", .names.join(", "))]
    Unknown {
        /// The name that was asked for.
        wanted: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// It has none at all.
    #[error("it has no preset")]
    Empty,
}

/// Returns the presets that are always there.
pub fn built_in() -> Vec<Preset> {
    let preset = |name: &str, base_gain, peak_limit, compression_ratio| Preset {
        name: name.to_owned(),
        settings: Settings {
            volume: VolumeMatrix { base_gain, peak_limit, compression_ratio },
            silence_trim_ms: Some(300),
            ..Settings::default()
        },
    };
    vec![
        preset("natural", 0.9, 0.9, 1.0),
        preset("even", 0.9, 0.9, 0.5),
        preset("noisy-lines", 0.9, 0.9, 0.25),
    ]
}

/// Reads what a file of presets has: one, a list of them, bare settings, or what the voice panel exports. Returns them with
/// what of the voice panel's settings could not be taken over, by its fields.
pub fn read(json: &str) -> Result<(Vec<Preset>, FieldErrors), PresetError> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    let mut left_out = FieldErrors::new();
    let presets = if value.is_array() {
        serde_json::from_value(value)?
    } else if value.get("settings").is_some() {
        vec![serde_json::from_value(value)?]
    } else if chain_import::is_chain(&value) {
        let (volume, errors) = chain_import::read(value).map_err(PresetError::WrongChain)?;
        left_out = errors;
        vec![Preset { name: "voice".into(), settings: Settings { volume, ..Settings::default() } }]
    } else {
        vec![Preset { name: "settings".into(), settings: serde_json::from_value(value)? }]
    };
    presets.iter().try_for_each(|preset: &Preset| preset.settings.volume.check())?;
    Ok((presets, left_out))
}

/// Finds a preset by its name; without one, the first.
pub fn find(presets: Vec<Preset>, name: Option<&str>) -> Result<Preset, PresetError> {
    let names: Vec<String> = presets.iter().map(|preset| preset.name.clone()).collect();
    let mut presets = presets.into_iter();
    match name {
        None => presets.next().ok_or(PresetError::Empty),
        Some(wanted) => presets
            .find(|preset| preset.name == wanted)
            .ok_or_else(|| PresetError::Unknown { wanted: wanted.to_owned(), names }),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn presets_come_back_from_json_in_every_form() {
        let built_in = built_in();
        let list = serde_json::to_string(&built_in).unwrap();
        assert_eq!(read(&list).unwrap(), (built_in.clone(), FieldErrors::new()));
        let one = serde_json::to_string(&built_in[1]).unwrap();
        assert_eq!(read(&one).unwrap().0, built_in[1..2]);
        let bare = r#"{"volume":{"baseGain":0.5,"peakLimit":0.8,"compressionRatio":0.5},"codec":"G711A"}"#;
        let settings = read(bare).unwrap().0[0].settings;
        assert!((settings.volume.peak_limit - 0.8).abs() < 1e-6);
        assert_eq!(settings.codec, Some(crate::codec::Codec::G711A));
        assert_eq!(find(built_in.clone(), Some("even")).unwrap(), built_in[1]);
    }

    #[test]
    fn what_the_voice_panel_exports_is_taken() {
        let voice = r#"{"gain":{"factor":2.0},"compressor":{"bypass":false,"ratio":4.0,"makeUpDb":3.0},"limiter":{"ceilingDbfs":-6.0206}}"#;
        let (presets, left_out) = read(voice).unwrap();
        let volume = presets[0].settings.volume;
        assert!((volume.peak_limit - 0.5).abs() < 1e-4 && (volume.base_gain - 0.5).abs() < 1e-4);
        assert!((volume.compression_ratio - 0.25).abs() < 1e-6);
        for field in ["gain.factor", "compressor.makeUpDb"] {
            assert!(left_out.message(field).is_some(), "{field}: {left_out}");
        }
        let wrong = read(r#"{"gain":{"factor":99}}"#).expect_err("out of range").to_string();
        assert!(wrong.contains("gain.factor"), "{wrong}");
    }

    #[test]
    fn what_is_no_preset_is_refused_in_words() {
        let word = |json: &str| read(json).expect_err(json).to_string();
        assert!(word("nonsense").contains("no preset"));
        assert!(word(r#"{"volumes":{}}"#).contains("volumes"));
        let wrong = r#"{"volume":{"baseGain":2,"peakLimit":0.8,"compressionRatio":0.5}}"#;
        assert!(word(wrong).contains("baseGain"));
        let unknown = find(built_in(), Some("loud")).expect_err("unknown").to_string();
        assert!(unknown.contains("natural, even"), "{unknown}");
        assert!(matches!(find(Vec::new(), None), Err(PresetError::Empty)));
    }
}
