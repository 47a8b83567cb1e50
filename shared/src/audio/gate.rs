//! The noise gate: silent while there is only noise.
//!
//! Zeroing every sample below a threshold would cut the zero crossings of speech, too. Instead an envelope opens and closes
//! the gate, with hysteresis and hold, and the gain moves along a spline.

use super::{
    chain::GateConfig,
    gain::{EDGE, Glide, Grid, Pair, Stretch, larger, peak, smaller},
    math,
};

/// How fast the envelope forgets a peak: slower than the gaps between the peaks of the lowest voice.
const ENVELOPE_MS: f32 = 10.0;
/// Below this, 150 dB under full scale, the envelope is zero: it must not become a denormal number.
const NOTHING: f32 = 3e-8;
/// The blocks that the smoothing of an edge takes; the attack is as long at least.
const EDGE_BLOCKS: f32 = 8.0;

/// A noise gate.
#[derive(Clone, Debug)]
pub struct Gate {
    law: Law,
    envelope: f32,
    open: bool,
    /// Blocks until it closes.
    hold: u32,
    /// Where the gain stands before it is smoothed.
    raw: f32,
    glide: Glide<EDGE>,
    /// Whether the gain is where it belongs and stays there until the gate opens or closes.
    steady: bool,
}

/// What the settings come to.
#[derive(Clone, Debug)]
struct Law {
    bypass: bool,
    opens: f32,
    closes: f32,
    floor: f32,
    /// A block's share of the way up, and down.
    rise: f32,
    fall: f32,
    hold: u32,
    decay: f32,
}

impl Law {
    fn new(config: &GateConfig, grid: &Grid) -> Self {
        let config = config.within_range();
        let block_ms = grid.block_ms();
        let floor = config.floor();
        let step = |ms: f32| (1.0 - floor) / larger(1.0, ms / block_ms - EDGE_BLOCKS + 1.0);
        Self {
            bypass: config.bypass,
            opens: config.opens(),
            closes: config.closes(),
            floor,
            rise: step(config.attack_ms),
            fall: step(config.release_ms),
            hold: (config.hold_ms / block_ms) as u32,
            decay: math::decay(block_ms, ENVELOPE_MS),
        }
    }
}

impl Gate {
    /// Closed, or open where it is bypassed.
    pub fn new(config: &GateConfig, grid: &Grid) -> Self {
        let law = Law::new(config, grid);
        let raw = if law.bypass { 1.0 } else { law.floor };
        Self { law, envelope: 0.0, open: false, hold: 0, raw, glide: Glide::new(raw), steady: false }
    }

    /// New settings; the gain moves to where they put it as smoothly as at any edge.
    pub fn set(&mut self, config: &GateConfig, grid: &Grid) {
        self.law = Law::new(config, grid);
        self.steady = false;
    }

    /// Whether it is open.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// The gain it is moving through, or has come to.
    pub const fn gain(&self) -> f32 {
        self.glide.point()
    }

    /// Gates one block.
    #[inline]
    pub fn process(&mut self, grid: &Grid, block: &mut [Pair]) {
        let envelope = larger(peak(block), self.envelope * self.law.decay);
        self.envelope = if envelope > NOTHING { envelope } else { 0.0 };
        if self.open && envelope >= self.law.closes {
            self.hold = self.law.hold;
        } else if self.open || envelope >= self.law.opens {
            self.turn(envelope);
        }
        if self.steady {
            Stretch::Still(self.raw).apply(block, grid.along());
        } else {
            self.approach();
            self.glide.next(self.raw).apply(block, grid.along());
        }
    }

    /// Opens, holds or closes.
    fn turn(&mut self, envelope: f32) {
        if envelope >= self.law.opens {
            self.open = true;
            self.hold = self.law.hold;
            self.steady = false;
        } else if self.hold > 0 {
            self.hold -= 1;
        } else {
            self.open = false;
            self.steady = false;
        }
    }

    #[expect(clippy::float_cmp, reason = "what has arrived is a copy of the goal")]
    fn approach(&mut self) {
        let goal = if self.open || self.law.bypass { 1.0 } else { self.law.floor };
        self.raw = if self.law.bypass {
            goal
        } else if self.raw < goal {
            smaller(goal, self.raw + self.law.rise)
        } else {
            larger(goal, self.raw - self.law.fall)
        };
        self.steady = self.raw == goal && self.glide.rests_at(goal);
    }
}
