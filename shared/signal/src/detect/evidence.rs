//! Evidence that a stretch holds a digit beneath noise, a voice, music, or out of a codec, where no single limit tells.
//!
//! The weights are a logistic regression of digits that were sent through rooms, noise, voices, music and codecs against
//! 264 hours of speech and music in 130 languages and voices. Each of the two hops that a digit needs stands for itself.

use super::fit::{Fit, Residual};
use crate::math::log2;

/// Log-odds from which a stretch is taken for a digit: in those hours three were, that were none.
pub(super) const ENOUGH: f32 = 2.5;

/// Residuals below this, as a share of the digit's power, are as good as none.
const NO_RESIDUAL: f32 = 0.01;
/// Likewise of the first and last 3 ms.
const NO_EDGE_RESIDUAL: f32 = 0.02;
/// Generators are this exact; a voice seldom is.
const EXACT: f32 = 0.005;
/// Both tones of a generator are off by nearly as much.
const EXACT_SPREAD: f32 = 0.006;
/// Share of the low tone's power from which the high tone is suspiciously weak, as in vowels: −5 dB.
const WEAK_HIGH_TONE: f32 = 0.316;

/// Natural logarithm of the odds that a stretch holds the digit of `fit`: `whole` is the residual, and `above` what is
/// left of it above the calling tones, hum and voices below the rows.
pub(super) fn log_odds(fit: &Fit, whole: &Residual, above: &Residual) -> f32 {
    const DECIBELS_AN_OCTAVE: f32 = 3.01;
    let per_cent_over = |error: f32, limit: f32| 100.0 * f32::max(error - limit, 0.0);
    let error = f32::max(fit.low.error.abs(), fit.high.error.abs());
    let spread = (fit.low.error - fit.high.error).abs();
    let weak = DECIBELS_AN_OCTAVE * f32::max(log2(WEAK_HIGH_TONE * fit.low.power / fit.high.power), 0.0);
    -4.83 - 3.17 * log2(whole.whole + NO_RESIDUAL) - 3.22 * log2(above.whole + NO_RESIDUAL)
        + 1.34 * log2(above.long_edge + NO_EDGE_RESIDUAL)
        - 4.18 * per_cent_over(error, EXACT)
        - 1.97 * per_cent_over(spread, EXACT_SPREAD)
        - 1.22 * weak
}
