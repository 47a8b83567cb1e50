//! A prompt's playback while it is being typed: the fields of a form, whatever stands in them.

use base::{draft::Draft, field_error::FieldErrors, typed::to_json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::api::Limits;

use crate::{
    codec::Codec,
    control::{Control, CutoffBehavior, PlaybackConfig},
    typed,
    volume::VolumeMatrix,
};

/// The path of the target's errors; no payload has it.
pub const TARGET_LUFS: &str = "targetLufs";
/// Loudness to which a prompt can be brought, in LUFS: from barely heard to full scale.
pub const TARGET_RANGE: core::ops::RangeInclusive<f64> = -60.0..=0.0;

/// The fields as they are typed. It is what a link, a file and the tab's memory hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each switch of the form")]
pub struct PromptDraft {
    /// The prompt.
    pub prompt_id: String,
    /// The base gain, as a factor or in decibels: `0.8`, `-2 dB`.
    pub base_gain: String,
    /// The ceiling of the true peak, in the same forms.
    pub peak_limit: String,
    /// The slope above the knee, as a factor or as a ratio: `0.5`, `2:1`.
    pub compression_ratio: String,
    /// The codec.
    pub codec: Codec,
    /// True when a key may interrupt the prompt.
    #[serde(rename = "allowDTMF")]
    pub allow_dtmf: bool,
    /// True when the caller's voice may.
    pub allow_voice: bool,
    /// The way in which it ends then.
    pub cutoff: CutoffBehavior,
    /// Loads the audio before the session begins.
    pub buffer_preload: bool,
    /// Has the gateway check the prompt's format.
    pub format_verification: bool,
    /// Silence that is left at the ends, in ms; empty where nothing is trimmed.
    pub silence_trim_ms: String,
    /// Maximum number of media streams; empty where the gateway's own limit is enough.
    pub max_concurrent_streams: String,
    /// Loudness to which the preview is brought, in LUFS; empty where it stays as it is. Never sent to CXone.
    pub target_lufs: String,
}

impl Default for PromptDraft {
    /// An untouched prompt that a key interrupts at once.
    fn default() -> Self {
        Self {
            prompt_id: String::new(),
            base_gain: String::new(),
            peak_limit: String::new(),
            compression_ratio: String::new(),
            codec: Codec::default(),
            allow_dtmf: true,
            allow_voice: false,
            cutoff: CutoffBehavior::default(),
            buffer_preload: true,
            format_verification: true,
            silence_trim_ms: String::new(),
            max_concurrent_streams: String::new(),
            target_lufs: String::new(),
        }
        .with_volume(VolumeMatrix::default())
    }
}

/// A draft whose fields are all right.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPrompt {
    /// The part of the payload that is not made up at sending.
    pub control: Control,
    /// Loudness to which the preview is brought, in LUFS.
    pub target_lufs: Option<f64>,
}

impl PromptDraft {
    /// Returns the draft with `volume` typed into it.
    #[must_use]
    pub fn with_volume(self, volume: VolumeMatrix) -> Self {
        let VolumeMatrix { base_gain, peak_limit, compression_ratio } = volume;
        Self {
            base_gain: typed::text(base_gain),
            peak_limit: typed::text(peak_limit),
            compression_ratio: typed::text(compression_ratio),
            ..self
        }
    }

    /// Returns the draft that `control` would have been typed into.
    pub fn from_control(control: &Control) -> Self {
        let Control { prompt_id, playback_config, max_concurrent_streams } = control;
        let PlaybackConfig {
            volume_matrix,
            interruptibility,
            codec_preference,
            buffer_preload,
            format_verification,
            silence_trim_ms,
        } = *playback_config;
        Self {
            prompt_id: prompt_id.to_string(),
            codec: codec_preference,
            allow_dtmf: interruptibility.allow_dtmf,
            allow_voice: interruptibility.allow_voice,
            cutoff: interruptibility.cutoff_behavior,
            buffer_preload,
            format_verification,
            silence_trim_ms: silence_trim_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            max_concurrent_streams: max_concurrent_streams.map(|max| max.to_string()).unwrap_or_default(),
            ..Self::default()
        }
        .with_volume(volume_matrix)
    }

