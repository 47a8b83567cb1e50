//! A media session's control payload: checked as a whole, every field's error at once. The page checks it while it is
//! typed, the proxy before CXone is asked, the stand-in before it plays: all with this.

use base::{
    field_error::FieldErrors,
    ids::{MediaSessionId, PromptId},
    json::{self, Node, Object},
    timestamp,
};
use serde::Serialize;
use serde_json::Value;
use wire::api::Limits;

use crate::{codec::Codec, volume::VolumeMatrix};

/// Minimum silence that may be left at the ends of a prompt, in ms: less makes the gateway's playback stutter.
pub const MIN_SILENCE_TRIM_MS: u64 = 300;
/// Maximum length of `createdVia` in characters.
pub const MAX_CREATED_VIA_CHARS: usize = 128;
/// The value of `createdVia` in what Dialbench sends.
pub const CREATED_VIA: &str = "dialbench";

/// A request for a media session that holds to the gateway's rules. It serialises as the body of CXone's
/// `POST /api/v2/media/sessions`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlPayload {
    session_id: MediaSessionId,
    prompt_id: PromptId,
    playback_config: PlaybackConfig,
    session_metadata: SessionMetadata,
}

/// The part of a control payload that a form edits: everything but what is made up when it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// The prompt that is played.
    pub prompt_id: PromptId,
    /// The way in which it is played.
    pub playback_config: PlaybackConfig,
    /// Maximum number of media streams that the sender wants at a time; at most the gateway's own limit.
    pub max_concurrent_streams: Option<u64>,
}

/// The way in which the gateway plays a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaybackConfig {
    /// Its loudness.
    pub volume_matrix: VolumeMatrix,
    /// The interruptions that are allowed.
    pub interruptibility: Interruptibility,
    /// The codec that the gateway is to use.
    pub codec_preference: Codec,
    /// Loads the audio before the session begins. The gateway refuses sessions without it.
    pub buffer_preload: bool,
    /// Has the gateway check the prompt's format.
    pub format_verification: bool,
    /// Silence that is left at the ends, in ms, at least [`MIN_SILENCE_TRIM_MS`]; nothing is trimmed where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_trim_ms: Option<u64>,
}

/// The interruptions that a prompt allows, and its end after one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interruptibility {
    /// True when a key may interrupt it.
    #[serde(rename = "allowDTMF")]
    pub allow_dtmf: bool,
    /// True when the caller's voice may interrupt it.
    #[serde(rename = "allowVoice")]
    pub allow_voice: bool,
    /// The way in which the prompt ends then.
    #[serde(rename = "cutoffBehavior")]
    pub cutoff_behavior: CutoffBehavior,
}

/// The way in which an interrupted prompt ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CutoffBehavior {
    /// At once.
    #[default]
    Immediate,
    /// It is faded out.
    Fade,
    /// It is played to its end, and no further prompt after it.
    Drain,
}

impl CutoffBehavior {
    /// Every behaviour, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Immediate, Self::Fade, Self::Drain];

    /// Returns the name in a control payload.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Fade => "fade",
            Self::Drain => "drain",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionMetadata {
    created_via: String,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_concurrent_streams: Option<u64>,
}

impl ControlPayload {
    /// Reads a payload's JSON text. An error of the JSON itself is one of the whole: its field is empty.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, FieldErrors> {
        Self::from_json(&json::parse(text)?, limits)
    }

    /// Reads a payload. `silenceTrimMs` and `maxConcurrentStreams` may be missing or null.
    pub fn from_json(json: &Value, limits: &Limits) -> Result<Self, FieldErrors> {
        json::read(json, |node| {
            let fields = payload_fields(node)?;
            let session_id = fields.get("sessionId").id();
            let metadata = metadata_fields(&fields.get("sessionMetadata"));
            let control = control(&fields, metadata.as_ref(), limits);
            let created_via = metadata
                .as_ref()
                .and_then(|fields| fields.get("createdVia").text_of(1..=MAX_CREATED_VIA_CHARS));
            let timestamp = metadata.as_ref().and_then(|fields| timestamp::read(&fields.get("timestamp")));
            let Control { prompt_id, playback_config, max_concurrent_streams } = control?;
            let (created_via, timestamp) = (created_via?.to_owned(), timestamp?.to_owned());
            Some(Self {
                session_id: session_id?.parse().ok()?,
                prompt_id,
                playback_config,
                session_metadata: SessionMetadata { created_via, timestamp, max_concurrent_streams },
            })
        })
    }

    /// Returns the session's identifier.
    pub const fn session_id(&self) -> &MediaSessionId {
        &self.session_id
    }

    /// Returns the prompt that is played.
    pub const fn prompt_id(&self) -> &PromptId {
        &self.prompt_id
    }

    /// Returns the way in which the prompt is played.
    pub const fn playback_config(&self) -> &PlaybackConfig {
        &self.playback_config
    }

    /// Returns the body as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a payload has string keys only")
    }
}

/// Returns a checked payload as it is sent on: to the letter, but without the fields that may be missing and are null,
/// which the gateway would take for numbers.
#[must_use]
pub fn sendable(mut payload: Value) -> Value {
    for (part, name) in [("playbackConfig", "silenceTrimMs"), ("sessionMetadata", "maxConcurrentStreams")] {
        if let Some(fields) = payload.get_mut(part).and_then(Value::as_object_mut)
            && fields.get(name).is_some_and(Value::is_null)
        {
            fields.remove(name);
        }
    }
    payload
}

