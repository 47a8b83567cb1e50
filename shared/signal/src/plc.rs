//! Loss concealment in the manner of ITU-T G.711 Appendix I (09/99).
//!
//! What is missing is made of the last pitch periods before it: one period for the first 10 ms, two and three for the
//! next, fading by a fifth each 10 ms after the first, silent after 60 ms. Both seams are overlapped and added; for the
//! first of them the output lags by 3.75 ms.

/// The samples of a unit: 10 ms at 8 kHz.
pub const UNIT: usize = 80;
/// A unit's samples.
pub type Unit = [i16; UNIT];

/// The shortest pitch period that is looked for, in samples: 200 Hz.
const MIN_PERIOD: usize = 40;
/// The longest, in samples: 66 Hz.
const MAX_PERIOD: usize = 120;
/// Three of the longest periods and the quarter of one that is overlapped: 48.75 ms.
const HISTORY: usize = 3 * MAX_PERIOD + Concealer::DELAY;
/// Length of the stretch that is compared with earlier ones: 20 ms.
const COMPARED_SAMPLES: usize = 160;
/// Lags and samples that the first, coarse search goes by.
const COARSE: usize = 2;
/// Energy below which a correlation is not scaled up any further.
const MIN_ENERGY: f64 = 250.0;
/// Gain that each 10 ms after the first loses.
const FADE: f64 = 0.2;
/// Units of 10 ms after which there is silence.
const AUDIBLE_UNITS: u32 = 6;
/// Samples by which each further 10 ms lengthens the overlap with the stream after the loss: 4 ms.
const END_OVERLAP: usize = 32;

/// Fills the gaps of a stream, 10 ms at a time. Allocates nothing.
///
/// Every unit goes in once, received or lost, in order; what comes out is the stream, [`Self::DELAY`] samples later.
#[derive(Clone, Debug)]
pub struct Concealer {
    /// Samples last played, received or made up.
    history: [i16; HISTORY],
    /// Source of the units: the history before the loss, its end joined to a period before.
    source: [f64; HISTORY],
    /// The end of `source` as it was before it was joined.
    tail: [f64; Self::DELAY],
    pitch: usize,
    /// Samples at the end of `source` that are repeated: one to three periods.
    repeated: usize,
    /// The next of them.
    at: usize,
    /// Units lost in a row.
    lost: u32,
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Concealer {
    /// Samples by which the output lags behind the input: 3.75 ms.
    pub const DELAY: usize = MAX_PERIOD / 4;

    /// Creates a concealer whose history is silence.
    pub const fn new() -> Self {
        Self {
            history: [0; HISTORY],
            source: [0.0; HISTORY],
            tail: [0.0; Self::DELAY],
            pitch: MIN_PERIOD,
            repeated: MIN_PERIOD,
            at: 0,
            lost: 0,
        }
    }

    /// Takes a unit that was received, and replaces it by the unit to be played.
    pub fn received(&mut self, unit: &mut Unit) {
        if self.lost > 0 {
            self.join_to(unit);
            self.lost = 0;
        }
        self.pass(unit);
    }

    /// Makes up a missing unit, and writes the unit to be played into `unit`.
    pub fn missing(&mut self, unit: &mut Unit) {
        match self.lost {
            0 => {
                self.begin();
                self.repeat(unit);
            }
            1 | 2 => {
                self.lengthen(unit);
                self.fade(unit);
            }
            3..AUDIBLE_UNITS => {
                self.repeat(unit);
                self.fade(unit);
            }
            _ => unit.fill(0),
        }
        self.lost = self.lost.saturating_add(1);
        self.pass(unit);
    }

    /// Returns true when the last unit was made up.
    pub const fn is_concealing(&self) -> bool {
        self.lost > 0
    }

    fn pass(&mut self, unit: &mut Unit) {
        self.history.copy_within(UNIT.., 0);
        self.history[HISTORY - UNIT..].copy_from_slice(unit);
        let from = HISTORY - UNIT - Self::DELAY;
        unit.copy_from_slice(&self.history[from..from + UNIT]);
    }

    fn overlap(&self) -> usize {
        self.pitch / 4
    }

    fn begin(&mut self) {
        self.pitch = pitch(&self.history);
        self.repeated = self.pitch;
        self.at = 0;
        let overlap = self.overlap();
        for (to, &sample) in self.source.iter_mut().zip(&self.history) {
            *to = f64::from(sample);
        }
        self.tail[..overlap].copy_from_slice(&self.source[HISTORY - overlap..]);
        self.close_the_ring();
        for (to, &sample) in self.history.iter_mut().zip(&self.source).skip(HISTORY - overlap) {
            *to = sample as i16;
        }
    }

    /// Bends the end of `source` so that its repetition follows it without a seam.
    fn close_the_ring(&mut self) {
        let overlap = self.overlap();
        let before = HISTORY - self.repeated - overlap;
        let mut weights = Weights::new(overlap, 1.0);
        for index in 0..overlap {
            self.source[HISTORY - overlap + index] =
                weights.mix(self.tail[index], self.source[before + index]);
        }
    }

    fn next(&mut self) -> i16 {
        let sample = self.source[HISTORY - self.repeated + self.at];
        self.at += 1;
        if self.at == self.repeated {
            self.at = 0;
        }
        sample as i16
    }

    fn repeat(&mut self, out: &mut [i16]) {
        out.fill_with(|| self.next());
    }

    /// Goes on with one period more.
    fn lengthen(&mut self, unit: &mut Unit) {
        let overlap = self.overlap();
        let mut before = [0; Self::DELAY];
        let at = self.at;
        self.repeat(&mut before[..overlap]);
        self.at = at;
        while self.at > self.pitch {
            self.at -= self.pitch;
        }
        self.repeated += self.pitch;
        self.close_the_ring();
        self.repeat(unit);
        let mut weights = Weights::new(overlap, 1.0);
        for (sample, before) in unit.iter_mut().zip(&before[..overlap]) {
            *sample = weights.mix(f64::from(*before), f64::from(*sample)) as i16;
        }
    }

    /// The gain at the beginning of the unit that follows `lost` others.
    fn gain(&self) -> f64 {
        (1.0 - f64::from(self.lost - 1) * FADE).max(0.0)
    }

    fn fade(&self, unit: &mut Unit) {
        let mut gain = self.gain();
        for sample in unit {
            *sample = (f64::from(*sample) * gain) as i16;
            gain -= FADE / UNIT as f64;
        }
    }

    fn join_to(&mut self, unit: &mut Unit) {
        let longer = (self.lost - 1) as usize * END_OVERLAP;
        let overlap = (self.overlap() + longer).min(UNIT);
        let mut weights = Weights::new(overlap, self.gain());
        for sample in &mut unit[..overlap] {
            *sample = weights.mix(f64::from(self.next()), f64::from(*sample)) as i16;
        }
    }
}

/// The two sides of an overlap. Added up step by step, not multiplied out: a sum that should be whole then falls on
/// the same side of it as in the ITU's tool, and is cut off to the same sample.
struct Weights {
    fall: f64,
    rise: f64,
    falls_by: f64,
    rises_by: f64,
}

impl Weights {
    fn new(samples: usize, gain: f64) -> Self {
        let step = 1.0 / samples as f64;
        Self { fall: (1.0 - step) * gain, rise: step, falls_by: step * gain, rises_by: step }
    }

