//! Answers to a control payload: the gateway's, the proxy's, and the refusals.

use base::{
    field_error::{FieldError, FieldErrors},
    ids::MediaSessionId,
};
use jobs::Stage;
use serde::{Deserialize, Serialize};

/// The kind of the problem (`type`, RFC 9457) with which a session is refused because as many streams play as may.
pub const STREAM_LIMIT: &str = "docs/contract.md#stream-limit";
/// The kind of the problem with which a session is refused because its identifier is taken.
pub const SESSION_ID_TAKEN: &str = "docs/contract.md#session-id-taken";

/// The gateway's answer to a control payload: the session was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayReply {
    /// Identifier of the session.
    pub id: MediaSessionId,
    /// State of the playback.
    pub playback_state: String,
    /// True when the gateway has checked the prompt's format.
    pub format_verified: bool,
    /// True when the audio was loaded before the session began.
    pub buffer_preloaded: bool,
    /// Time that the gateway took, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "plain")]
    pub latency_ms: Option<f64>,
}

/// Number of sessions that play, as `GET /api/v2/media/sessions?status=active` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActiveSessions {
    /// Number of sessions.
    pub total_count: u64,
}

/// The proxy's answer to a control payload: there is a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlaybackReply {
    /// Identifier of the session; absent where only the page concludes that there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub id: Option<MediaSessionId>,
    /// The evidence for the session.
    pub confirmed_by: Confirmation,
    /// State of the playback, in the gateway's words; absent where its answer was lost, as are the next two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playback_state: Option<String>,
    /// True when the gateway has checked the prompt's format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format_verified: Option<bool>,
    /// True when the audio was loaded before the session began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_preloaded: Option<bool>,
    /// Time between the request and the gateway's acknowledgement, in ms; absent where its answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "plain")]
    pub latency_ms: Option<f64>,
    /// The side that measured the latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_source: Option<LatencySource>,
}

/// The evidence for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confirmation {
    /// The gateway's answer.
    Answer,
    /// An earlier answer was lost, and the gateway says that the session's identifier is taken.
    Conflict,
}

/// The side that measured a latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LatencySource {
    /// The gateway, which gave it in its answer.
    Gateway,
    /// The proxy, because the gateway gave none.
    Proxy,
}

impl PlaybackReply {
    /// Returns the reply of a session that was made; `measured_ms` is the proxy's own latency.
    pub fn answered(reply: GatewayReply, measured_ms: f64) -> Self {
        let GatewayReply { id, playback_state, format_verified, buffer_preloaded, latency_ms } = reply;
        let given = latency_ms.filter(|ms| ms.is_finite() && *ms >= 0.0);
        let latency_source = if given.is_some() { LatencySource::Gateway } else { LatencySource::Proxy };
        Self {
            id: Some(id),
            confirmed_by: Confirmation::Answer,
            playback_state: Some(playback_state),
            format_verified: Some(format_verified),
            buffer_preloaded: Some(buffer_preloaded),
            latency_ms: Some(given.unwrap_or(measured_ms)),
            latency_source: Some(latency_source),
        }
    }

    /// Returns the reply of a session that is there although its answer was lost.
    pub const fn confirmed(id: Option<MediaSessionId>) -> Self {
        Self {
            id,
            confirmed_by: Confirmation::Conflict,
            playback_state: None,
            format_verified: None,
            buffer_preloaded: None,
            latency_ms: None,
            latency_source: None,
        }
    }

    /// Returns 1 where the format was verified and the buffer preloaded, and 0 otherwise.
    pub fn stability_rate(&self) -> f64 {
        let stable = self.format_verified == Some(true) && self.buffer_preloaded == Some(true);
        if stable { 1.0 } else { 0.0 }
    }

    /// Returns the stage of the request for the session: it is done once the session is there, for the gateway cannot be
    /// asked about a single session afterwards, and it has failed where the playback has.
    pub fn stage(&self) -> Stage {
        let failed = ["fail", "error", "reject"];
        let state = self.playback_state.as_deref().unwrap_or_default().to_lowercase();
        if failed.iter().any(|word| state.contains(word)) { Stage::Failed } else { Stage::Done }
    }
}

/// Returns a number as JSON writes it shortest: without a fraction where it has none.
pub fn number(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

#[expect(clippy::ref_option, reason = "the form in which serde calls it")]
fn plain<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(number).serialize(serializer)
}

