//! A prompt as the gateway plays it: the preview's rendering, with a control payload's settings.

use crate::{
    control::PlaybackConfig,
    line::Line,
    render::{CodecMissing, Rendered, Settings, render},
    source::Source,
};

impl From<&PlaybackConfig> for Settings {
    /// Returns the settings with which a prompt is rendered as the gateway plays it: no target gain, and no stage left out.
    fn from(config: &PlaybackConfig) -> Self {
        let trim = config.silence_trim_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        Self {
            volume: config.volume_matrix,
            codec: Some(config.codec_preference),
            silence_trim_ms: trim,
            ..Self::default()
        }
    }
}

/// Renders a prompt as the caller hears it from the gateway.
pub fn played(source: &Source, config: &PlaybackConfig) -> Result<Rendered, CodecMissing> {
    render(&Line::new(source), &config.into())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base::draft::Draft as _;
    use wire::api::Limits;

    use super::*;
    use crate::draft::PromptDraft;

    #[test]
    fn a_draft_s_preview_and_its_playback_are_the_same_samples() {
        let samples = (0..16_000u32).map(|at| ((at as f32) * 0.3).sin() * 0.9).collect();
        let source = Source::from_samples("test", samples, 16_000).unwrap();
        let draft =
            PromptDraft { prompt_id: "main".into(), base_gain: "-6 dB".into(), ..PromptDraft::default() };
        let config = draft.check(&Limits::default()).unwrap().control.playback_config;
        let settings = Settings { volume: draft.volume_or(config.volume_matrix), ..Settings::default() };
        let preview = render(&Line::new(&source), &settings).unwrap();
        assert_eq!(played(&source, &config).unwrap(), preview);
        let peak = preview.heard.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!((13_000..17_500).contains(&peak), "half of 0.9 of full scale: {peak}");
    }
}
