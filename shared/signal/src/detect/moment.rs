//! Measurements of each hop, and of the digit that sounds now.

use wide::f32x4;

use super::{
    Tone,
    fit::dots,
    tables::{Bands, TAPS},
};

/// A tone goes on while it keeps this share of its power (−9 dB),
const MIN_KEPT_SHARE: f32 = 0.16;
/// and while it turns as before: the square of the cosine of the angle that it may deviate.
const MIN_COS_SQUARED: f32 = 0.5;

/// Measurements of one hop.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// The two filters' phasors, as long as the sines' peaks: real parts of low and high group, imaginary parts.
    phasors: f32x4,
    /// Their squares: low and high group, and both again.
    pub(super) powers: f32x4,
    /// Their rotation and growth since the hop before: products with the conjugates of those before.
    pub(super) steps: f32x4,
    /// Powers and steps of this hop and the one before.
    two: [f32x4; 2],
    /// Powers and steps of the last four hops.
    pub(super) four: [f32x4; 2],
}

/// The digit that is heard now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sounding {
    pub(super) tone: Tone,
    /// The filters' output when it was reported, as in [`Moment`].
    pub(super) powers: f32x4,
    /// Rotation of both tones from hop to hop.
    pub(super) steps: f32x4,
    /// Power in both groups when it was loudest.
    pub(super) loudest: f32,
    pub(super) last_hop: u64,
}

impl Moment {
    #[inline]
    pub(super) fn new(bands: &Bands, samples: &[i16; TAPS], before: &Self, two_before: &Self) -> Self {
        let phasors = dots(samples, &bands.taps) * bands.scale;
        let squares = phasors * phasors;
        let (along, across) = (phasors * before.phasors, halves_swapped(phasors) * before.phasors);
        let [low_re, high_re, ..] = (along + halves_swapped(along)).to_array();
        let [low_im, high_im, ..] = (across - halves_swapped(across)).to_array();
        let powers = squares + halves_swapped(squares);
        let steps = f32x4::new([low_re, high_re, low_im, high_im]);
        let two = [powers + before.powers, steps + before.steps];
        let four = [two[0] + two_before.two[0], two[1] + two_before.two[1]];
        Self { phasors, powers, steps, two, four }
    }

    /// Power in both groups.
    #[inline]
    pub(super) fn power(&self) -> f32 {
        let [low, high, ..] = self.powers.to_array();
        low + high
    }
}

#[inline]
fn halves_swapped(vector: f32x4) -> f32x4 {
    let [a, b, c, d] = vector.to_array();
    f32x4::new([c, d, a, b])
}

impl Sounding {
    /// Returns true when it sounds in this hop as before.
    #[inline]
    pub(super) fn goes_on(&self, now: &Moment, before: &Moment) -> bool {
        let along = now.steps * self.steps;
        let along = along + halves_swapped(along);
        let there = now.powers.simd_gt(MIN_KEPT_SHARE * self.powers);
        let in_step = along.simd_gt(f32x4::ZERO)
            & (along * along).simd_gt(MIN_COS_SQUARED * now.powers * before.powers);
        (there & in_step).all()
    }

    /// The share of the digit's power that `moment` has, in the group that has less of it.
    #[inline]
    pub(super) fn share(&self, moment: &Moment) -> f32 {
        let [low, high, ..] = (moment.powers / self.powers).to_array();
        f32::min(low, high)
    }
}
