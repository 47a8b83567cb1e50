//! The compressor: feed-forward, in the logarithmic domain, with a soft knee and a smooth decoupled peak detector, after
//! D. Giannoulis, M. Massberg and J. D. Reiss, "Digital dynamic range compressor design", J. AES 60(6), 2012.
//!
//! The level is the peak of each block of 2 ms, and the detector runs once a block; attack and release are exact on that
//! grid. Between the blocks the gain is a spline.

use serde::{Deserialize, Serialize};

use super::{
    gain::{Ease, Grid, Pair, SETTING, Spline, larger, peak},
    math,
    range::Range,
};

/// The range of [`CompressorConfig::threshold_dbfs`].
pub const COMPRESSOR_THRESHOLD: Range = Range::new("compressor.thresholdDbfs", "dBFS", -60.0, 0.0);
/// The range of [`CompressorConfig::ratio`].
pub const COMPRESSOR_RATIO: Range = Range::new("compressor.ratio", ": 1", 1.0, 20.0);
/// The range of [`CompressorConfig::knee_db`].
pub const COMPRESSOR_KNEE: Range = Range::new("compressor.kneeDb", "dB", 0.0, 24.0);
/// The range of [`CompressorConfig::attack_ms`].
pub const COMPRESSOR_ATTACK: Range = Range::new("compressor.attackMs", "ms", 1.0, 200.0);
/// The range of [`CompressorConfig::release_ms`].
pub const COMPRESSOR_RELEASE: Range = Range::new("compressor.releaseMs", "ms", 10.0, 2_000.0);
/// The range of [`CompressorConfig::make_up_db`].
pub const COMPRESSOR_MAKE_UP: Range = Range::new("compressor.makeUpDb", "dB", 0.0, 24.0);

/// The compressor's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CompressorConfig {
    /// Leaves the signal as it is.
    pub bypass: bool,
    /// The level above which it compresses, −60–0 dBFS.
    pub threshold_dbfs: f32,
    /// Compression ratio: dB of input for each dB of output above the threshold, 1–20.
    pub ratio: f32,
    /// The width of the transition around the threshold, 0–24 dB.
    pub knee_db: f32,
    /// The time constant with which reduction grows, 1–200 ms.
    pub attack_ms: f32,
    /// The time constant with which it ends, 10–2,000 ms.
    pub release_ms: f32,
    /// Gain after the reduction, 0–24 dB.
    pub make_up_db: f32,
}

impl Default for CompressorConfig {
    fn default() -> Self {
        Self {
            bypass: true,
            threshold_dbfs: -24.0,
            ratio: 3.0,
            knee_db: 6.0,
            attack_ms: 5.0,
            release_ms: 200.0,
            make_up_db: 0.0,
        }
    }
}

impl CompressorConfig {
    pub(super) const fn within_range(&self) -> Self {
        Self {
            bypass: self.bypass,
            threshold_dbfs: COMPRESSOR_THRESHOLD.nearest(self.threshold_dbfs),
            ratio: COMPRESSOR_RATIO.nearest(self.ratio),
            knee_db: COMPRESSOR_KNEE.nearest(self.knee_db),
            attack_ms: COMPRESSOR_ATTACK.nearest(self.attack_ms),
            release_ms: COMPRESSOR_RELEASE.nearest(self.release_ms),
            make_up_db: COMPRESSOR_MAKE_UP.nearest(self.make_up_db),
        }
    }
}

/// Smallest reduction that counts, in dB: less is inaudible and taken for none, so that no denormal numbers arise.
const MIN_REDUCTION_DB: f32 = 1e-5;

/// A compressor.
#[derive(Clone, Debug)]
pub struct Compressor {
    law: Law,
    /// The detector: the released peak, then the smoothed one, in dB of reduction.
    held: f32,
    reduction: f32,
    /// Share of the gain in dB that applies; 0 is bypassed.
    share: Ease<SETTING>,
    make_up: Ease<SETTING>,
    /// Share that applied last.
    shared: f32,
    /// The last control point, in dB and as a factor.
    point: (f32, f32),
    spline: Spline,
    /// The largest reduction since it was asked for, in dB.
    most: f32,
}

