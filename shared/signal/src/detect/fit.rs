//! Two steady sines fitted to a stretch of samples, and the residual.

use core::{
    f32::consts::{FRAC_PI_2, PI, TAU},
    ops::Range,
};

use wide::{f32x4, i16x8, i32x4};

use super::{
    SAMPLE_RATE,
    tables::{BASIS_BELOW, BELOW, CALL_PROGRESS, HANN_PEAK, HOP, HZ, LAG, PHASORS, SINES, SPAN, WINDOW},
};
use crate::detect::tables::{self};

const HALF: usize = WINDOW / 2;
/// The residual is also watched over the first and the last millisecond,
const SHORT_EDGE: usize = 8;
/// and over the first and the last 3 ms, where noise averages out.
const LONG_EDGE: usize = 24;
/// Sines advance by this many samples at once, one per lane of a vector.
const LANES: usize = 4;
const STEPS: usize = HALF / LANES;

/// A row and a column sounding together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) low: Sine,
    pub(super) high: Sine,
}

/// One sine of the two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sine {
    /// Real and imaginary part of its phasor in the middle of the stretch.
    re: f32,
    im: f32,
    /// Its peak, squared.
    pub(super) power: f32,
    /// Deviation from the nominal frequency, as a fraction of it.
    pub(super) error: f32,
    /// One step of half a sample.
    half: (f32, f32),
}

/// Residual of a stretch without the two sines, as a share of their power.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residual {
    /// Over the whole stretch.
    pub(super) whole: f32,
    /// Over the first or the last millisecond, whichever has more.
    pub(super) short_edge: f32,
    /// Over the first or the last 3 ms, whichever has more.
    pub(super) long_edge: f32,
}

impl Fit {
    /// Fits the digit in row `low` and column `high`; none where a sine's frequency is far off.
    #[inline]
    pub(super) fn new(window: &[i16; WINDOW], low: usize, high: usize) -> Option<Self> {
        Some(Self { low: Sine::new(window, low)?, high: Sine::new(window, high + 4)? })
    }

    /// Takes the two sines away from the window they were fitted to.
    #[inline]
    pub(super) fn remainder(&self, window: &[i16; WINDOW]) -> Remainder {
        let mut rest =
            Remainder { even: [f32x4::ZERO; STEPS], odd: [f32x4::ZERO; STEPS], power: self.power() };
        let (mut low, mut high) = (Rotor::new(self.low.half), Rotor::new(self.high.half));
        let [low_re, low_im] = [self.low.re, self.low.im].map(|part| f32x4::splat(2.0 * part));
        let [high_re, high_im] = [self.high.re, self.high.im].map(|part| f32x4::splat(2.0 * part));
        let (before, after) = window.split_at(HALF);
        let samples = after.as_chunks().0.iter().zip(before.as_rchunks().1.iter().rev());
        for ((even, odd), (after, before)) in rest.even.iter_mut().zip(&mut rest.odd).zip(samples) {
            let &[d, c, b, a] = before;
            let (after, before) = (floats(*after), floats([a, b, c, d]));
            *even = after + before - (low_re * low.cos + high_re * high.cos);
            *odd = after - before + (low_im * low.sin + high_im * high.sin);
            low.advance();
            high.advance();
        }
        rest
    }

    /// The mean square of the two sines.
    #[inline]
    fn power(&self) -> f32 {
        f32::midpoint(self.low.power, self.high.power)
    }
}

impl Sine {
    #[inline]
    fn new(window: &[i16; WINDOW], tone: usize) -> Option<Self> {
        /// Beyond this the frequency is none of the group's.
        const MAX_DEVIATION: f32 = 0.035;
        let first = project(window.first_chunk()?, &SINES[tone]);
        let second = project(window.last_chunk()?, &SINES[tone]);
        let phasors = &PHASORS[tone];
        let turned = times(times(second, conj(first)), phasors.unlag);
        let angle = atan2(turned.1, turned.0);
        let off = angle / LAG as f32;
        let nominal = TAU * HZ[tone] as f32 / SAMPLE_RATE as f32;
        let error = off / nominal;
        if error.abs() > MAX_DEVIATION {
            return None;
        }
        let forth = cis(angle / 2.0);
        let a = times(times(first, phasors.first), forth);
        let b = times(times(second, phasors.second), conj(forth));
        let gain = 4.0 / (SPAN as f32 * HANN_PEAK as f32 * 2.0 * hann_gain(off * (SPAN as f32 / TAU)));
        let (re, im) = (gain * (a.0 + b.0), gain * (a.1 + b.1));
        let half = times(phasors.half, cis(off / 2.0));
        Some(Self { re, im, power: re * re + im * im, error, half })
    }

    /// Returns the rotation from hop to hop.
    #[inline]
    pub(super) fn hop_step(&self) -> (f32, f32) {
        (0..(2 * HOP).ilog2()).fold(self.half, |step, _| times(step, step))
    }
}

/// Remainder of a stretch, as sums and differences of the samples on either side of its middle.
pub(super) struct Remainder {
    even: [f32x4; STEPS],
    odd: [f32x4; STEPS],
    power: f32,
}

impl Remainder {
    #[inline]
    pub(super) fn measure(&self) -> Residual {
        let (mut whole, mut first, mut last) = (f32x4::ZERO, f32x4::ZERO, f32x4::ZERO);
        let (mut edge, mut short_edge) = (0.0, 0.0);
        for (step, (&even, &odd)) in self.even.iter().zip(&self.odd).rev().enumerate() {
            whole += even * even + odd * odd;
            if step < LONG_EDGE / LANES {
                last += (even + odd) * (even + odd);
                first += (even - odd) * (even - odd);
                edge = f32::max(first.reduce_add(), last.reduce_add());
            }
            if step < SHORT_EDGE / LANES {
                short_edge = edge;
            }
        }
        Residual {
            whole: whole.reduce_add() / (2.0 * WINDOW as f32 * self.power),
            short_edge: short_edge / (4.0 * SHORT_EDGE as f32 * self.power),
            long_edge: edge / (4.0 * LONG_EDGE as f32 * self.power),
        }
    }

