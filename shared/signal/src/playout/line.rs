//! Samples between the jitter buffer and the ear, from which pieces are cut and repeated.

use crate::level::FULL_SCALE;

/// The shortest piece: 2.5 ms, a period of 400 Hz.
const MIN_PIECE: usize = 20;
/// The longest piece: 20 ms, a period of 50 Hz, two of most voices.
pub(super) const MAX_PIECE: usize = 160;
/// The two sides of a splice are compared over 10 ms, and faded over as much of it as the piece is long.
pub(super) const COMPARED_SAMPLES: usize = 80;
/// Mean square below which a piece may go or come wherever it is: −54 dB of full scale.
const QUIET_POWER: f32 = 4e-6;
/// A longer piece is taken where the likeness of the best is missed by no more.
const LIKENESS_MARGIN: f32 = 0.002;
/// Capacity in samples: those kept, those to come, and room to write before they are moved up.
const LENGTH: usize = 1_024;
const LANES: usize = 8;

/// A stretch of samples, −1…1: some that were heard, then those that are to be.
#[derive(Clone, Debug)]
pub(super) struct Line {
    samples: Box<[f32; LENGTH]>,
    at: usize,
    end: usize,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { samples: Box::new([0.0; LENGTH]), at: MAX_PIECE, end: MAX_PIECE }
    }

    /// Samples still to be heard.
    pub(super) const fn ahead(&self) -> usize {
        self.end - self.at
    }

    /// Puts samples at the end. There is room for two frames beside the longest wait for a splice.
    pub(super) fn push(&mut self, samples: &[i16]) {
        if self.end + samples.len() > LENGTH {
            let kept = self.at - MAX_PIECE;
            self.samples.copy_within(kept..self.end, 0);
            (self.at, self.end) = (MAX_PIECE, self.end - kept);
        }
        for (to, &sample) in self.samples[self.end..].iter_mut().zip(samples) {
            *to = f32::from(sample) / FULL_SCALE as f32;
        }
        self.end += samples.len();
    }

    /// The next sample to be heard.
    pub(super) fn next(&mut self) -> Option<f32> {
        let sample = *self.samples[..self.end].get(self.at)?;
        self.at += 1;
        Some(sample)
    }

    /// Takes a piece of at most `most` samples out whose ends are alike; its length, if there was one. Looks 30 ms ahead.
    pub(super) fn cut(&mut self, least_likeness: f32, most: usize) -> Option<usize> {
        if self.ahead() < MAX_PIECE + COMPARED_SAMPLES {
            return None;
        }
        let lag = self.lag(least_likeness, most, |at, lag| at + lag)?;
        let weights = Fade::new(lag.min(COMPARED_SAMPLES));
        for (index, weight) in weights {
            let (from, to) = (self.samples[self.at + index], self.samples[self.at + lag + index]);
            self.samples[self.at + lag + index] = from + (to - from) * weight;
        }
        self.at += lag;
        Some(lag)
    }

    /// Plays a piece of at most `most` samples again that goes on like what is to come; its length, if there was one. Looks 10 ms ahead.
    pub(super) fn repeat(&mut self, least_likeness: f32, most: usize) -> Option<usize> {
        if self.ahead() < COMPARED_SAMPLES {
            return None;
        }
        let lag = self.lag(least_likeness, most, |at, lag| at - lag)?;
        let weights = Fade::new(lag.min(COMPARED_SAMPLES));
        for (index, weight) in weights {
            let (from, to) = (self.samples[self.at + index], self.samples[self.at - lag + index]);
            self.samples[self.at - lag + index] = from + (to - from) * weight;
        }
        self.at -= lag;
        Some(lag)
    }

    /// The length of the best piece between here and `other(here, length)`.
    fn lag(&self, least: f32, most: usize, other: impl Fn(usize, usize) -> usize) -> Option<usize> {
        let here = &self.samples[self.at..self.at + COMPARED_SAMPLES];
        let there = |lag| {
            let start = other(self.at, lag);
            &self.samples[start..start + COMPARED_SAMPLES]
        };
        let quiet = QUIET_POWER * COMPARED_SAMPLES as f32;
        let energy = product(here, here);
        let longest = most.min(MAX_PIECE);
        let farthest = there(longest);
        if energy < quiet && product(farthest, farthest) < quiet {
            return (longest >= MIN_PIECE).then_some(longest);
        }
        let mut likeness = [0.0; MAX_PIECE + 1];
        let mut best = f32::NEG_INFINITY;
        for (lag, likeness) in likeness.iter_mut().enumerate().take(longest + 1).skip(MIN_PIECE) {
            let there = there(lag);
            *likeness = product(here, there) / (energy * product(there, there)).sqrt().max(f32::MIN_POSITIVE);
            best = best.max(*likeness);
        }
        let good = (best - LIKENESS_MARGIN).max(least);
        (MIN_PIECE..=longest).rev().find(|&lag| likeness[lag] >= good)
    }
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (a, _) = a.as_chunks::<LANES>();
    let (b, _) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