    fn mix(&mut self, before: f64, after: f64) -> f64 {
        let sum = self.fall * before + self.rise * after;
        self.fall -= self.falls_by;
        self.rise += self.rises_by;
        sum.clamp(f64::from(i16::MIN), f64::from(i16::MAX))
    }
}

/// The pitch period at the end of the history, in samples. Sums of products of 16-bit samples are whole numbers, so
/// the search is exact up to the root that a correlation is scaled by.
fn pitch(history: &[i16; HISTORY]) -> usize {
    let (mut best, mut period) = (f64::NEG_INFINITY, MAX_PERIOD);
    for lag in (MIN_PERIOD..=MAX_PERIOD).rev().step_by(COARSE) {
        let likeness = likeness(history, lag, COARSE);
        if likeness >= best {
            (best, period) = (likeness, lag);
        }
    }
    let around = (period - (COARSE - 1)).max(MIN_PERIOD)..=(period + (COARSE - 1)).min(MAX_PERIOD);
    best = f64::NEG_INFINITY;
    for lag in around.rev() {
        let likeness = likeness(history, lag, 1);
        if likeness > best {
            (best, period) = (likeness, lag);
        }
    }
    period
}

fn likeness(history: &[i16; HISTORY], lag: usize, step: usize) -> f64 {
    let last = &history[HISTORY - COMPARED_SAMPLES..];
    let earlier = &history[HISTORY - COMPARED_SAMPLES - lag..];
    let (mut product, mut energy) = (0i64, 0i64);
    for (&last, &earlier) in last.iter().zip(earlier).step_by(step) {
        let earlier = i32::from(earlier);
        product += i64::from(i32::from(last) * earlier);
        energy += i64::from(earlier * earlier);
    }
    product as f64 / (energy as f64).max(MIN_ENERGY).sqrt()
}
