//! Gain, and how every gain of the chain moves: along splines, so that no movement is heard.
//!
//! The chain computes gains once a block of 2 ms. They are the control points of a uniform cubic B-spline: two times
//! differentiable, within the range of its points, and settled after four of them. Before that they are eased by a binomial
//! window of seven blocks, or of five for the gate's edges. Both together take 20 ms and 16 ms, and leave less than −60 dB
//! of a full-scale sine farther than 200 Hz from it.

use serde::{Deserialize, Serialize};
use wide::f32x8;

use super::range::Range;

/// The range of [`GainConfig::factor`].
pub const GAIN_FACTOR: Range = Range::new("gain.factor", "", 0.0, 10.0);

/// The gain's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GainConfig {
    /// Leaves the signal as it is.
    pub bypass: bool,
    /// Factor that every sample is multiplied by, 0–10.
    pub factor: f32,
}

impl Default for GainConfig {
    fn default() -> Self {
        Self { bypass: false, factor: 1.2 }
    }
}

impl GainConfig {
    /// Returns the factor that applies: 1 where the stage is bypassed.
    pub(super) const fn effective(self) -> f32 {
        if self.bypass { 1.0 } else { GAIN_FACTOR.nearest(self.factor) }
    }
}

/// Samples in a vector.
pub(super) const LANES: usize = 8;
/// Unit in which blocks are counted: 16 samples.
pub type Pair = [f32x8; 2];
/// The samples of a pair.
pub(super) const PAIR: usize = 2 * LANES;
/// The pairs of a block at 48 kHz, the highest rate.
pub(super) const MAX_PAIRS: usize = 6;
/// Silence.
pub(super) const SILENT: Pair = [f32x8::ZERO; 2];

/// Division of a stream into blocks of 2 ms, in pairs of vectors.
///
/// At rates that are no multiple of 8 kHz a block is the nearest number of whole pairs, and times are computed from
/// its true length.
#[derive(Clone, Debug)]
pub struct Grid {
    pairs: usize,
    block_ms: f32,
    along: [Pair; MAX_PAIRS],
}

impl Grid {
    /// Creates the grid for `rate` Hz, clamped to 8,000–48,000.
    pub fn new(rate: u32) -> Self {
        let rate = rate.clamp(8_000, 48_000);
        let pairs = (rate as usize + 4_000) / 8_000;
        let samples = (pairs * PAIR) as f32;
        let ramp = |vector: usize| {
            let lanes = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
            f32x8::new(lanes.map(|lane| ((vector * LANES) as f32 + lane) / samples))
        };
        let along = core::array::from_fn(|pair| [ramp(2 * pair), ramp(2 * pair + 1)]);
        Self { pairs, block_ms: samples * 1_000.0 / rate as f32, along }
    }

    /// The pairs of a block.
    pub const fn pairs(&self) -> usize {
        self.pairs
    }

    /// The length of a block in ms: 2 at multiples of 8 kHz, from 1.3 to 2.7 between them.
    pub const fn block_ms(&self) -> f32 {
        self.block_ms
    }

    /// Returns the position of each sample along its block, 0 ≤ t < 1.
    #[inline]
    pub(super) const fn along(&self) -> &[Pair; MAX_PAIRS] {
        &self.along
    }
}

/// The largest magnitude.
#[inline]
pub(super) fn peak(block: &[Pair]) -> f32 {
    highest(peaks(block))
}

/// The largest magnitude in each lane.
#[inline]
pub(super) fn peaks(block: &[Pair]) -> f32x8 {
    block.iter().fold(f32x8::ZERO, |most, [a, b]| most.fast_max(a.abs().fast_max(b.abs())))
}

/// The largest lane.
#[inline]
pub(super) fn highest(largest: f32x8) -> f32 {
    let lanes = largest.to_array();
    let even = larger(larger(lanes[0], lanes[4]), larger(lanes[2], lanes[6]));
    let odd = larger(larger(lanes[1], lanes[5]), larger(lanes[3], lanes[7]));
    larger(even, odd)
}

#[inline]
pub(super) const fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline]
pub(super) const fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The gain over one block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stretch {
    /// The same all along.
    Still(f32),
    /// A cubic polynomial in t, the constant first.
    Moving([f32; 4]),
}

impl Stretch {
    /// Multiplies `block`, whose samples lie at `along`.
    #[inline]
    pub(super) fn apply(self, block: &mut [Pair], along: &[Pair]) {
        match self {
            Self::Still(1.0) => (),
            Self::Still(gain) => {
                let gain = f32x8::splat(gain);
                for [a, b] in block {
                    *a *= gain;
                    *b *= gain;
                }
            }
            Self::Moving([a, b, c, d]) => {
                let (a, b, c, d) = (f32x8::splat(a), f32x8::splat(b), f32x8::splat(c), f32x8::splat(d));
                for (pair, &[s, t]) in block.iter_mut().zip(along) {
                    pair[0] *= a + s * (b + s * (c + s * d));
                    pair[1] *= a + t * (b + t * (c + t * d));
                }
            }
        }
    }
}

/// A gain that follows its control points, each reached two points later.
#[derive(Clone, Debug)]
pub(super) struct Spline {
    points: [f32; 3],
    /// Stretches for which it still moves while the points stay.
    moving: u32,
}

impl Spline {
    pub(super) const fn new(gain: f32) -> Self {
        Self { points: [gain; 3], moving: 0 }
    }