    /// Returns the volume matrix as far as it can be read, each number moved into its range, for a preview that follows
    /// while a field is half typed; `held` has what stands for a text that is no number.
    #[must_use]
    pub fn volume_or(&self, held: VolumeMatrix) -> VolumeMatrix {
        let read = |value: Option<f64>, held: f32| value.map_or(held, |value| value as f32);
        let base_gain = read(typed::factor(&self.base_gain), held.base_gain).clamp(0.0, 1.0);
        VolumeMatrix {
            base_gain,
            peak_limit: read(typed::factor(&self.peak_limit), held.peak_limit).clamp(base_gain, 1.0),
            compression_ratio: read(typed::slope(&self.compression_ratio), held.compression_ratio)
                .clamp(0.1, 1.0),
        }
    }

    fn target(&self, errors: &mut FieldErrors) -> Option<f64> {
        if self.target_lufs.trim().is_empty() {
            return None;
        }
        let target = typed::loudness(&self.target_lufs).filter(|lufs| TARGET_RANGE.contains(lufs));
        if target.is_none() {
            let (min, max) = (TARGET_RANGE.start(), TARGET_RANGE.end());
            errors.refuse(TARGET_LUFS, format!("must be a loudness from {min} to {max} LUFS, such as -19"));
        }
        target
    }
}

impl Draft for PromptDraft {
    type Checked = CheckedPrompt;
    type Limits = Limits;

    const PANEL: &'static str = "prompts";
    const NOUN: &'static str = "session";

    fn title(&self) -> &str {
        self.prompt_id.trim()
    }

    /// Returns what is sent, and what is the preview's. Errors are named by the fields of the payload, such as
    /// `playbackConfig.volumeMatrix.baseGain`, and by [`TARGET_LUFS`].
    fn check(&self, limits: &Limits) -> Result<CheckedPrompt, FieldErrors> {
        let mut errors = FieldErrors::new();
        let control = Control::from_json(&self.payload(), limits).map_err(|wrong| errors.extend(wrong));
        let target_lufs = self.target(&mut errors);
        match control {
            Ok(control) if errors.is_empty() => Ok(CheckedPrompt { control, target_lufs }),
            _ => Err(errors),
        }
    }

    /// Returns the payload without what is made up at sending: the session's identifier and the time.
    fn payload(&self) -> Value {
        let mut payload = json!({
            "promptId": self.prompt_id.trim(),
            "playbackConfig": {
                "volumeMatrix": {
                    "baseGain": to_json(&self.base_gain, typed::factor),
                    "peakLimit": to_json(&self.peak_limit, typed::factor),
                    "compressionRatio": to_json(&self.compression_ratio, typed::slope),
                },
                "interruptibility": {
                    "allowDTMF": self.allow_dtmf,
                    "allowVoice": self.allow_voice,
                    "cutoffBehavior": self.cutoff,
                },
                "codecPreference": self.codec,
                "bufferPreload": self.buffer_preload,
                "formatVerification": self.format_verification,
            },
        });
        if !self.silence_trim_ms.trim().is_empty() {
            payload["playbackConfig"]["silenceTrimMs"] = to_json(&self.silence_trim_ms, typed::whole);
        }
        if !self.max_concurrent_streams.trim().is_empty() {
            let max = to_json(&self.max_concurrent_streams, typed::whole);
            payload["sessionMetadata"] = json!({ "maxConcurrentStreams": max });
        }
        payload
    }

    fn set_payload(&mut self, payload: &Value, limits: &Limits) -> Result<(), FieldErrors> {
        let control = Control::from_json(payload, limits)?;
        let target_lufs = core::mem::take(&mut self.target_lufs);
        *self = Self { target_lufs, ..Self::from_control(&control) };
        Ok(())
    }

    fn cleared(&self) -> Self {
        Self { prompt_id: self.prompt_id.clone(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
