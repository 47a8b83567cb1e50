//! Files that the lab does not read: the browser decodes them, at their own rate where it can be found out.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use lab::message::Origin;
use prompt::source::SourceError;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AudioBuffer, OfflineAudioContext};

use super::sniff::{Sniffed, sniff};
use crate::js::{field, reason};

/// The largest file that is taken, in bytes: 34 minutes of 16-bit stereo at 48 kHz. The lab needs five times as much
/// memory to read it, of 4 GB.
const MAX_BYTES: u32 = 400_000_000;
/// The bytes that tell what a file is: pictures in front of an MP3's sound are seldom larger.
const HEAD: u32 = 1 << 20;
/// The sample rate of files that do not say theirs at the beginning, in Hz: that of video, and of Opus.
const USUAL_RATE: u32 = 48_000;

/// A file as the browser decoded it.
pub(super) struct Decoded {
    pub(super) origin: Origin,
    /// The samples of each channel, the browser's own arrays.
    pub(super) channels: Array,
}

/// True when the lab reads the file, or knows better than the browser why it cannot be read. A file without content or
/// beyond what there is memory for is refused.
pub(super) fn is_for_the_lab(bytes: &ArrayBuffer) -> Result<bool, String> {
    let length = bytes.byte_length();
    if length == 0 {
        return Err(SourceError::Empty.to_string());
    }
    if length > MAX_BYTES {
        let megabytes = |bytes: u32| bytes.div_ceil(1_000_000);
        let (found, most) = (megabytes(length), megabytes(MAX_BYTES));
        return Err(format!("the file has {found} MB, and {most} MB is the most: cut it into prompts"));
    }
    let start = head(bytes, 4);
    Ok([b"RIFF", b"RIFX", b"RF64"].into_iter().any(|magic| start == magic))
}

/// Has the browser decode a file. The bytes are handed over.
pub(super) async fn decode(bytes: &ArrayBuffer) -> Result<Decoded, String> {
    let Sniffed { container, encoding, bits, rate } = sniff(&head(bytes, HEAD));
    let failed = |error| match field(&error, "name").as_string().as_deref() {
        Some("EncodingError") => match container {
            Some(name) => format!(
                "this {name} file is damaged, or of a kind that the browser does not know: export it as WAV"
            ),
            None => SourceError::NotAudio.to_string(),
        },
        _ => reason(&error),
    };
    // A rate that the browser does not offer is brought to the usual one, which it always has.
    let context = rate.and_then(|rate| context(rate).ok()).map_or_else(|| context(USUAL_RATE), Ok);
    let context = context.map_err(|error| reason(&error))?;
    let decoding = context.decode_audio_data(bytes).map_err(failed)?;
    let buffer: AudioBuffer = JsFuture::from(decoding).await.map_err(failed)?.unchecked_into();
    let channels = Array::new();
    for channel in 0..buffer.number_of_channels() {
        // The binding for this method would copy the samples into the page's own memory.
        let samples = crate::js::call(&buffer, "getChannelData", &channel.into());
        channels.push(&samples.map_err(|error| reason(&error))?);
    }
    let container = container.unwrap_or("audio").to_owned();
    let origin = Origin { container, encoding, bits, rate: buffer.sample_rate() as u32 };
    Ok(Decoded { origin, channels })
}

fn context(rate: u32) -> Result<OfflineAudioContext, wasm_bindgen::JsValue> {
    OfflineAudioContext::new_with_number_of_channels_and_length_and_sample_rate(1, 1, rate as f32)
}

fn head(bytes: &ArrayBuffer, length: u32) -> Vec<u8> {
    Uint8Array::new_with_byte_offset_and_length(bytes, 0, length.min(bytes.byte_length())).to_vec()
}
