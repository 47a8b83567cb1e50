//! Messages between the page and the lab's worker. Each is a list of three: a call's number, the content as JSON, and a list
//! of arrays beside it, which are handed over rather than copied. A worker whose core could not be loaded says why, in a
//! message that is text alone.

use js_sys::Array;
use prompt::{
    findings::{Finding, Limits},
    line::Trim,
    matching::{Match, Reach},
    measure::{Measures, Series},
    render::{Levels, Settings},
    source::{Encoding, SourceFacts},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, JsValue};

/// The number by which the page calls a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClipId(pub u32);

/// The loudness that a prompt is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The loudness, in LUFS.
    pub lufs: f64,
    /// The way to it where peaks stand against it.
    pub reach: Reach,
}

/// The settings of a rendering, and the limits that its result is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The settings. With a target, their gain is found rather than given, unless the prompt has no loudness.
    pub settings: Settings,
    /// The loudness to bring the prompt to, if any; it is also the limits' where they have none.
    pub target: Option<Target>,
    /// The limits of the findings.
    pub limits: Limits,
    /// The median loudness of the prompt's set, in LUFS; absent for a prompt by itself.
    pub median_lufs: Option<f64>,
}

impl From<Settings> for Wanted {
    fn from(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }
}

/// A request of the page's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Reads a file; its bytes are beside it.
    Open(ClipId),
    /// Takes samples; each channel's are beside it.
    Take {
        /// The prompt's number.
        clip: ClipId,
        /// The samples' origin.
        origin: Origin,
    },
    /// Takes over a prompt from a module that has less; the line's samples are beside it. It is not replied to.
    Adopt(Box<Adopted>),
    /// Renders a prompt, in place of what was asked for it before; a part comes first where it is heard at the
    /// moment.
    Render {
        /// The prompt's number.
        clip: ClipId,
        /// The settings.
        wanted: Wanted,
        /// The sample of the kept line that is heard at the moment, if any.
        from: Option<usize>,
    },
    /// Writes what a caller hears as a WAV file.
    Write {
        /// The prompt's number.
        clip: ClipId,
        /// The settings.
        wanted: Wanted,
    },
    /// Forgets a prompt.
    Close(ClipId),
}

/// The facts about a prompt that one module hands to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adopted {
    /// The prompt's number.
    pub clip: ClipId,
    /// The facts about the file.
    pub facts: SourceFacts,
    /// The figures of the file.
    pub measured: Measures,
}

/// The origin of samples that are not read from a WAV file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The container's name, as shown.
    pub container: String,
    /// The encoding of the file's samples.
    pub encoding: Encoding,
    /// The bits of a sample, if the encoding has a fixed number.
    pub bits: Option<u16>,
    /// The sample rate, in Hz.
    pub rate: u32,
}

/// A reply of the worker's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// A prompt is there. Beside it: its samples, the lowest and highest of each frame of the line, and its [`Series`], as
    /// [`series_numbers`] gives them.
    Opened(Box<OpenedFacts>),
    /// The rendering of what is heard at the moment, beside it the samples.
    Part {
        /// The sample of the kept line at which they begin.
        start: usize,
    },
    /// The rendering of all of it. Beside it: the samples, the levels of each frame, as [`level_numbers`] gives them, and
    /// the series.
    Whole(Box<WholeFacts>),
    /// A WAV file, whose bytes are beside it.
    Written,
    /// It could not be done, for a reason in words.
    Failed(String),
}

/// The facts about a prompt that was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenedFacts {
    /// The facts about the file.
    pub facts: SourceFacts,
    /// The count of samples at 8 kHz.
    pub line: usize,
    /// The figures of the file.
    pub measured: Measures,
    /// The findings in the file by itself.
    pub findings: Vec<Finding>,
}

/// The facts about a rendering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WholeFacts {
    /// The settings, with the gain that was found for the target.
    pub settings: Settings,
    /// The way to the target; absent without one, and for a prompt that has no loudness.
    pub matched: Option<Match>,
    /// The part of the line that was kept.
    pub trim: Trim,
    /// The figures of what is sent, ahead of the codec.
    pub measured: Measures,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The length in bytes of what the codec makes of it; 0 without a codec.
    pub code_bytes: usize,
    /// The count of samples that were cut off at full scale.
    pub cut: usize,
    /// The time that it took to find the gain and to render, in ms.
    pub render_ms: f64,
    /// The time that it took to measure the result, in ms.
    pub measure_ms: f64,
}

/// Makes a message.
pub fn write(number: u32, content: &impl Serialize, beside: &Array) -> Array {
    let json = serde_json::to_string(content).expect("a message's maps have text for keys");
    Array::of3(&number.into(), &json.into(), beside)
}

/// Reads a message: the call's number, the content, and what is beside it. `None` for anything else.
pub fn read<T: DeserializeOwned>(message: &JsValue) -> Option<(u32, T, Array)> {
    let message: &Array = message.dyn_ref()?;
    let number = message.get(0).as_f64()? as u32;
    let content = serde_json::from_str(&message.get(1).as_string()?).ok()?;
    Some((number, content, message.get(2).dyn_into().ok()?))
}

/// Returns momentary and short-term loudness as numbers, NaN where there is none.
pub fn series_numbers(series: &Series) -> [Vec<f32>; 2] {
    [&series.momentary, &series.short_term]
        .map(|values| values.iter().map(|value| value.unwrap_or(f32::NAN)).collect())
}

/// Returns the series of which these are the numbers.
pub fn to_series([momentary, short_term]: [Vec<f32>; 2]) -> Series {
    let values =
        |numbers: Vec<f32>| numbers.into_iter().map(|lufs| (!lufs.is_nan()).then_some(lufs)).collect();
    Series { momentary: values(momentary), short_term: values(short_term) }
}

/// Returns levels as numbers, four each.
pub fn level_numbers(levels: &[Levels]) -> Vec<f32> {
    let numbers =
        |levels: &Levels| [levels.input_peak, levels.output_peak, levels.compressor_db, levels.limiter_db];
    levels.iter().flat_map(numbers).collect()
}

/// Returns the levels of which these are the numbers.
pub fn to_levels(numbers: &[f32]) -> Vec<Levels> {
    let (levels, _) = numbers.as_chunks();
    levels
        .iter()
        .map(|&[input_peak, output_peak, compressor_db, limiter_db]| Levels {
            input_peak,
            output_peak,
            compressor_db,
            limiter_db,
        })
        .collect()
}
