//! The noise gate: silent while there is only noise.
//!
//! Zeroing every sample below a threshold would zero the zero crossings of speech, too. Here an envelope opens and closes
//! the gate, with hysteresis and hold, and the gain moves along a spline.

use serde::{Deserialize, Serialize};

use super::{
    gain::{EDGE, Glide, Grid, Pair, Stretch, larger, peak, smaller},
    math,
    range::Range,
};

/// The range of [`GateConfig::threshold`].
pub const GATE_THRESHOLD: Range = Range::new("gate.threshold", "steps of 32,768", 1.0, 32_767.0);
/// The range of [`GateConfig::hysteresis_db`].
pub const GATE_HYSTERESIS: Range = Range::new("gate.hysteresisDb", "dB", 0.0, 24.0);
/// The range of [`GateConfig::attack_ms`].
pub const GATE_ATTACK: Range = Range::new("gate.attackMs", "ms", 16.0, 500.0);
/// The range of [`GateConfig::hold_ms`].
pub const GATE_HOLD: Range = Range::new("gate.holdMs", "ms", 0.0, 2_000.0);
/// The range of [`GateConfig::release_ms`].
pub const GATE_RELEASE: Range = Range::new("gate.releaseMs", "ms", 16.0, 2_000.0);
/// The range of [`GateConfig::range_db`].
pub const GATE_RANGE: Range = Range::new("gate.rangeDb", "dB", 0.0, 100.0);

/// The noise gate's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GateConfig {
    /// Leaves the signal as it is.
    pub bypass: bool,
    /// A peak this high opens the gate: amplitude in steps of 16-bit PCM, 1–32,767.
    pub threshold: f32,
    /// Distance below the threshold that peaks must fall to before the gate closes, 0–24 dB.
    pub hysteresis_db: f32,
    /// Time that the gate takes to open, 16–500 ms. A faster edge would be heard as a click.
    pub attack_ms: f32,
    /// Time that the gate stays open after the last peak above the lower threshold, 0–2,000 ms.
    pub hold_ms: f32,
    /// Time that the gate takes to close, 16–2,000 ms.
    pub release_ms: f32,
    /// Attenuation while the gate is closed, 0–100 dB; 100 is silence.
    pub range_db: f32,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            bypass: false,
            threshold: 200.0,
            hysteresis_db: 6.0,
            attack_ms: 16.0,
            hold_ms: 100.0,
            release_ms: 150.0,
            range_db: 100.0,
        }
    }
}

impl GateConfig {
    /// The threshold in dB below full scale.
    pub fn threshold_dbfs(&self) -> f32 {
        math::to_db(self.opens())
    }

    /// The peak that opens it, of 1.
    pub(super) fn opens(&self) -> f32 {
        self.threshold / 32_768.0
    }

    /// The peak below which it closes, of 1.
    pub(super) fn closes(&self) -> f32 {
        self.opens() * math::from_db(-self.hysteresis_db)
    }

    /// The gain while it is closed.
    pub(super) fn floor(&self) -> f32 {
        if self.range_db < GATE_RANGE.max { math::from_db(-self.range_db) } else { 0.0 }
    }

    pub(super) const fn within_range(&self) -> Self {
        Self {
            bypass: self.bypass,
            threshold: GATE_THRESHOLD.nearest(self.threshold),
            hysteresis_db: GATE_HYSTERESIS.nearest(self.hysteresis_db),
            attack_ms: GATE_ATTACK.nearest(self.attack_ms),
            hold_ms: GATE_HOLD.nearest(self.hold_ms),
            release_ms: GATE_RELEASE.nearest(self.release_ms),
            range_db: GATE_RANGE.nearest(self.range_db),
        }
    }
}

/// Decay of the envelope: slower than the gaps between the peaks of the lowest voice.
const ENVELOPE_MS: f32 = 10.0;
/// Envelope that counts as zero, 150 dB below full scale, so that no denormal numbers arise.
const MIN_ENVELOPE: f32 = 3e-8;
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
    /// Gain before it is smoothed.
    raw: f32,
    glide: Glide<EDGE>,
    /// True while the gain stays as it is until the gate opens or closes.
    steady: bool,
}

/// Constants that follow from the settings.
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
    /// Creates a closed gate; an open one where it is bypassed.
    pub fn new(config: &GateConfig, grid: &Grid) -> Self {
        let law = Law::new(config, grid);
        let raw = if law.bypass { 1.0 } else { law.floor };
        Self { law, envelope: 0.0, open: false, hold: 0, raw, glide: Glide::new(raw), steady: false }
    }

    /// Applies new settings; the gain moves there as smoothly as at any edge.
    pub fn set(&mut self, config: &GateConfig, grid: &Grid) {
        self.law = Law::new(config, grid);
        self.steady = false;
    }

    /// Returns true while the gate is open.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Returns the present gain.
    pub const fn gain(&self) -> f32 {
        self.glide.point()
    }

    /// Gates one block.
    #[inline]
    pub fn process(&mut self, grid: &Grid, block: &mut [Pair]) {
        let envelope = larger(peak(block), self.envelope * self.law.decay);
        self.envelope = if envelope > MIN_ENVELOPE { envelope } else { 0.0 };
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
