//! The receiver's tables, computed at compile time so that every target has the same bits.

use core::f64::consts::TAU;

use wide::{f32x4, i16x8};

use super::SAMPLE_RATE;

/// Samples per hop: 2 ms, the grid on which everything is decided.
pub(super) const HOP: usize = 16;
/// Taps of a band filter: 8 ms, the shortest that keeps the groups apart by 36 dB.
pub(super) const TAPS: usize = 64;
/// The stretch that is judged as a whole: 25 ms, 2 ms more than what must be ignored (ITU-T Q.24).
pub(super) const WINDOW: usize = 200;
/// Each half of the stretch seen through its own Hann window.
pub(super) const SPAN: usize = 128;
/// Distance of the second Hann window from the first.
pub(super) const LAG: usize = WINDOW - SPAN;

/// Centre of the low-group filter and its half width, in Hz.
const LOW_BAND: (f64, f64) = (819.0, 220.0);
/// Centre of the high-group filter and its half width, in Hz.
const HIGH_BAND: (f64, f64) = (1421.0, 320.0);
/// The filters' coefficients sum to this at most, so that a sum of products with 16-bit samples stays in 32 bits.
const BUDGET: f64 = 65_000.0;
/// The Hann windows' peak, within the same budget.
pub(super) const HANN_PEAK: f64 = 1_500.0;

/// ITU-T Q.23's frequencies, low group then high group, in Hz.
pub(super) const HZ: [f64; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];

/// Sines that span the band of dial tone, ringback and busy tone, and then all that lies below the rows: direct current,
/// hum, rumble. Odd functions have nothing at 0 Hz.
const BELOW_HZ: [f64; BELOW] = [
    335.0, 360.0, 385.0, 410.0, 435.0, 460.0, 485.0, 300.0, 265.0, 230.0, 195.0, 160.0, 125.0, 90.0, 55.0,
    20.0,
];
/// Functions of each parity.
pub(super) const BELOW: usize = 16;
/// As many of them span the band of call progress tones.
pub(super) const CALL_PROGRESS: usize = 7;

/// Samples that are multiplied at once.
pub(super) const WIDE: usize = 8;

/// Both band filters: the real parts of low and high group, then the imaginary parts.
#[derive(Debug)]
pub(super) struct Bands {
    pub(super) taps: [[i16x8; TAPS / WIDE]; 4],
    /// Scale that makes each output as long as the peak of a sine in the middle of the band.
    pub(super) scale: f32x4,
}

pub(super) static BANDS: Bands = bands();
/// Hann-windowed sines at the eight frequencies.
pub(super) static SINES: [Sine; 8] = sines();

/// Real and imaginary part.
pub(super) type Sine = [[i16x8; SPAN / WIDE]; 2];

/// An orthonormal basis of what lies below the rows on half the window, even functions then odd ones.
pub(super) static BASIS_BELOW: [[[f32x4; WINDOW / 8]; BELOW]; 2] = [basis(true), basis(false)];
/// For each frequency the phasors that [`fit`](super::fit) needs.
pub(super) static PHASORS: [Phasors; 8] = phasors();

/// Rotation of a group's four frequencies from hop to hop, and the tangent of the angle that they may deviate.
pub(super) struct Turns {
    pub(super) cos: f32x4,
    pub(super) sin: f32x4,
    pub(super) tan: f32x4,
}

/// 3 % off: filters and noise add to what is asked of the fit.
pub(super) static LOW_TURNS: Turns = hop_turns(0, 0.03);
/// 2.5 % off: further, and 1209 Hz would be taken for 1633 Hz, which is 76 Hz short of a turn more per hop.
pub(super) static HIGH_TURNS: Turns = hop_turns(4, 0.025);

/// Constant phasors of one of Q.23's frequencies.
#[derive(Clone, Copy)]
pub(super) struct Phasors {
    /// Backwards by [`LAG`] samples.
    pub(super) unlag: (f32, f32),
    /// From the start of the first Hann window to the middle of the stretch.
    pub(super) first: (f32, f32),
    /// From the start of the second Hann window to the middle of the stretch.
    pub(super) second: (f32, f32),
    /// By half a sample.
    pub(super) half: (f32, f32),
}

/// Cosine and sine of `turns` turns.
const fn cis(turns: f64) -> (f64, f64) {
    let turns = turns - (turns as i64) as f64;
    let x = turns * TAU / 4.0;
    let (mut cos, mut sin, mut term, mut n) = (1.0, 0.0, 1.0, 1.0);
    while n < 30.0 {
        term *= x / n;
        sin += term;
        term *= -x / (n + 1.0);
        cos += term;
        n += 2.0;
    }
    let (cos, sin) = (cos * cos - sin * sin, 2.0 * sin * cos);
    (cos * cos - sin * sin, 2.0 * sin * cos)
}

const fn round(x: f64) -> i16 {
    if x < 0.0 { (x - 0.5) as i16 } else { (x + 0.5) as i16 }
}

/// The phase in turns that a tone of `hz` has gone through after `samples`.
const fn turns(hz: f64, samples: f64) -> f64 {
    hz * samples / SAMPLE_RATE as f64
}

const fn bands() -> Bands {
    let mut parts = [[0; TAPS]; 4];
    let low = band(&mut parts, 0, LOW_BAND);
    let high = band(&mut parts, 1, HIGH_BAND);
    let taps = [widen(&parts[0]), widen(&parts[1]), widen(&parts[2]), widen(&parts[3])];
    Bands { taps, scale: f32x4::new([low, high, low, high]) }
}

