//! Figures of a prompt: loudness after EBU R 128, true peak, silence, and what the telephone's band loses.
//!
//! One channel is measured as one channel and counted once: a sine of 997 Hz at full scale has −3.01 LUFS. What is too
//! short or too quiet for a figure has none, so that none drives a gain.

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};
use shared::audio::{frame::SAMPLE_RATE, math};

use crate::{
    line::Line,
    source::{Clipping, Source},
    true_peak::true_peak,
};

/// The time between two values of a [`Series`], in ms.
pub const STEP_MS: u32 = 100;
/// The steps of EBU Tech 3341's momentary loudness: 400 ms.
const MOMENTARY_STEPS: usize = 4;
/// The steps of EBU Tech 3341's short-term loudness: 3 s.
const SHORT_TERM_STEPS: usize = 30;
/// The absolute gate of ITU-R BS.1770, in LUFS: what is below is too quiet to have a loudness.
const GATE_LUFS: f64 = -70.0;
/// The mean square of the quietest stretch whose band is looked at: −50 dBFS.
const HEARD: f64 = 1e-5;
/// The share of a stretch's power that is lost when a caller misses the sound.
const MISSED: f64 = 0.5;

/// The figures of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measures {
    /// The duration, in ms.
    pub duration_ms: f64,
    /// Loudness of the whole, gated, in LUFS; needs 0.4 s.
    pub integrated_lufs: Option<f64>,
    /// The loudest 0.4 s, in LUFS.
    pub momentary_max_lufs: Option<f64>,
    /// The loudest 3 s, in LUFS.
    pub short_term_max_lufs: Option<f64>,
    /// The highest peak at four times the rate, in dBTP; absent for silence.
    pub true_peak_dbtp: Option<f64>,
    /// The highest sample above the root mean square of the sound, in dB; absent for silence.
    pub crest_db: Option<f64>,
    /// The clipping.
    pub clipping: Clipping,
    /// The silence before the first sound, in ms.
    pub leading_silence_ms: f64,
    /// The silence after the last sound, in ms.
    pub trailing_silence_ms: f64,
    /// The mean of all samples, of full scale.
    pub dc_offset: f64,
    /// The band above 3.4 kHz; absent for what is at 8 kHz.
    pub lost: Option<Lost>,
}

/// The sound above the telephone's band, which no caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    /// The share of the whole power, in dB; at least −120.
    pub power_db: f64,
    /// The time in which it is more than half of the power, in ms: s, f, sh.
    pub missed_ms: f64,
}

/// Loudness over time, a value each [`STEP_MS`], each of the window that ends there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Momentary loudness, in LUFS; absent in the first 0.4 s and in silence.
    pub momentary: Vec<Option<f32>>,
    /// Short-term loudness, in LUFS; absent in the first 3 s and in silence.
    pub short_term: Vec<Option<f32>>,
}

/// Measures a source as it was given. `line` is the same at 8 kHz.
pub fn measure_source(source: &Source, line: &Line) -> (Measures, Series) {
    let lost = (source.rate > SAMPLE_RATE).then(|| lost(source, line));
    measure(&source.samples, source.rate, line, source.clipping(), lost)
}

/// Measures 16-bit PCM at 8 kHz: what is sent or heard.
pub fn measure_pcm(pcm: &[i16]) -> (Measures, Series) {
    let line = Line::from_samples(pcm.iter().map(|&sample| f32::from(sample) / 32_768.0).collect());
    let clipping = Clipping::in_samples(&line.samples);
    measure(&line.samples, SAMPLE_RATE, &line, clipping, None)
}

/// Measures samples at the line's rate, −1…1.
pub fn measure_line(line: &Line) -> (Measures, Series) {
    measure(&line.samples, SAMPLE_RATE, line, Clipping::in_samples(&line.samples), None)
}