    /// Removes the band of dial tone and ringback.
    #[inline]
    pub(super) fn remove_call_progress(&mut self) {
        self.remove(0..CALL_PROGRESS);
    }

    /// Removes all else that lies below the rows: direct current, hum, rumble.
    #[inline]
    pub(super) fn remove_below(&mut self) {
        self.remove(CALL_PROGRESS..BELOW);
    }

    #[inline]
    fn remove(&mut self, functions: Range<usize>) {
        for (half, basis) in [&mut self.even, &mut self.odd].into_iter().zip(&BASIS_BELOW) {
            // Orthonormal, so that all are taken along the remainder as it was.
            let basis = &basis[functions.clone()];
            for function in basis {
                let products = half.iter().zip(function).map(|(&rest, &function)| rest * function);
                let along =
                    f32x4::splat(products.fold(f32x4::ZERO, |sum, product| sum + product).reduce_add());
                for (rest, &function) in half.iter_mut().zip(function) {
                    *rest -= along * function;
                }
            }
        }
    }
}

/// Cosines and sines of a steadily turning phasor, [`LANES`] samples at a time, from half a sample on.
struct Rotor {
    cos: f32x4,
    sin: f32x4,
    step: (f32x4, f32x4),
}

impl Rotor {
    #[inline]
    fn new(half: (f32, f32)) -> Self {
        let one = times(half, half);
        let two = times(one, one);
        let four = times(two, two);
        let second = times(half, one);
        let (third, fourth) = (times(half, two), times(second, two));
        Self {
            cos: f32x4::new([half.0, second.0, third.0, fourth.0]),
            sin: f32x4::new([half.1, second.1, third.1, fourth.1]),
            step: (f32x4::splat(four.0), f32x4::splat(four.1)),
        }
    }

    #[inline]
    fn advance(&mut self) {
        let (cos, sin) = (self.cos, self.sin);
        self.cos = cos * self.step.0 - sin * self.step.1;
        self.sin = cos * self.step.1 + sin * self.step.0;
    }
}

/// As a vector of floats. By way of integers: a scalar at a time is what wasm gets of `f32::from`.
#[inline]
fn floats(samples: [i16; LANES]) -> f32x4 {
    i32x4::new(samples.map(i32::from)).round_float()
}

#[inline]
fn project(samples: &[i16; SPAN], table: &tables::Sine) -> (f32, f32) {
    let mut sums = [i32x4::ZERO; 2];
    for (m, samples) in samples.as_chunks().0.iter().enumerate() {
        let samples = i16x8::new(*samples);
        sums[0] += samples.dot(table[0][m]);
        sums[1] += samples.dot(table[1][m]);
    }
    let [re, im] = sums.map(|sum| sum.round_float().reduce_add());
    (re, im)
}

/// The sums of products of `samples` with each of four tables, which are scaled so that none overflows.
#[inline]
pub(super) fn dots<const N: usize, const M: usize>(samples: &[i16; N], tables: &[[i16x8; M]; 4]) -> f32x4 {
    let mut sums = [i32x4::ZERO; 4];
    for (m, samples) in samples.as_chunks().0.iter().enumerate() {
        let samples = i16x8::new(*samples);
        for (sum, table) in sums.iter_mut().zip(tables) {
            *sum += samples.dot(table[m]);
        }
    }
    // Only floats are transposed by vector instructions on every target.
    let [a, b, c, d] = f32x4::transpose(sums.map(i32x4::round_float));
    a + b + (c + d)
}

#[inline]
pub(super) fn times(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

#[inline]
fn conj(a: (f32, f32)) -> (f32, f32) {
    (a.0, -a.1)
}

/// Cosine and sine for up to a quarter turn. Not the platform's, so that every target decides alike.
#[inline]
fn cis(angle: f32) -> (f32, f32) {
    let x = angle * angle;
    let cos = 1.0 + x * (-0.5 + x * (1.0 / 24.0 + x * (-1.0 / 720.0 + x * (1.0 / 40_320.0))));
    let sin = angle * (1.0 + x * (-1.0 / 6.0 + x * (1.0 / 120.0 + x * (-1.0 / 5_040.0 + x / 362_880.0))));
    (cos, sin)
}

/// The angle of `x + jy` to within 10⁻⁵, for the same reason by hand (Abramowitz and Stegun 4.4.49).
#[inline]
pub(super) fn atan2(y: f32, x: f32) -> f32 {
    let (large, small) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    let q = ratio * ratio;
    let series = 0.020_835_1_f32;
    let series = -0.085_133_0 + q * series;
    let series = 0.180_141 + q * series;
    let series = -0.330_299_5 + q * series;
    let mut angle = ratio * (0.999_866 + q * series);
    if y.abs() > x.abs() {
        angle = FRAC_PI_2 - angle;
    }
    if x < 0.0 {
        angle = PI - angle;
    }
    if y < 0.0 { -angle } else { angle }
}

/// Returns the gain of a Hann window for a sine `bins` bins off, |bins| < 1: sin(πx) / (πx (1 − x²)) by its series.
#[inline]
fn hann_gain(bins: f32) -> f32 {
    let x = bins * bins;
    let sinc =
        1.0 + x * (-1.644_934 + x * (0.811_742_4 + x * (-0.190_751_8 + x * (0.026_147_8 - x * 0.002_346_1))));
    sinc / (1.0 - x)
}