/// A windowed sinc, moved up to the band's centre; returns what its output must be multiplied by.
const fn band(parts: &mut [[i16; TAPS]; 4], at: usize, (centre, half_width): (f64, f64)) -> f32 {
    let mut envelope = [0.0; TAPS];
    let mut sum = 0.0;
    let mut n = 0;
    while n < TAPS {
        let from_middle = n as f64 - (TAPS - 1) as f64 / 2.0;
        let (_, sine) = cis(turns(half_width, from_middle));
        let (taper, _) = cis(from_middle / TAPS as f64);
        envelope[n] = (0.6 + 0.4 * taper) * sine / (TAU * turns(half_width, from_middle));
        let (re, _) = cis(turns(centre, from_middle));
        sum += (envelope[n] * re).abs();
        n += 1;
    }
    let scale = BUDGET / sum;
    let mut gain = 0.0;
    n = 0;
    while n < TAPS {
        let (re, im) = cis(turns(centre, n as f64 - (TAPS - 1) as f64 / 2.0));
        parts[at][n] = round(scale * envelope[n] * re);
        parts[at + 2][n] = round(-scale * envelope[n] * im);
        gain += scale * envelope[n] / 2.0;
        n += 1;
    }
    (1.0 / gain) as f32
}

const fn sines() -> [Sine; 8] {
    let mut sines = [[[i16x8::new([0; WIDE]); SPAN / WIDE]; 2]; 8];
    let mut tone = 0;
    while tone < 8 {
        let mut parts = [[0; SPAN]; 2];
        let mut n = 0;
        while n < SPAN {
            let (taper, _) = cis((n as f64 + 0.5) / SPAN as f64);
            let (re, im) = cis(turns(HZ[tone], n as f64));
            let hann = HANN_PEAK * (0.5 - 0.5 * taper);
            parts[0][n] = round(hann * re);
            parts[1][n] = round(-hann * im);
            n += 1;
        }
        sines[tone] = [widen(&parts[0]), widen(&parts[1])];
        tone += 1;
    }
    sines
}

const fn widen<const N: usize, const M: usize>(narrow: &[i16; N]) -> [i16x8; M] {
    let mut wide = [i16x8::new([0; WIDE]); M];
    let mut m = 0;
    while m < M {
        let mut lanes = [0; WIDE];
        let mut lane = 0;
        while lane < WIDE {
            lanes[lane] = narrow[m * WIDE + lane];
            lane += 1;
        }
        wide[m] = i16x8::new(lanes);
        m += 1;
    }
    wide
}

const fn phasors() -> [Phasors; 8] {
    const ZERO: (f32, f32) = (0.0, 0.0);
    const MIDDLE: f64 = (WINDOW - 1) as f64 / 2.0;
    const fn narrow((re, im): (f64, f64)) -> (f32, f32) {
        (re as f32, im as f32)
    }
    let mut all = [Phasors { unlag: ZERO, first: ZERO, second: ZERO, half: ZERO }; 8];
    let mut tone = 0;
    while tone < 8 {
        let hz = HZ[tone];
        all[tone] = Phasors {
            unlag: narrow(cis(-turns(hz, LAG as f64))),
            first: narrow(cis(turns(hz, MIDDLE))),
            second: narrow(cis(turns(hz, MIDDLE - LAG as f64))),
            half: narrow(cis(turns(hz, 0.5))),
        };
        tone += 1;
    }
    all
}

const fn hop_turns(first: usize, off: f64) -> Turns {
    let (mut cosines, mut sines, mut tangents) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    let mut tone = 0;
    while tone < 4 {
        let per_hop = turns(HZ[first + tone], HOP as f64);
        let (cos, sin) = cis(per_hop);
        (cosines[tone], sines[tone]) = (cos as f32, sin as f32);
        let (cos, sin) = cis(off * per_hop);
        tangents[tone] = (sin / cos) as f32;
        tone += 1;
    }
    Turns { cos: f32x4::new(cosines), sin: f32x4::new(sines), tan: f32x4::new(tangents) }
}

/// Gram and Schmidt on cosines or sines about the window's middle.
const fn basis(even: bool) -> [[f32x4; WINDOW / 8]; BELOW] {
    let mut exact = [[0.0; WINDOW / 2]; BELOW];
    let mut basis = [[f32x4::new([0.0; 4]); WINDOW / 8]; BELOW];
    let mut function = 0;
    while function < BELOW {
        let mut n = 0;
        while n < WINDOW / 2 {
            let (cos, sin) = cis(turns(BELOW_HZ[function], n as f64 + 0.5));
            exact[function][n] = if even { cos } else { sin };
            n += 1;
        }
        let mut done = 0;
        while done < function {
            let along = dot(&exact[function], &exact[done]);
            n = 0;
            while n < WINDOW / 2 {
                exact[function][n] -= along * exact[done][n];
                n += 1;
            }
            done += 1;
        }
        let norm = sqrt(dot(&exact[function], &exact[function]));
        n = 0;
        while n < WINDOW / 2 {
            exact[function][n] /= norm;
            n += 1;
        }
        n = 0;
        while n < WINDOW / 8 {
            let mut lanes = [0.0; 4];
            let mut lane = 0;
            while lane < 4 {
                lanes[lane] = exact[function][4 * n + lane] as f32;
                lane += 1;
            }
            basis[function][n] = f32x4::new(lanes);
            n += 1;
        }
        function += 1;
    }
    basis
}

const fn dot(a: &[f64; WINDOW / 2], b: &[f64; WINDOW / 2]) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    while n < WINDOW / 2 {
        sum += a[n] * b[n];
        n += 1;
    }
    sum
}

/// Newton's square root.
const fn sqrt(x: f64) -> f64 {
    let (mut root, mut n) = (x.max(1.0), 0);
    while n < 60 {
        root = f64::midpoint(root, x / root);
        n += 1;
    }
    root
}