#[derive(Clone, Debug)]
struct Law {
    bypass: bool,
    threshold_db: f32,
    /// 1 − 1/ratio.
    slope: f32,
    knee_db: f32,
    /// 1 / (2 · knee); what it is without a knee does not matter.
    bend: f32,
    /// Level below which nothing is reduced.
    quiet: f32,
    make_up_db: f32,
    attack: f32,
    release: f32,
}

impl Law {
    fn new(config: &CompressorConfig, grid: &Grid) -> Self {
        let config = config.within_range();
        Self {
            bypass: config.bypass,
            threshold_db: config.threshold_dbfs,
            slope: 1.0 - 1.0 / config.ratio,
            knee_db: config.knee_db,
            bend: 0.5 / larger(config.knee_db, 1e-3),
            quiet: math::from_db(config.threshold_dbfs - config.knee_db / 2.0),
            make_up_db: config.make_up_db,
            attack: math::decay(grid.block_ms(), config.attack_ms),
            release: math::decay(grid.block_ms(), config.release_ms),
        }
    }

    /// Returns the reduction of a steady level, in dB.
    #[inline]
    fn reduction(&self, peak: f32) -> f32 {
        if peak <= self.quiet {
            return 0.0;
        }
        let over = math::to_db(peak) - self.threshold_db;
        if over + over < self.knee_db {
            let into = larger(0.0, over + self.knee_db * 0.5);
            self.slope * into * into * self.bend
        } else {
            self.slope * over
        }
    }
}

impl Compressor {
    /// Creates the stage at rest.
    pub fn new(config: &CompressorConfig, grid: &Grid) -> Self {
        let law = Law::new(config, grid);
        let share = if law.bypass { 0.0 } else { 1.0 };
        let point = (share * law.make_up_db, math::from_db(share * law.make_up_db));
        Self {
            held: 0.0,
            reduction: 0.0,
            share: Ease::new(share),
            make_up: Ease::new(law.make_up_db),
            shared: share,
            point,
            spline: Spline::new(point.1),
            most: 0.0,
            law,
        }
    }

    /// Applies new settings. Make-up and bypass move within 20 ms; the others act through attack and release.
    pub fn set(&mut self, config: &CompressorConfig, grid: &Grid) {
        self.law = Law::new(config, grid);
    }

    /// Returns the largest reduction since the last call, in dB.
    pub fn take_reduction(&mut self) -> f32 {
        core::mem::replace(&mut self.most, self.shared * self.reduction)
    }

    /// Compresses one block.
    #[inline]
    #[expect(clippy::float_cmp, reason = "any change at all is one")]
    pub fn process(&mut self, grid: &Grid, block: &mut [Pair]) {
        let share = self.share.next(if self.law.bypass { 0.0 } else { 1.0 });
        let make_up = self.make_up.next(self.law.make_up_db);
        self.shared = share;
        if share > 0.0 {
            self.detect(peak(block));
        } else {
            (self.held, self.reduction) = (0.0, 0.0);
        }
        self.most = larger(self.most, share * self.reduction);
        let db = share * (make_up - self.reduction);
        if db != self.point.0 {
            self.point = (db, math::from_db(db));
        }
        self.spline.next(self.point.1).apply(block, grid.along());
    }

    #[inline]
    fn detect(&mut self, peak: f32) {
        let Law { attack, release, .. } = self.law;
        let wanted = self.law.reduction(peak);
        let held = larger(wanted, wanted + release * (self.held - wanted));
        let reduction = held + attack * (self.reduction - held);
        self.held = if held > MIN_REDUCTION_DB { held } else { 0.0 };
        self.reduction = if reduction > MIN_REDUCTION_DB { reduction } else { 0.0 };
    }
}
