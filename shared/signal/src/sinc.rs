//! Windowed sinc filters, the same bits natively and in wasm.

use core::f64::consts::PI;

use wide::f32x4;

use super::math::{cosine, phase, sine};

/// Fills `taps` with a low-pass of unit gain at 0 Hz, whose middle lies `fraction` of a sample after the tap before the
/// middle, under Blackman's window. `cutoff` is of the Nyquist frequency at which the taps lie.
pub(super) fn lowpass(taps: &mut [f32], cutoff: f64, fraction: f64) {
    let half = taps.len() as f64 / 2.0;
    let at = |index: usize| {
        let t = index as f64 - (half - 1.0) - fraction;
        let x = PI * cutoff * t;
        let sinc = if x.abs() < 1e-6 { 1.0 } else { sine(phase(0.5 * cutoff * t)) / x };
        sinc * blackman(t / half)
    };
    let sum: f64 = (0..taps.len()).map(at).sum();
    for (index, tap) in taps.iter_mut().enumerate() {
        *tap = (at(index) / sum) as f32;
    }
}

/// Eight neighbours.
pub(super) type Eight = [f32x4; 2];

#[inline]
pub(super) fn eight(samples: &[f32; 8]) -> Eight {
    let (halves, _) = samples.as_chunks();
    [f32x4::new(halves[0]), f32x4::new(halves[1])]
}

/// The sum of a window's products with a filter, in the same order everywhere.
#[inline]
pub(super) fn convolve(window: &[f32], filter: impl IntoIterator<Item = Eight>) -> f32 {
    let (window, _) = window.as_chunks();
    let products = window.iter().map(eight).zip(filter).map(|([a, b], [c, d])| [a * c, b * d]);
    let sums = products.reduce(|[a, b], [c, d]| [a + c, b + d]).unwrap_or_default();
    let [a, b, c, d] = (sums[0] + sums[1]).to_array();
    (a + c) + (b + d)
}

/// Blackman's window, −1 ≤ x ≤ 1.
fn blackman(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { 0.42 + 0.5 * cosine(phase(0.5 * x)) + 0.08 * cosine(phase(x)) }
}
