//! What reaches the browser's loudspeaker.

use std::{f64::consts::TAU, path::Path};

use serde_json::Value;

use crate::Browser;

/// Below this a sample is silence.
const SILENCE: f64 = 1e-4;

/// Has everything that goes to the loudspeaker heard, from the next page on.
pub async fn tap(browser: &Browser) {
    browser.run_first(include_str!("tap.js")).await;
}

/// The root mean square of the last milliseconds; full scale is 1.
pub async fn level(browser: &Browser, ms: u32) -> f64 {
    browser.evaluate(&format!("tap.level({ms})")).await.as_f64().expect("a level is a number")
}

/// What went out last: up to 683 ms at 48 kHz.
pub async fn last(browser: &Browser) -> Recording {
    Recording::read(&browser.evaluate("tap.take()").await)
}

/// What was heard when a key was released, from half a second before to 120 ms after.
pub async fn around_release(browser: &Browser) -> Recording {
    Recording::read(&browser.evaluate("tap.after").await)
}

/// Samples that went out.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Samples per second.
    pub rate: f64,
    /// −1…1.
    pub samples: Vec<f64>,
    /// How long the mouse's button was down, in milliseconds; not a number where it was not.
    pub held_ms: f64,
}

impl Recording {
    fn read(value: &Value) -> Self {
        let number = |value: &Value| value.as_f64().expect("it is a number");
        Self {
            rate: number(&value["rate"]),
            samples: value["samples"].as_array().expect("there are samples").iter().map(number).collect(),
            held_ms: value["heldMs"].as_f64().unwrap_or(f64::NAN),
        }
    }

    /// From the first sample that is not silence to the last.
    pub fn sounding(&self) -> &[f64] {
        let loud = |sample: &f64| sample.abs() > SILENCE;
        match (self.samples.iter().position(loud), self.samples.iter().rposition(loud)) {
            (Some(first), Some(last)) => &self.samples[first..=last],
            _ => &[],
        }
    }

    /// Duration of so many samples, in milliseconds.
    pub fn ms(&self, samples: &[f64]) -> f64 {
        samples.len() as f64 * 1_000.0 / self.rate
    }
}

/// Power at a frequency in dB, full scale 0, by Goertzel's algorithm under a Hann window.
pub fn power_db(samples: &[f64], rate: f64, frequency: f64) -> f64 {
    let length = samples.len() as f64;
    let coefficient = 2.0 * (TAU * frequency / rate).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * index as f64 / length).cos();
        (last, before) = (sample * window + coefficient * last - before, last);
    }
    let power = last * last + before * before - coefficient * last * before;
    // A full-scale sine under this window sums to a quarter of its length.
    10.0 * (power / (length / 4.0).powi(2)).max(1e-20).log10()
}

/// The last of what was heard that is compared, in seconds: long enough to be told from other speech, so short that playing
/// at a speed 0.4 % off does not matter.
const COMPARED_S: f64 = 0.25;

/// How well the end of `heard` fits in somewhere in a prompt's recording: the highest correlation, −1…1, of their lower kilohertz.
pub fn likeness(heard: &Recording, flac: &Path) -> f64 {
    let mut reader = claxon::FlacReader::open(flac).expect("a recording");
    let rate = f64::from(reader.streaminfo().sample_rate);
    let recorded: Vec<f64> =
        reader.samples().map(|sample| f64::from(sample.expect("a sound recording"))).collect();
    let last = heard.samples.len().saturating_sub((COMPARED_S * heard.rate) as usize);
    let (heard, recorded) = (lowered(&heard.samples[last..], heard.rate), lowered(&recorded, rate));
    recorded.windows(heard.len()).map(|part| correlation(&heard, part)).fold(0.0, f64::max)
}

/// Means of a millisecond, two to a millisecond.
fn lowered(samples: &[f64], rate: f64) -> Vec<f64> {
    let at = |half_ms: usize| (half_ms as f64 * rate / 2_000.0).round() as usize;
    let half_ms = (samples.len() as f64 / rate * 2_000.0) as usize;
    (0..half_ms.saturating_sub(1))
        .map(|index| (at(index), at(index + 2).min(samples.len())))
        .map(|(start, end)| samples[start..end].iter().sum::<f64>() / (end - start) as f64)
        .collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let energy = |samples: &[f64]| samples.iter().map(|sample| sample * sample).sum::<f64>();
    let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    product / (energy(a) * energy(b)).sqrt().max(1e-9)
}
