//! The limiter: looks ahead, and never lets a sample exceed its ceiling.
//!
//! Each block of 2 ms has a gain that its peak needs. The gain over a block is a quadratic B-spline of three control
//! points, the last of them computed two blocks later; a control point is at most the least of the gains that the three
//! blocks it bears on need. So the spline, a mean of its points with weights that add up to 1, is nowhere above the need.
//! Overshoot from rounding is cut off.

use serde::{Deserialize, Serialize};
use wide::f32x8;

use super::{
    gain::{Grid, MAX_PAIRS, Pair, SILENT, Stretch, peak, smaller},
    math,
    range::Range,
};

/// The range of [`LimiterConfig::ceiling_dbfs`].
pub const LIMITER_CEILING: Range = Range::new("limiter.ceilingDbfs", "dBFS", -40.0, 0.0);
/// The range of [`LimiterConfig::release_ms`].
pub const LIMITER_RELEASE: Range = Range::new("limiter.releaseMs", "ms", 10.0, 1_000.0);

/// The limiter's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LimiterConfig {
    /// Leaves the signal as it is, except that it is delayed.
    pub bypass: bool,
    /// Level that no sample exceeds, −40–0 dBFS.
    pub ceiling_dbfs: f32,
    /// The time constant with which the gain recovers, 10–1,000 ms.
    pub release_ms: f32,
}

impl Default for LimiterConfig {
    fn default() -> Self {
        Self { bypass: false, ceiling_dbfs: -0.1, release_ms: 60.0 }
    }
}

impl LimiterConfig {
    pub(super) const fn within_range(&self) -> Self {
        Self {
            bypass: self.bypass,
            ceiling_dbfs: LIMITER_CEILING.nearest(self.ceiling_dbfs),
            release_ms: LIMITER_RELEASE.nearest(self.release_ms),
        }
    }
}

/// Blocks that the limiter looks ahead.
pub const LOOK_AHEAD: usize = 2;
/// A gain this close to 1 is 1.
const NEARLY_ONE: f32 = 1.0 - 1e-5;

/// A look-ahead peak limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    law: Law,
    waiting: [Waiting; LOOK_AHEAD],
    /// Index of the block that has waited longer.
    next: usize,
    /// Gains that the last blocks need, the latest first.
    needs: [f32; LOOK_AHEAD],
    /// The last control points, the latest first.
    points: [f32; LOOK_AHEAD],
    /// The least of them since it was asked for.
    least: f32,
}

#[derive(Clone, Debug)]
struct Law {
    ceiling: f32,
    /// A block's share of what is left of the way back to 1.
    recovery: f32,
}

impl Law {
    fn new(config: &LimiterConfig, grid: &Grid) -> Self {
        let config = config.within_range();
        Self {
            ceiling: if config.bypass { f32::MAX } else { math::from_db(config.ceiling_dbfs) },
            recovery: 1.0 - math::decay(grid.block_ms(), config.release_ms),
        }
    }
}

/// A block and the ceiling it was measured against.
#[derive(Clone, Debug)]
struct Waiting {
    block: [Pair; MAX_PAIRS],
    ceiling: f32,
}

impl Limiter {
    /// Creates the stage at rest.
    pub fn new(config: &LimiterConfig, grid: &Grid) -> Self {
        Self {
            law: Law::new(config, grid),
            waiting: [const { Waiting { block: [SILENT; MAX_PAIRS], ceiling: f32::MAX } }; LOOK_AHEAD],
            next: 0,
            needs: [1.0; LOOK_AHEAD],
            points: [1.0; LOOK_AHEAD],
            least: 1.0,
        }
    }

    /// Applies new settings to every later sample; those in the look-ahead keep the ceiling they came under.
    pub fn set(&mut self, config: &LimiterConfig, grid: &Grid) {
        self.law = Law::new(config, grid);
    }

    /// Returns the largest reduction since the last call, in dB.
    pub fn take_reduction(&mut self) -> f32 {
        -math::to_db(core::mem::replace(&mut self.least, self.points[0]))
    }

    /// Limits one block and delays it by [`LOOK_AHEAD`] blocks.
    #[inline]
    pub fn process(&mut self, grid: &Grid, block: &mut [Pair]) {
        self.process_peak(grid, block, peak(block));
    }

    /// Does the same for a block whose highest magnitude is known to be `peak`: that between its samples, for instance.
    #[inline]
    pub fn process_peak(&mut self, grid: &Grid, block: &mut [Pair], peak: f32) {
        let stretch = self.plan(peak);
        let Some(waiting) = self.waiting.get_mut(self.next) else { return };
        self.next = usize::from(self.next == 0);
        let ceiling = core::mem::replace(&mut waiting.ceiling, self.law.ceiling);
        for (ours, theirs) in waiting.block.iter_mut().zip(&mut *block) {
            core::mem::swap(ours, theirs);
        }
        if !matches!(stretch, Stretch::Still(1.0)) {
            stretch.apply(block, grid.along());
            let (most, least) = (f32x8::splat(ceiling), f32x8::splat(-ceiling));
            for [a, b] in block {
                *a = a.fast_min(most).fast_max(least);
                *b = b.fast_min(most).fast_max(least);
            }
        }
    }

    /// The gain of the block that is due, once the last that it must consider is known by its peak.
    #[inline]
    fn plan(&mut self, peak: f32) -> Stretch {
        let need = if peak > self.law.ceiling { self.law.ceiling / peak } else { 1.0 };
        let [last, first] = self.needs;
        self.needs = [need, last];
        let [b, a] = self.points;
        let recovered = b + (1.0 - b) * self.law.recovery;
        let recovered = if recovered < NEARLY_ONE { recovered } else { 1.0 };
        let c = smaller(smaller(need, last), smaller(first, recovered));
        self.points = [c, b];
        self.least = smaller(self.least, c);
        if a >= 1.0 && b >= 1.0 && c >= 1.0 {
            return Stretch::Still(1.0);
        }
        Stretch::Moving([(a + b) * 0.5, b - a, (a + c) * 0.5 - b, 0.0])
    }
}
