//! A file on its way to the receiver: by the reader of recordings, or by the browser for what that leaves to others.

use js_sys::{ArrayBuffer, Promise, Uint8Array};
use recording::{
    Failure, Heard, Kind, Listener, Options, Origin, Peaks, Reader, Remark, SNIFF_BYTES, to_pcm,
};
use signal::detect::SAMPLE_RATE;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AudioBuffer, File, OfflineAudioContext};

use crate::js::{field, reason};

/// The bytes that are read at once: a second of decoding at most, after which the page may answer.
const PIECE: f64 = 4_194_304.0;

const OPTIONS: Options = Options { mix: false, peaks: true, explain: true };

/// A recording, and the digits that were found in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Decoded {
    pub(super) name: String,
    pub(super) duration_ms: f64,
    pub(super) channels: usize,
    /// In the order of time.
    pub(super) digits: Vec<Heard>,
    /// The tones that came near to a digit.
    pub(super) near_misses: Vec<Heard>,
    /// The drawing of each channel; none of a capture's.
    pub(super) peaks: Vec<Peaks>,
    pub(super) remarks: Vec<Remark>,
}

/// Reads a file; the error is what is said about it.
pub(super) async fn read(file: &File) -> Result<Decoded, String> {
    let name = file.name();
    let beginning = bytes(file, 0.0, SNIFF_BYTES as f64).await.map_err(|error| reason(&error))?;
    if beginning.is_empty() {
        return Err(Failure::Empty.to_string());
    }
    let kind = Kind::of(&beginning, Some(&name));
    let mut decoded = match kind {
        Some(kind @ (Kind::Wav | Kind::Au | Kind::Capture | Kind::Raw(_) | Kind::Refused(_))) => {
            listen(file, kind).await.map_err(|failure| in_words(&failure, &name))?
        }
        Some(Kind::Container(container)) => by_browser(file).await.map_err(|error| match error {
            Undecoded::Unknown => in_words(&Failure::Unsupported(container.name().into()), &name),
            Undecoded::Failed(why) => why,
        })?,
        None => by_browser(file).await.map_err(|error| match error {
            Undecoded::Unknown => Failure::NotAudio.to_string(),
            Undecoded::Failed(why) => why,
        })?,
    };
    decoded.name = name;
    Ok(decoded)
}

fn in_words(failure: &Failure, name: &str) -> String {
    if failure.can_be_converted() {
        format!("{failure}. To convert it: ffmpeg -i {name} -ar 8000 recording.wav")
    } else {
        failure.to_string()
    }
}

/// Reads a file piece by piece.
async fn listen(file: &File, kind: Kind) -> Result<Decoded, Failure> {
    let mut reader = Reader::new(kind, OPTIONS)?;
    let mut heard = Vec::new();
    let mut at = 0.0;
    while at < file.size() {
        let unread = |error: JsValue| Failure::Damaged(reason(&error));
        reader.push(&bytes(file, at, at + PIECE).await.map_err(unread)?)?;
        heard.extend(core::iter::from_fn(|| reader.poll()));
        at += PIECE;
    }
    reader.finish()?;
    heard.extend(core::iter::from_fn(|| reader.poll()));
    let (near_misses, digits) = heard.into_iter().partition(is_near_miss);
    Ok(Decoded {
        name: String::new(),
        duration_ms: reader.duration_ms(),
        channels: reader.channels(),
        digits,
        near_misses,
        peaks: reader.listener().map(peaks).unwrap_or_default(),
        remarks: reader.remarks().to_vec(),
    })
}

fn is_near_miss(heard: &Heard) -> bool {
    matches!(heard.origin, Origin::NearMiss(_))
}

fn peaks(listener: &Listener) -> Vec<Peaks> {
    (0..listener.channels()).filter_map(|channel| listener.peaks(channel).cloned()).collect()
}

async fn bytes(file: &File, from: f64, to: f64) -> Result<Vec<u8>, JsValue> {
    let part = file.slice_with_f64_and_f64(from, to)?;
    Ok(Uint8Array::new(&JsFuture::from(part.array_buffer()).await?).to_vec())
}

/// The reason why the browser has not decoded a file.
enum Undecoded {
    /// It does not know the encoding.
    Unknown,
    /// Something else, in words.
    Failed(String),
}

impl From<JsValue> for Undecoded {
    fn from(error: JsValue) -> Self {
        match field(&error, "name").as_string().as_deref() {
            Some("EncodingError") => Self::Unknown,
            _ => Self::Failed(reason(&error)),
        }
    }
}

/// Has the browser decode a file, and hears all channels of it.
async fn by_browser(file: &File) -> Result<Decoded, Undecoded> {
    let buffer = decode_audio(file.array_buffer()).await?;
    let failed = |unheard: recording::Unheard| Undecoded::Failed(unheard.to_string());
    let count = buffer.number_of_channels();
    let mut listener = Listener::new(count as u16, SAMPLE_RATE, OPTIONS).map_err(failed)?;
    let mut channels = Vec::new();
    for channel in 0..count {
        let samples = buffer.get_channel_data(channel)?;
        channels.push(samples.into_iter().map(to_pcm).collect::<Vec<i16>>());
    }
    listener.push(&channels);
    listener.finish();
    let (near_misses, digits) = core::iter::from_fn(|| listener.poll()).partition(is_near_miss);
    Ok(Decoded {
        name: String::new(),
        duration_ms: buffer.duration() * 1_000.0,
        channels: listener.channels(),
        digits,
        near_misses,
        peaks: peaks(&listener),
        remarks: listener.same().map(Remark::Same).collect(),
    })
}

async fn decode_audio(bytes: Promise) -> Result<AudioBuffer, JsValue> {
    let bytes: ArrayBuffer = JsFuture::from(bytes).await?.dyn_into()?;
    // A context of this rate has the browser resample what it decodes.
    let context = OfflineAudioContext::new_with_number_of_channels_and_length_and_sample_rate(
        1,
        1,
        SAMPLE_RATE as f32,
    )?;
    JsFuture::from(context.decode_audio_data(&bytes)?).await?.dyn_into()
}