/// The weights of the side that a splice goes over to.
struct Fade {
    index: usize,
    samples: usize,
}

impl Fade {
    const fn new(samples: usize) -> Self {
        Self { index: 0, samples }
    }
}

impl Iterator for Fade {
    type Item = (usize, f32);

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.index;
        self.index += 1;
        (index < self.samples).then(|| (index, (index + 1) as f32 / (self.samples + 1) as f32))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn line(samples: usize, sample: impl Fn(usize) -> f64) -> Line {
        let mut line = Line::new();
        let pcm: Vec<i16> = (0..samples).map(|index| (sample(index) * 20_000.0) as i16).collect();
        line.push(&pcm[..MAX_PIECE]);
        line.at += MAX_PIECE;
        line.push(&pcm[MAX_PIECE..]);
        line
    }

    fn rest(mut line: Line) -> Vec<f32> {
        core::iter::from_fn(|| line.next()).collect()
    }

    #[test]
    fn a_tone_is_shortened_and_lengthened_by_whole_periods() {
        let tone = |index: usize| (index as f64 * core::f64::consts::TAU / 32.0).sin();
        let whole = rest(line(800, tone));
        let mut shorter = line(800, tone);
        assert_eq!(shorter.cut(0.9, 400), Some(160));
        let mut longer = line(800, tone);
        assert_eq!(longer.repeat(0.9, 400), Some(160));
        for (line, samples) in [(shorter, 480), (longer, 800)] {
            let line = rest(line);
            assert_eq!(line.len(), samples);
            for (a, b) in line.iter().zip(whole.iter().cycle()) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_piece_is_no_longer_than_it_may_be() {
        let tone = |index: usize| (index as f64 * core::f64::consts::TAU / 32.0).sin();
        assert_eq!(line(800, tone).cut(0.9, 100), Some(96));
        assert_eq!(line(800, tone).repeat(0.9, 63), Some(32));
        assert_eq!(line(800, tone).cut(0.9, 27), None);
        assert_eq!(line(800, |_| 0.0).cut(0.9, 30), Some(30));
        assert_eq!(line(800, |_| 0.0).cut(0.9, 10), None);
    }

    #[test]
    fn noise_is_left_alone_and_silence_is_not() {
        let noise = |index: usize| {
            let mixed = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed >> 40) as f64 / f64::from(1 << 23) - 1.0
        };
        assert_eq!(line(800, noise).cut(0.9, 400), None);
        assert_eq!(line(800, noise).repeat(0.9, 400), None);
        assert_eq!(line(800, |_| 0.0).cut(0.9, 400), Some(160));
        assert_eq!(line(800, |_| 0.0).repeat(0.9, 400), Some(160));
        assert_eq!(line(399, |_| 0.0).cut(0.9, 400), None, "too little ahead");
    }
}
