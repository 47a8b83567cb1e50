//! Clipping: tops that were cut off, at full scale or, where the level was lowered later, below it.

use core::ops::Range;

use serde::{Deserialize, Serialize};

/// Neighbours within this share of each other are one flat top: a step of 16-bit PCM at a tenth of full scale.
const FLAT: f32 = 3e-4;
/// The samples of a flat top below full scale: of two, one may be chance.
const MIN_FLAT: usize = 3;
/// The samples of a flat top at full scale: one may be a peak that a level was set by.
const MIN_FULL: usize = 2;
/// The share of its height by which a cut top falls at its edges: a tone's own top rounds off, and falls by less than three
/// times what it varies along itself.
const EDGE: f32 = 4e-3;
/// The level below which flat tops are not looked for: there, quantisation makes them.
const LOWEST: f32 = 0.1;

/// The clipping of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clipping {
    /// The count of clipped samples.
    pub samples: usize,
    /// The count of places.
    pub places: usize,
    /// The level of the highest clipped sample, in dBFS; absent where nothing is clipped.
    pub level_dbfs: Option<f32>,
}

impl Clipping {
    /// Returns the clipping of 16-bit PCM.
    pub(crate) fn in_samples(samples: &[f32]) -> Self {
        Self::of(samples, &find(samples, 1.0 - 1.0 / 32_768.0))
    }

    pub(super) fn of(samples: &[f32], clipped: &[Range<usize>]) -> Self {
        let highest = clipped
            .iter()
            .flat_map(|range| samples.get(range.clone()).unwrap_or_default())
            .fold(0.0, |most: f32, sample| most.max(sample.abs()));
        Self {
            samples: clipped.iter().map(Range::len).sum(),
            places: clipped.len(),
            level_dbfs: (!clipped.is_empty()).then(|| shared::audio::math::to_db(highest)),
        }
    }
}

/// Returns the stretches of `samples` that are clipped, given the largest value that the encoding holds.
pub(super) fn find(samples: &[f32], full_scale: f32) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let peak = samples.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
    if peak < LOWEST {
        return found;
    }
    // Clipped tops are the highest there are.
    let lowest = peak.min(full_scale) * (1.0 - FLAT);
    let mut next = 0;
    while let Some(offset) = samples[next..].iter().position(|sample| sample.abs() >= lowest) {
        let start = next + offset;
        let positive = samples[start] > 0.0;
        let flat = |sample: &f32| sample.abs() >= lowest && (*sample > 0.0) == positive;
        let end = start + samples[start..].iter().take_while(|sample| flat(sample)).count();
        if is_cut(samples, start..end, full_scale) {
            found.push(start..end);
        }
        next = end;
    }
    found
}

fn is_cut(samples: &[f32], top: Range<usize>, full_scale: f32) -> bool {
    let height = samples[top.start].abs();
    if height >= full_scale {
        return top.len() >= MIN_FULL;
    }
    let falls = |neighbour: Option<&f32>| {
        neighbour.is_none_or(|sample| height - sample * samples[top.start].signum() > EDGE * height)
    };
    top.len() >= MIN_FLAT
        && falls(top.start.checked_sub(1).and_then(|at| samples.get(at)))
        && falls(samples.get(top.end))
}

/// Joins the clipped stretches of several channels.
pub(super) fn union(channels: impl Iterator<Item = Vec<Range<usize>>>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = channels.flatten().collect();
    all.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(all.len());
    for range in all {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn tone(hz: f32, rate: f32, height: f32, ceiling: f32) -> Vec<f32> {
        let turn = hz * core::f32::consts::TAU / rate;
        (0..rate as usize).map(|n| (height * (n as f32 * turn).sin()).clamp(-ceiling, ceiling)).collect()
    }

    fn quantised(samples: Vec<f32>, steps: f32) -> Vec<f32> {
        samples
            .into_iter()
            .map(|sample| (sample * steps).round().clamp(-steps, steps - 1.0) / steps)
            .collect()
    }

    #[test]
    fn a_whole_tone_has_no_clipping_at_any_level_and_pitch() {
        for rate in [8_000.0, 16_000.0, 48_000.0] {
            for hz in [50.0, 123.4, 997.0, 3_000.0] {
                for height in [0.05, 0.3, 0.99] {
                    let samples = quantised(tone(hz, rate, height, 1.0), 32_768.0);
                    assert_eq!(find(&samples, 1.0 - 1.0 / 32_768.0), [], "{hz} Hz, {height} at {rate} Hz");
                }
            }
        }
    }

    #[test]
    fn cut_tops_are_found_at_full_scale_and_below() {
        for (rate, hz) in [(8_000.0, 300.0), (48_000.0, 300.0), (48_000.0, 1_000.0)] {
            for ceiling in [1.0, 0.5] {
                let samples = quantised(tone(hz, rate, 1.5 * ceiling, ceiling), 32_768.0);
                let clipped = find(&samples, 1.0 - 1.0 / 32_768.0);
                let clipping = Clipping::of(&samples, &clipped);
                let tops = (2.0 * hz) as usize;
                assert!(clipping.places.abs_diff(tops) <= 1, "{} of {tops} tops", clipping.places);
                // Two thirds of the height are passed at 42°, so 96° of 180° are above.
                let share = clipping.samples as f32 / samples.len() as f32;
                assert!((share - 0.535).abs() < 0.06, "{share}");
                let level = clipping.level_dbfs.expect("a level");
                assert!((level - 20.0 * ceiling.log10()).abs() < 0.01, "{level} dBFS");
            }
        }
    }

    #[test]
    fn stretches_of_channels_are_joined() {
        let channels = [vec![0..2, 10..12], vec![1..4, 20..21]];
        assert_eq!(union(channels.into_iter()), [0..4, 10..12, 20..21]);
    }
}