fn measure(
    samples: &[f32],
    rate: u32,
    line: &Line,
    clipping: Clipping,
    lost: Option<Lost>,
) -> (Measures, Series) {
    let (integrated_lufs, series) = loudness(samples, rate).unwrap_or_default();
    let highest = |values: &[Option<f32>]| values.iter().flatten().copied().reduce(f32::max).map(f64::from);
    let line_ms = |samples: usize| samples as f64 * 1_000.0 / f64::from(SAMPLE_RATE);
    let measures = Measures {
        duration_ms: samples.len() as f64 * 1_000.0 / f64::from(rate),
        integrated_lufs,
        momentary_max_lufs: highest(&series.momentary),
        short_term_max_lufs: highest(&series.short_term),
        true_peak_dbtp: decibels(true_peak(samples)),
        crest_db: crest_db(samples, rate, line),
        clipping,
        leading_silence_ms: line_ms(line.leading_silence()),
        trailing_silence_ms: line_ms(line.trailing_silence()),
        dc_offset: samples.iter().copied().map(f64::from).sum::<f64>() / samples.len().max(1) as f64,
        lost,
    };
    (measures, series)
}

fn decibels(amplitude: f32) -> Option<f64> {
    let db = math::to_db(amplitude);
    (db > math::SILENCE_DBFS).then(|| f64::from(db))
}

/// The integrated loudness, and loudness over time. An error means a rate that has no loudness, and that no source has.
fn loudness(samples: &[f32], rate: u32) -> Result<(Option<f64>, Series), ebur128::Error> {
    let mut meter = EbuR128::new(1, rate, Mode::I | Mode::M | Mode::S)?;
    let mut series = Series::default();
    let audible = |lufs: f64| (lufs >= GATE_LUFS).then_some(lufs as f32);
    // Steps of whole samples that do not drift away from the time they stand for.
    let at = |step: usize| step * rate as usize * STEP_MS as usize / 1_000;
    let steps = samples.len() * 1_000 / (rate as usize * STEP_MS as usize);
    for step in 0..=steps {
        let Some(part) = samples.get(at(step)..at(step + 1).min(samples.len())) else { break };
        meter.add_frames_f32(part)?;
        if step == steps {
            break;
        }
        let momentary = if step + 1 < MOMENTARY_STEPS { None } else { audible(meter.loudness_momentary()?) };
        let short_term =
            if step + 1 < SHORT_TERM_STEPS { None } else { audible(meter.loudness_shortterm()?) };
        series.momentary.push(momentary);
        series.short_term.push(short_term);
    }
    let integrated = meter.loudness_global()?;
    Ok(((integrated >= GATE_LUFS).then_some(integrated), series))
}

fn crest_db(samples: &[f32], rate: u32, line: &Line) -> Option<f64> {
    let sound = line.sound.as_ref()?;
    let at = |sample: usize| (sample as u64 * u64::from(rate) / u64::from(SAMPLE_RATE)) as usize;
    let sound = samples.get(at(sound.start)..at(sound.end).min(samples.len()))?;
    let highest = sound.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
    let rms = mean_square(sound).sqrt() as f32;
    Some(decibels(highest)? - decibels(rms)?)
}

fn mean_square(samples: &[f32]) -> f64 {
    let squares = samples.chunks(64).map(|part| f64::from(part.iter().map(|x| x * x).sum::<f32>()));
    squares.sum::<f64>() / samples.len().max(1) as f64
}

/// Compares stretches of 20 ms of a source with the same at the line's rate.
fn lost(source: &Source, line: &Line) -> Lost {
    const STRETCH: usize = shared::audio::frame::FRAME_SAMPLES;
    const STRETCH_MS: f64 = 20.0;
    let at = |index: usize| (index as u64 * u64::from(source.rate) / 50) as usize;
    let (mut whole, mut gone, mut missed) = (0.0, 0.0, 0);
    for (index, kept) in line.samples.chunks(STRETCH).enumerate() {
        let end = at(index + 1).min(source.samples.len());
        let Some(given) = source.samples.get(at(index)..end) else { break };
        let (given, kept) = (mean_square(given), mean_square(kept));
        whole += given;
        gone += (given - kept).max(0.0);
        missed += u32::from(given > HEARD && given - kept > MISSED * given);
    }
    let power_db = 10.0 * ((gone + 1e-12) / (whole + 1e-12)).log10();
    Lost { power_db: power_db.clamp(-120.0, 0.0), missed_ms: f64::from(missed) * STRETCH_MS }
}

#[cfg(test)]
mod tests;
