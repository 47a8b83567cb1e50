//! What is kept of each hop, and of the digit that is heard now.
#![expect(clippy::needless_bitwise_bool, reason = "branches on speech are mispredicted")]

use wide::f32x4;

use super::{
    Tone,
    fit::{dots, times},
    tables::{BANDS, TAPS},
};

/// A tone goes on while it keeps this share of its power (−9 dB),
const STILL_THERE: f32 = 0.12;
/// and while it turns as it did: this is the square of the cosine of the angle it may be off.
const IN_STEP: f32 = 0.5;

/// What one hop brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// The two filters' phasors, low group then high group, as long as the sines' peaks.
    phasors: f32x4,
    /// Their squares.
    pub(super) low_power: f32,
    pub(super) high_power: f32,
    /// How they turned and grew since the hop before: their products with the conjugates of those before.
    pub(super) steps: f32x4,
}

/// The digit that is heard now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sounding {
    pub(super) tone: Tone,
    pub(super) low_power: f32,
    pub(super) high_power: f32,
    /// How both tones turn from hop to hop.
    pub(super) steps: f32x4,
    pub(super) last_hop: u64,
}

impl Moment {
    #[inline]
    pub(super) fn new(samples: &[i16; TAPS], before: &Self) -> Self {
        let phasors = dots(samples, &BANDS.taps).round_float() * BANDS.scale;
        let [low_re, low_im, high_re, high_im] = phasors.to_array();
        let low = (low_re, low_im);
        let high = (high_re, high_im);
        let [low_re, low_im, high_re, high_im] = before.phasors.to_array();
        let low_step = times(low, (low_re, -low_im));
        let high_step = times(high, (high_re, -high_im));
        Self {
            phasors,
            low_power: low.0 * low.0 + low.1 * low.1,
            high_power: high.0 * high.0 + high.1 * high.1,
            steps: f32x4::new([low_step.0, low_step.1, high_step.0, high_step.1]),
        }
    }
}

impl Sounding {
    /// Whether it sounds in this hop as it did before.
    pub(super) fn goes_on(&self, now: &Moment, before: &Moment) -> bool {
        let [low_re, low_im, high_re, high_im] = (now.steps * self.steps).to_array();
        let (low, high) = (low_re + low_im, high_re + high_im);
        // Without short cuts: a mispredicted branch costs more than all the answers.
        (now.low_power > STILL_THERE * self.low_power)
            & (now.high_power > STILL_THERE * self.high_power)
            & (low > 0.0)
            & (low * low > IN_STEP * now.low_power * before.low_power)
            & (high > 0.0)
            & (high * high > IN_STEP * now.high_power * before.high_power)
    }

    /// The share of the digit's power that `moment` has, in the group that has less of it.
    pub(super) fn share(&self, moment: &Moment) -> f32 {
        f32::min(moment.low_power / self.low_power, moment.high_power / self.high_power)
    }
}
