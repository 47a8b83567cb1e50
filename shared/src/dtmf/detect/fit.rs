//! Two steady sines fitted to a stretch of samples, and what they leave unexplained.

use core::f32::consts::{FRAC_PI_2, PI, TAU};

use super::{
    SAMPLE_RATE,
    tables::{HANN_PEAK, HOP, HZ, LAG, PHASORS, PROGRESS, PROGRESS_BASIS, SINES, SPAN, WINDOW},
};

const HALF: usize = WINDOW / 2;
/// The residual is also watched over the first and the last millisecond,
const SHORT_EDGE: usize = 8;
/// and over the first and the last 3 ms, where noise averages out.
const LONG_EDGE: usize = 24;
/// Sines advance by this many samples at once, one per lane of a vector.
const LANES: usize = 4;

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
    /// How far it is off the nominal frequency, as a fraction of it.
    pub(super) error: f32,
    /// One step of half a sample.
    half: (f32, f32),
}

/// What two sines leave of a stretch, as a share of their own power.
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
    pub(super) fn new(window: &[i16; WINDOW], low: usize, high: usize) -> Option<Self> {
        Some(Self { low: Sine::new(window, low)?, high: Sine::new(window, high + 4)? })
    }

    /// Takes the two sines away from the window they were fitted to.
    pub(super) fn remainder(&self, window: &[i16; WINDOW]) -> Remainder {
        let mut rest = Remainder { even: [0.0; HALF], odd: [0.0; HALF], power: self.power() };
        let (mut low, mut high) = (Rotor::new(self.low.half), Rotor::new(self.high.half));
        let (before, after) = window.split_at(HALF);
        let steps = rest.even.chunks_exact_mut(LANES).zip(rest.odd.chunks_exact_mut(LANES));
        let samples = after.chunks_exact(LANES).zip(before.rchunks_exact(LANES));
        for ((even, odd), (after, before)) in steps.zip(samples) {
            for lane in 0..LANES {
                let (after, before) = (f32::from(after[lane]), f32::from(before[LANES - 1 - lane]));
                even[lane] =
                    after + before - 2.0 * (self.low.re * low.cos[lane] + self.high.re * high.cos[lane]);
                odd[lane] =
                    after - before + 2.0 * (self.low.im * low.sin[lane] + self.high.im * high.sin[lane]);
            }
            low.advance();
            high.advance();
        }
        rest
    }

    /// The mean square of the two sines.
    fn power(&self) -> f32 {
        f32::midpoint(self.low.power, self.high.power)
    }
}