impl Control {
    /// Reads what a form edits of a payload. An identifier and a time of sending that stand in it mean nothing here.
    pub fn from_json(json: &Value, limits: &Limits) -> Result<Self, FieldErrors> {
        json::read(json, |node| {
            let fields = payload_fields(node)?;
            let metadata = fields.get("sessionMetadata").optional().and_then(metadata_fields);
            control(&fields, metadata.as_ref(), limits)
        })
    }

    /// Returns the payload of the session `session_id` that is asked for at `timestamp` (RFC 3339).
    pub fn payload(&self, session_id: MediaSessionId, timestamp: impl Into<String>) -> ControlPayload {
        ControlPayload {
            session_id,
            prompt_id: self.prompt_id.clone(),
            playback_config: self.playback_config,
            session_metadata: SessionMetadata {
                created_via: CREATED_VIA.into(),
                timestamp: timestamp.into(),
                max_concurrent_streams: self.max_concurrent_streams,
            },
        }
    }
}

fn payload_fields<'a>(node: &Node<'a>) -> Option<Object<'a>> {
    let known = ["sessionId", "promptId", "playbackConfig", "sessionMetadata"];
    Some(node.object()?.only("a control payload", &known))
}

fn metadata_fields<'a>(node: &Node<'a>) -> Option<Object<'a>> {
    let known = ["createdVia", "timestamp", "maxConcurrentStreams"];
    Some(node.object()?.only("a session's metadata", &known))
}

fn control(fields: &Object<'_>, metadata: Option<&Object<'_>>, limits: &Limits) -> Option<Control> {
    let prompt_id = fields.get("promptId").id();
    let playback_config = playback_config(&fields.get("playbackConfig"));
    let max = u64::try_from(limits.media_streams).unwrap_or(u64::MAX);
    let streams = |fields: &Object<'_>| {
        json::optional(fields.get("maxConcurrentStreams").optional(), |node| node.whole(1..=max))
    };
    let max_concurrent_streams = metadata.map_or(Some(None), streams);
    Some(Control {
        prompt_id: prompt_id?.parse().ok()?,
        playback_config: playback_config?,
        max_concurrent_streams: max_concurrent_streams?,
    })
}

fn playback_config(node: &Node<'_>) -> Option<PlaybackConfig> {
    let known = [
        "volumeMatrix",
        "interruptibility",
        "codecPreference",
        "bufferPreload",
        "formatVerification",
        "silenceTrimMs",
    ];
    let fields = node.object()?.only("a playback configuration", &known);
    let volume_matrix = volume_matrix(&fields.get("volumeMatrix"));
    let interruptibility = interruptibility(&fields.get("interruptibility"));
    let codecs = Codec::ALL.map(|codec| (codec.name(), codec));
    let codec_preference = fields.get("codecPreference").choice(&codecs);
    let preload = fields.get("bufferPreload");
    let buffer_preload = preload.truth();
    if buffer_preload == Some(false) {
        preload.refuse("must be true, or the audio drops out while the IVR is busy");
    }
    let format_verification = fields.get("formatVerification").truth();
    let trim = |node: &Node<'_>| node.whole(MIN_SILENCE_TRIM_MS..=u64::MAX);
    let silence_trim_ms = json::optional(fields.get("silenceTrimMs").optional(), trim);
    Some(PlaybackConfig {
        volume_matrix: volume_matrix?,
        interruptibility: interruptibility?,
        codec_preference: codec_preference?,
        buffer_preload: buffer_preload?,
        format_verification: format_verification?,
        silence_trim_ms: silence_trim_ms?,
    })
}

/// Reads the numbers in the width that JSON gives them, so that a limit itself is within the limits.
fn volume_matrix(node: &Node<'_>) -> Option<VolumeMatrix> {
    let fields = node.object()?.only("a volume matrix", &["baseGain", "peakLimit", "compressionRatio"]);
    let base_gain = fields.get("baseGain").number(0.0..=1.0);
    let ceiling = fields.get("peakLimit");
    let peak_limit = ceiling.number(0.0..=1.0);
    if let (Some(base_gain), Some(peak_limit)) = (base_gain, peak_limit)
        && peak_limit < base_gain
    {
        ceiling.refuse(format!("must be at least the base gain, {base_gain}, not {peak_limit}"));
    }
    let compression_ratio = fields.get("compressionRatio").number(0.1..=1.0);
    Some(VolumeMatrix {
        base_gain: base_gain? as f32,
        peak_limit: peak_limit? as f32,
        compression_ratio: compression_ratio? as f32,
    })
}

fn interruptibility(node: &Node<'_>) -> Option<Interruptibility> {
    let known = ["allowDTMF", "allowVoice", "cutoffBehavior"];
    let fields = node.object()?.only("an interruptibility", &known);
    let allow_dtmf = fields.get("allowDTMF").truth();
    let allow_voice = fields.get("allowVoice").truth();
    let behaviors = CutoffBehavior::ALL.map(|behavior| (behavior.name(), behavior));
    let cutoff_behavior = fields.get("cutoffBehavior").choice(&behaviors);
    Some(Interruptibility {
        allow_dtmf: allow_dtmf?,
        allow_voice: allow_voice?,
        cutoff_behavior: cutoff_behavior?,
    })
}

#[cfg(test)]
mod tests;
