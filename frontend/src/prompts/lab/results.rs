//! Results of the lab's, as the page has them.

use js_sys::{Array, Float32Array};
use lab::message::{Reply, to_levels, to_series};
use prompt::{
    findings::Finding,
    line::Trim,
    matching::Match,
    measure::{Measures, Series},
    render::{Levels, Settings},
    source::SourceFacts,
};
use wasm_bindgen::JsCast as _;

/// The message for an answer of the worker's that does not fit the question.
pub(super) const STRANGE: &str = "the prompt lab answered something else: load the page again";

/// A prompt that was opened.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The facts about the file.
    pub(crate) facts: SourceFacts,
    /// The samples in one channel, −1…1, at the file's rate: the original, to be played.
    pub(crate) samples: Float32Array,
    /// The sample rate, in Hz.
    pub(crate) rate: u32,
    /// The count of samples at 8 kHz.
    pub(crate) line: usize,
    /// The figures of the file.
    pub(crate) measured: Measures,
    /// The loudness of the file over time.
    pub(crate) series: Series,
    /// The findings in the file by itself, as if it were played untouched; a [`Preview`] has those that count.
    pub(crate) findings: Vec<Finding>,
    /// The lowest and the highest sample of each 20 ms at 8 kHz.
    pub(crate) peaks: Vec<(f32, f32)>,
}

/// A rendering, or as much of it as is there.
#[derive(Clone, Debug)]
pub(crate) enum Rendering {
    /// The two seconds that are heard at the moment. With a target, they have the gain that was found last.
    Part {
        /// The sample of the kept line at which they begin.
        start: usize,
        /// The samples at 8 kHz, −1…1.
        heard: Float32Array,
    },
    /// All of it.
    Whole(Box<Preview>),
    /// There is none, for a reason in words.
    Failed(String),
}

/// A prompt as a caller hears it.
#[derive(Clone, Debug)]
pub(crate) struct Preview {
    /// The settings, with the gain that was found for the target.
    pub(crate) settings: Settings,
    /// The way to the target; absent without one, and for a prompt that has no loudness.
    pub(crate) matched: Option<Match>,
    /// The part of the line that was kept.
    pub(crate) trim: Trim,
    /// The samples behind the codec, at 8 kHz, −1…1.
    pub(crate) heard: Float32Array,
    /// The levels of each 20 ms.
    pub(crate) levels: Vec<Levels>,
    /// The figures of what is sent, ahead of the codec.
    pub(crate) measured: Measures,
    /// The loudness of what is sent over time.
    pub(crate) series: Series,
    /// The findings.
    pub(crate) findings: Vec<Finding>,
    /// The length in bytes of what the codec makes of it; 0 without a codec.
    pub(crate) code_bytes: usize,
    /// The count of samples that were cut off at full scale.
    pub(crate) cut: usize,
    /// The time that the worker took to find the gain and to render, in ms.
    pub(crate) render_ms: f64,
    /// The time that the worker took to measure the result, in ms.
    pub(crate) measure_ms: f64,
}

impl Opened {
    pub(super) fn read((reply, beside): (Reply, Array)) -> Result<Self, String> {
        let Reply::Opened(opened) = reply else { return Err(STRANGE.into()) };
        let lab::message::OpenedFacts { facts, line, measured, findings } = *opened;
        let arrays = || {
            let samples = beside.get(0).dyn_into().ok()?;
            Some((samples, numbers(&beside, 1)?, to_series([numbers(&beside, 2)?, numbers(&beside, 3)?])))
        };
        let (samples, peaks, series) = arrays().ok_or(STRANGE)?;
        let (peaks, _) = peaks.as_chunks();
        let peaks = peaks.iter().map(|&[low, high]| (low, high)).collect();
        Ok(Self { samples, rate: facts.rate, line, measured, series, findings, peaks, facts })
    }
}

impl Rendering {
    pub(super) fn read(reply: &Reply, beside: &Array) -> Self {
        rendering(reply, beside).unwrap_or_else(|| Self::Failed(STRANGE.into()))
    }
}

fn rendering(reply: &Reply, beside: &Array) -> Option<Rendering> {
    Some(match reply {
        Reply::Part { start } => Rendering::Part { start: *start, heard: beside.get(0).dyn_into().ok()? },
        Reply::Whole(whole) => Rendering::Whole(Box::new(Preview {
            settings: whole.settings,
            matched: whole.matched,
            trim: whole.trim.clone(),
            heard: beside.get(0).dyn_into().ok()?,
            levels: to_levels(&numbers(beside, 1)?),
            measured: whole.measured,
            series: to_series([numbers(beside, 2)?, numbers(beside, 3)?]),
            findings: whole.findings.clone(),
            code_bytes: whole.code_bytes,
            cut: whole.cut,
            render_ms: whole.render_ms,
            measure_ms: whole.measure_ms,
        })),
        Reply::Failed(why) => Rendering::Failed(why.clone()),
        Reply::Opened(_) | Reply::Written => return None,
    })
}

fn numbers(beside: &Array, at: u32) -> Option<Vec<f32>> {
    beside.get(at).dyn_into::<Float32Array>().ok().map(|numbers| numbers.to_vec())
}