/// Names that a gateway's error can begin with, or hold, and the fields of the payload that they mean. Of several, the one
/// that comes first in the text is meant.
const NAMES: [(&str, &str); 19] = [
    ("basegain", "playbackConfig.volumeMatrix.baseGain"),
    ("peaklimit", "playbackConfig.volumeMatrix.peakLimit"),
    ("compressionratio", "playbackConfig.volumeMatrix.compressionRatio"),
    ("volumematrix", "playbackConfig.volumeMatrix"),
    ("allowdtmf", "playbackConfig.interruptibility.allowDTMF"),
    ("allowvoice", "playbackConfig.interruptibility.allowVoice"),
    ("cutoffbehavior", "playbackConfig.interruptibility.cutoffBehavior"),
    ("interruptibility", "playbackConfig.interruptibility"),
    ("codec", "playbackConfig.codecPreference"),
    ("bufferpreload", "playbackConfig.bufferPreload"),
    ("formatverification", "playbackConfig.formatVerification"),
    ("silencetrim", "playbackConfig.silenceTrimMs"),
    ("concurrentstream", "sessionMetadata.maxConcurrentStreams"),
    ("sessionid", "sessionId"),
    ("promptid", "promptId"),
    ("createdvia", "sessionMetadata.createdVia"),
    ("timestamp", "sessionMetadata.timestamp"),
    ("sessionmetadata", "sessionMetadata"),
    ("playbackconfig", "playbackConfig"),
];

/// Returns the gateway's errors by the fields that they name, each in the gateway's own words; the field is empty where
/// none is recognised.
pub fn gateway_errors<'a>(texts: impl IntoIterator<Item = &'a str>) -> FieldErrors {
    texts.into_iter().map(|text| FieldError::new(named_field(text), text)).collect()
}

fn named_field(text: &str) -> &'static str {
    // `Silence trim`, `silence_trim` and `silenceTrimMs` are the same name.
    let squeezed: String =
        text.chars().filter(|symbol| symbol.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let places = NAMES.iter().filter_map(|(name, field)| {
        let place = squeezed.find(name)?;
        // What a path holds is meant rather than what it leads through, and of that the innermost.
        let leads =
            matches!(*name, "playbackconfig" | "volumematrix" | "interruptibility" | "sessionmetadata");
        Some((leads, if leads { usize::MAX - place } else { place }, *field))
    });
    places.min().map_or("", |(_, _, field)| field)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_gateway_s_errors_find_their_fields() {
        let check = |text: &str, field: &str| {
            let errors = gateway_errors([text]);
            assert_eq!((&*errors[0].field, &*errors[0].message), (field, text));
        };
        check(
            "Unsupported codec: MP3. Gateway supports: G711U, G711A, G729, OPUS",
            "playbackConfig.codecPreference",
        );
        check("baseGain must be between 0.0 and 1.0", "playbackConfig.volumeMatrix.baseGain");
        check("peakLimit must exceed baseGain and not exceed 1.0", "playbackConfig.volumeMatrix.peakLimit");
        check("compressionRatio must be between 0.1 and 1.0", "playbackConfig.volumeMatrix.compressionRatio");
        check(
            "bufferPreload must be true to prevent audio dropout during IVR scaling",
            "playbackConfig.bufferPreload",
        );
        check("Exceeds maximum concurrent stream limit of 50", "sessionMetadata.maxConcurrentStreams");
        check(
            "Silence trim must be at least 300ms to prevent playback stutter",
            "playbackConfig.silenceTrimMs",
        );
        check(
            "playbackConfig.interruptibility.allow_dtmf is missing",
            "playbackConfig.interruptibility.allowDTMF",
        );
        check("playbackConfig is required", "playbackConfig");
        check("playbackConfig.volumeMatrix must be an object", "playbackConfig.volumeMatrix");
        check("promptId is unknown: x", "promptId");
        check("Invalid session id", "sessionId");
        check("The gateway is out of sorts", "");
        check("", "");
    }

    #[test]
    fn a_latency_is_the_gateway_s_or_the_proxy_s() {
        let read = |json: &str| PlaybackReply::answered(serde_json::from_str(json).unwrap(), 42.5);
        let given = read(
            r#"{"id":"s","playbackState":"playing","formatVerified":true,"bufferPreloaded":true,"latencyMs":7}"#,
        );
        assert_eq!((given.latency_ms, given.latency_source), (Some(7.0), Some(LatencySource::Gateway)));
        assert_eq!(serde_json::to_value(&given).unwrap()["latencyMs"], 7);
        assert_eq!((given.stability_rate(), given.stage()), (1.0, Stage::Done));
        let none =
            read(r#"{"id":"s","playbackState":"FAILED","formatVerified":true,"bufferPreloaded":false}"#);
        assert_eq!((none.latency_ms, none.latency_source), (Some(42.5), Some(LatencySource::Proxy)));
        assert_eq!((none.stability_rate(), none.stage()), (0.0, Stage::Failed));
        let confirmed = PlaybackReply::confirmed(None);
        assert_eq!((confirmed.stability_rate(), confirmed.stage()), (0.0, Stage::Done));
        let json = serde_json::to_string(&confirmed).unwrap();
        assert_eq!(json, r#"{"confirmedBy":"conflict"}"#);
        assert_eq!(serde_json::from_str::<PlaybackReply>(&json).unwrap(), confirmed);
    }
}