    /// The next stretch: it begins near the point before the last, and `point` is the last to bear on it.
    #[inline]
    #[expect(clippy::float_cmp, reason = "any change at all is one")]
    pub(super) fn next(&mut self, point: f32) -> Stretch {
        let [a, b, c] = self.points;
        if point != c {
            self.moving = 3;
        } else if self.moving == 0 {
            return Stretch::Still(point);
        }
        self.moving -= 1;
        self.points = [b, c, point];
        Stretch::Moving([
            (a + 4.0 * b + c) * (1.0 / 6.0),
            (c - a) * 0.5,
            (a - 2.0 * b + c) * 0.5,
            (point - a + 3.0 * (b - c)) * (1.0 / 6.0),
        ])
    }
}

/// For settings: with a [`Spline`] 20 ms in all.
pub(super) const SETTING: usize = 6;
/// For the gate: with a [`Spline`] 16 ms in all.
pub(super) const EDGE: usize = 4;

/// Eases a value that jumps, whenever and however often it does: by adding neighbours again and again, which makes
/// a binomial window.
#[derive(Clone, Debug)]
pub(super) struct Ease<const ADDITIONS: usize> {
    target: f32,
    /// Last input of each addition.
    last: [f32; ADDITIONS],
    /// Blocks for which it still moves while the target stays.
    moving: usize,
}

impl<const ADDITIONS: usize> Ease<ADDITIONS> {
    pub(super) fn new(value: f32) -> Self {
        let last = core::array::from_fn(|addition| value * (1_u32 << addition) as f32);
        Self { target: value, last, moving: 0 }
    }

    #[inline]
    #[expect(clippy::float_cmp, reason = "any change at all is one")]
    fn rests_at(&self, value: f32) -> bool {
        self.moving == 0 && value == self.target
    }

    /// The eased value, once a block.
    #[inline]
    pub(super) fn next(&mut self, value: f32) -> f32 {
        if self.rests_at(value) { value } else { self.advance(value) }
    }

    #[expect(clippy::float_cmp, reason = "any change at all is one")]
    fn advance(&mut self, value: f32) -> f32 {
        if value != self.target {
            self.target = value;
            self.moving = ADDITIONS + 1;
        }
        self.moving -= 1;
        let sum = self.last.iter_mut().fold(value, |sum, last| sum + core::mem::replace(last, sum));
        sum * (1.0 / (1_u32 << ADDITIONS) as f32)
    }
}

/// A gain that is set: eased, then on a spline.
#[derive(Clone, Debug)]
pub(super) struct Glide<const ADDITIONS: usize> {
    ease: Ease<ADDITIONS>,
    spline: Spline,
}

impl<const ADDITIONS: usize> Glide<ADDITIONS> {
    pub(super) fn new(gain: f32) -> Self {
        Self { ease: Ease::new(gain), spline: Spline::new(gain) }
    }

    /// Returns true when the gain has settled at `gain`.
    #[inline]
    pub(super) fn rests_at(&self, gain: f32) -> bool {
        self.spline.moving == 0 && self.ease.rests_at(gain)
    }

    /// The next stretch on the way to `gain`.
    #[inline]
    pub(super) fn next(&mut self, gain: f32) -> Stretch {
        if self.rests_at(gain) {
            return Stretch::Still(gain);
        }
        let point = self.ease.next(gain);
        self.spline.next(point)
    }

    /// The last control point.
    pub(super) const fn point(&self) -> f32 {
        self.spline.points[2]
    }
}

/// The gain stage: one factor, which moves to a new value within 20 ms.
#[derive(Clone, Debug)]
pub struct Gain {
    factor: f32,
    glide: Glide<SETTING>,
}

impl Gain {
    /// Creates a gain that starts at `factor`.
    pub fn new(factor: f32) -> Self {
        Self { factor, glide: Glide::new(factor) }
    }

    /// Moves the gain to `factor` from the next block on.
    pub const fn set(&mut self, factor: f32) {
        self.factor = factor;
    }

    /// Multiplies one block.
    #[inline]
    pub fn process(&mut self, grid: &Grid, block: &mut [Pair]) {
        self.glide.next(self.factor).apply(block, grid.along());
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn gains(gain: &mut Gain, grid: &Grid, blocks: usize) -> Vec<f32> {
        let mut heard = Vec::new();
        for _ in 0..blocks {
            let mut block = [[f32x8::ONE; 2]; MAX_PAIRS];
            let block = &mut block[..grid.pairs()];
            gain.process(grid, block);
            heard.extend(block.iter().flatten().flat_map(|vector| vector.to_array()));
        }
        heard
    }

    #[test]
    fn a_gain_arrives_within_ten_blocks_and_stays_within_its_ends() {
        for rate in [8_000, 11_025, 16_000, 44_100, 48_000] {
            let grid = Grid::new(rate);
            let mut gain = Gain::new(1.2);
            gain.set(0.3);
            let heard = gains(&mut gain, &grid, 12);
            let settled =
                heard.iter().rposition(|at| at.to_bits() != 0.3_f32.to_bits()).expect("it moved") + 1;
            assert_eq!(settled.div_ceil(grid.pairs() * PAIR), 9, "blocks at {rate} Hz");
            assert!(heard.is_sorted_by(|a, b| *a >= *b - 1e-6), "at {rate} Hz");
            assert!(heard.iter().all(|at| (0.299_999..=1.200_001).contains(at)));
        }
    }

    #[test]
    fn a_change_in_the_middle_of_a_change_is_as_smooth() {
        let grid = Grid::new(8_000);
        let mut gain = Gain::new(0.0);
        gain.set(1.0);
        let mut heard = gains(&mut gain, &grid, 5);
        gain.set(0.2);
        heard.extend(gains(&mut gain, &grid, 12));
        let bend = |w: &[f32]| (w[0] - 2.0 * w[1] + w[2]).abs();
        let worst = heard.windows(3).map(bend).fold(0.0, f32::max);
        assert!(worst < 0.000_8, "{worst}");
        assert_eq!(heard.last(), Some(&0.2));
    }
}
