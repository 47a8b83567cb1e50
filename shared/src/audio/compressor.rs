//! The compressor: feed-forward, in the logarithmic domain, with a soft knee and a smooth decoupled peak detector, after
//! D. Giannoulis, M. Massberg and J. D. Reiss, "Digital dynamic range compressor design", J. AES 60(6), 2012.
//!
//! The level is the peak of each block of 2 ms, and the detector runs once a block; attack and release are exact on that
//! grid. Between the blocks the gain is a spline.

use super::{
    chain::CompressorConfig,
    gain::{Ease, Grid, Pair, SETTING, Spline, larger, peak},
    math,
};

/// A reduction that nobody hears, in dB: less is none, so that no denormal numbers arise.
const NOTHING_DB: f32 = 1e-5;

/// A compressor.
#[derive(Clone, Debug)]
pub struct Compressor {
    law: Law,
    /// The detector: the released peak, then the smoothed one, in dB of reduction.
    held: f32,
    reduction: f32,
    /// How much of the gain in dB applies: 0 is bypassed.
    share: Ease<SETTING>,
    make_up: Ease<SETTING>,
    /// How much of it applied last.
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
    /// The level below which there is nothing to do.
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

    /// By how many dB a steady level is to be reduced.
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
    /// At rest.
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

    /// New settings. Make-up and bypass move within 20 ms; the others act through attack and release.
    pub fn set(&mut self, config: &CompressorConfig, grid: &Grid) {
        self.law = Law::new(config, grid);
    }

    /// The largest reduction since this was last asked, in dB.
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
        self.held = if held > NOTHING_DB { held } else { 0.0 };
        self.reduction = if reduction > NOTHING_DB { reduction } else { 0.0 };
    }
}