impl Sine {
    fn new(window: &[i16; WINDOW], tone: usize) -> Option<Self> {
        /// Beyond this the frequency is none of the group's.
        const FARTHEST: f32 = 0.035;
        let table = &SINES[tone];
        let first = project(window[..SPAN].first_chunk()?, table);
        let second = project(window[LAG..].first_chunk()?, table);
        let phasors = &PHASORS[tone];
        let turned = times(times(second, conj(first)), phasors.unlag);
        let angle = atan2(turned.1, turned.0);
        let off = angle / LAG as f32;
        let nominal = TAU * HZ[tone] as f32 / SAMPLE_RATE as f32;
        let error = off / nominal;
        if error.abs() > FARTHEST {
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

    /// How far it turns from hop to hop.
    pub(super) fn hop_step(&self) -> (f32, f32) {
        (0..(2 * HOP).ilog2()).fold(self.half, |step, _| times(step, step))
    }
}

/// What is left of a stretch, as sums and differences of the samples on either side of its middle.
pub(super) struct Remainder {
    even: [f32; HALF],
    odd: [f32; HALF],
    power: f32,
}

impl Remainder {
    pub(super) fn measure(&self) -> Residual {
        let mut sum = [0.0; LANES];
        for (even, odd) in self.even.chunks_exact(LANES).zip(self.odd.chunks_exact(LANES)) {
            for lane in 0..LANES {
                sum[lane] += even[lane] * even[lane] + odd[lane] * odd[lane];
            }
        }
        Residual {
            whole: sum.iter().sum::<f32>() / (2.0 * WINDOW as f32 * self.power),
            short_edge: self.edge(SHORT_EDGE),
            long_edge: self.edge(LONG_EDGE),
        }
    }

    fn edge(&self, length: usize) -> f32 {
        let (mut first, mut last) = (0.0, 0.0);
        for (even, odd) in self.even[HALF - length..].iter().zip(&self.odd[HALF - length..]) {
            last += (even + odd) * (even + odd);
            first += (even - odd) * (even - odd);
        }
        f32::max(first, last) / (4.0 * length as f32 * self.power)
    }

    /// Takes away whatever lies in the band of dial tone and ringback.
    pub(super) fn remove_call_progress(&mut self) {
        for (half, basis) in [&mut self.even, &mut self.odd].into_iter().zip(&PROGRESS_BASIS) {
            let mut along = [0.0; PROGRESS];
            for (along, function) in along.iter_mut().zip(basis) {
                let mut sum = [0.0; LANES];
                for (rest, function) in half.chunks_exact(LANES).zip(function.chunks_exact(LANES)) {
                    for lane in 0..LANES {
                        sum[lane] += rest[lane] * function[lane];
                    }
                }
                *along = sum.iter().sum();
            }
            for (along, function) in along.iter().zip(basis) {
                for (rest, function) in half.iter_mut().zip(function) {
                    *rest -= along * function;
                }
            }
        }
    }
}

/// Cosines and sines of a steadily turning phasor, [`LANES`] samples at a time, from half a sample on.
struct Rotor {
    cos: [f32; LANES],
    sin: [f32; LANES],
    step: (f32, f32),
}

impl Rotor {
    fn new(half: (f32, f32)) -> Self {
        let whole = times(half, half);
        let mut rotor = Self { cos: [0.0; LANES], sin: [0.0; LANES], step: (1.0, 0.0) };
        let mut at = half;
        for lane in 0..LANES {
            (rotor.cos[lane], rotor.sin[lane]) = at;
            at = times(at, whole);
            rotor.step = times(rotor.step, whole);
        }
        rotor
    }

    fn advance(&mut self) {
        for lane in 0..LANES {
            let (cos, sin) = (self.cos[lane], self.sin[lane]);
            self.cos[lane] = cos * self.step.0 - sin * self.step.1;
            self.sin[lane] = cos * self.step.1 + sin * self.step.0;
        }
    }
}

fn project(samples: &[i16; SPAN], (re, im): &([i16; SPAN], [i16; SPAN])) -> (f32, f32) {
    (dot(samples, re) as f32, dot(samples, im) as f32)
}

/// The sum of products. The tables are scaled so that it cannot overflow.
#[inline]
pub(super) fn dot<const N: usize>(a: &[i16; N], b: &[i16; N]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

pub(super) fn times(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

pub(super) fn conj(a: (f32, f32)) -> (f32, f32) {
    (a.0, -a.1)
}

/// Cosine and sine for up to a quarter turn. Not the platform's, so that every target decides alike.
fn cis(angle: f32) -> (f32, f32) {
    let x = angle * angle;
    let cos = 1.0 + x * (-0.5 + x * (1.0 / 24.0 + x * (-1.0 / 720.0 + x * (1.0 / 40_320.0))));
    let sin = angle * (1.0 + x * (-1.0 / 6.0 + x * (1.0 / 120.0 + x * (-1.0 / 5_040.0 + x / 362_880.0))));
    (cos, sin)
}

/// The angle of `x + jy` to within 10⁻⁵, for the same reason by hand (Abramowitz and Stegun 4.4.49).
pub(super) fn atan2(y: f32, x: f32) -> f32 {
    let (large, small) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    let q = ratio * ratio;
    let series = 0.020_835_1_f32;
    let series = -0.085_133_0 + q * series;
    let series = 0.180_141_0 + q * series;
    let series = -0.330_299_5 + q * series;
    let mut angle = ratio * (0.999_866_0 + q * series);
    if y.abs() > x.abs() {
        angle = FRAC_PI_2 - angle;
    }
    if x < 0.0 {
        angle = PI - angle;
    }
    if y < 0.0 { -angle } else { angle }
}

/// What a Hann window leaves of a sine `bins` bins off, |bins| < 1: sin(πx) / (πx (1 − x²)) by its series.
fn hann_gain(bins: f32) -> f32 {
    let x = bins * bins;
    let sinc = 1.0
        + x * (-1.644_934_1 + x * (0.811_742_4 + x * (-0.190_751_8 + x * (0.026_147_8 - x * 0.002_346_1))));
    sinc / (1.0 - x)
}
