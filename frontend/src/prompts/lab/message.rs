//! Messages between the page and the lab's worker: a call's number, the content as JSON, and arrays beside it, which are
//! handed over rather than copied.

use js_sys::{Array, Object};
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

use crate::js::{field, object};

/// The field in which the worker's script says why the core could not be loaded.
const FAILED: &str = "failed";

/// The number by which the page calls a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ClipId(pub(crate) u32);

/// The loudness that a prompt is brought to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The loudness, in LUFS.
    pub(crate) lufs: f64,
    /// The way to it where peaks stand against it.
    pub(crate) reach: Reach,
}

/// The settings of a rendering, and the limits that its result is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The settings. With a target, their gain is found rather than given, unless the prompt has no loudness.
    pub(crate) settings: Settings,
    /// The loudness to bring the prompt to, if any; it is also the limits' where they have none.
    pub(crate) target: Option<Target>,
    /// The limits of the findings.
    pub(crate) limits: Limits,
    /// The median loudness of the prompt's set, in LUFS; absent for a prompt by itself.
    pub(crate) median_lufs: Option<f64>,
}

impl From<Settings> for Wanted {
    fn from(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }
}

/// A request of the page's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Request {
    /// Reads a file; its bytes are beside it.
    Open(ClipId),
    /// Takes samples; each channel's are beside it.
    Take { clip: ClipId, origin: Origin },
    /// Renders a prompt, in place of what was asked for it before; a part comes first where it is heard at the moment,
    /// `from` this sample of the line that is kept.
    Render { clip: ClipId, wanted: Wanted, from: Option<usize> },
    /// Writes what a caller hears as a WAV file.
    Write { clip: ClipId, wanted: Wanted },
    /// Finds the gains that bring prompts to a loudness.
    Match { clips: Vec<(ClipId, Settings)>, target: Target },
    /// Forgets a prompt.
    Close(ClipId),
}

/// The origin of samples that are not read from a WAV file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    /// The container's name, as shown.
    pub(super) container: String,
    /// The encoding of the file's samples.
    pub(super) encoding: Encoding,
    /// The bits of a sample, if the encoding has a fixed number.
    pub(super) bits: Option<u16>,
    /// The sample rate, in Hz.
    pub(super) rate: u32,
}

/// A reply of the worker's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// A prompt is there. Beside it: its samples, the lowest and highest of each frame of the line, and its [`Series`], as
    /// [`series_numbers`] gives them.
    Opened(Box<OpenedFacts>),
    /// The rendering of what is heard at the moment, which begins at this sample of the kept line. Beside it: the samples.
    Part { start: usize },
    /// The rendering of all of it. Beside it: the samples, the levels of each frame, as [`level_numbers`] gives them, and
    /// the series.
    Whole(Box<WholeFacts>),
    /// A WAV file, whose bytes are beside it.
    Written,
    /// The gains of the prompts that were asked for, in their order; none for what has no loudness.
    Matched(Vec<Option<Match>>),
    /// It could not be done, for a reason in words.
    Failed(String),
}

/// The facts about a prompt that was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OpenedFacts {
    pub(super) facts: SourceFacts,
    pub(super) line: usize,
    pub(super) measured: Measures,
    pub(super) findings: Vec<Finding>,
}

/// The facts about a rendering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WholeFacts {
    pub(super) settings: Settings,
    pub(super) matched: Option<Match>,
    pub(super) trim: Trim,
    pub(super) measured: Measures,
    pub(super) findings: Vec<Finding>,
    pub(super) code_bytes: usize,
    pub(super) cut: usize,
    pub(super) render_ms: f64,
    pub(super) measure_ms: f64,
}

/// Makes a message.
pub(super) fn write(number: u32, content: &impl Serialize, beside: &Array) -> Object {
    let json = serde_json::to_string(content).expect("a message's maps have text for keys");
    object(&[("number", &number.into()), ("json", &json.into()), ("beside", beside)])
}

/// Reads a message: the call's number, the content, and what is beside it. `None` for anything else.
pub(super) fn read<T: DeserializeOwned>(message: &JsValue) -> Option<(u32, T, Array)> {
    let number = field(message, "number").as_f64()? as u32;
    let content = serde_json::from_str(&field(message, "json").as_string()?).ok()?;
    Some((number, content, field(message, "beside").dyn_into().ok()?))
}

/// Returns the reason why the core could not be loaded, where that is what the message says.
pub(super) fn load_failure(message: &JsValue) -> Option<String> {
    field(message, FAILED).as_string()
}

/// Returns momentary and short-term loudness as numbers, NaN where there is none.
pub(super) fn series_numbers(series: &Series) -> [Vec<f32>; 2] {
    [&series.momentary, &series.short_term]
        .map(|values| values.iter().map(|value| value.unwrap_or(f32::NAN)).collect())
}

/// Returns the series of which these are the numbers.
pub(super) fn to_series([momentary, short_term]: [Vec<f32>; 2]) -> Series {
    let values =
        |numbers: Vec<f32>| numbers.into_iter().map(|lufs| (!lufs.is_nan()).then_some(lufs)).collect();
    Series { momentary: values(momentary), short_term: values(short_term) }
}

/// Returns levels as numbers, four each.
pub(super) fn level_numbers(levels: &[Levels]) -> Vec<f32> {
    let numbers =
        |levels: &Levels| [levels.input_peak, levels.output_peak, levels.compressor_db, levels.limiter_db];
    levels.iter().flat_map(numbers).collect()
}

/// Returns the levels of which these are the numbers.
pub(super) fn to_levels(numbers: &[f32]) -> Vec<Levels> {
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
