//! From hop to hop: is there a digit, does it go on, is it over?

use wide::f32x4;

use super::{
    Detection, Digit, Tone,
    fit::Fit,
    moment::{Moment, Sounding},
    tables::{BANDS, Bands, HIGH_TURNS, HOP, LOW_TURNS, TAPS, Turns, WINDOW},
};
use crate::audio::level::sine_dbm0;

/// Hops remembered: more than a window and the longest interruption together.
const PAST: usize = 32;
/// How much of its power a tone keeps from one end of the window to the other, in noise too.
const STEADINESS: f32 = 0.5;
/// One hop earlier it had at least this much of it: otherwise it began less than a window ago.
const RISEN: f32 = 0.3;
/// Hops between the first and the last filter output that lie within a full window.
const STEADY: usize = 8;
/// A digit is over after this many hops without it, 24 ms: ITU-T Q.24 bridges 10 ms and separates 40 ms.
const RELEASE: u64 = 12;
/// Where a filter's output has half of the tone's peak, half of the filter lies within the tone.
const HALF_POWER: f32 = 0.25;

/// ITU-T Q.24 accepts frequencies up to 1.5 % off and refuses 3.5 %: this lies between.
const MAX_ERROR: f32 = 0.02;
/// Where both are accepted, 1.5 % off in opposite directions, they are 3 % apart. Harmonics of a voice or an
/// instrument that come near a digit lie apart by more: Q.23's frequencies were chosen so.
const MAX_SPREAD: f32 = 0.0315;
/// ITU-T Q.24 accepts a high group 4 dB stronger: 2 dB more, as a ratio of powers.
const MAX_TWIST: f32 = 3.98;
/// ITU-T Q.24 accepts a high group 8 dB weaker: 2 dB more.
const MIN_TWIST: f32 = 0.1;
/// The band filters are not flat: before the fit, levels and twist are judged 3 dB more kindly.
const SLACK: f32 = 0.5;
/// How steadily both tones turn: what the sum of their steps keeps of the sum of their powers, squared.
const COHERENCE: f32 = 0.7;
/// What may be left of a clear digit, as a share of its power: it is reported at once.
const CLEAR: f32 = 0.025;
/// What may be left of its first and last millisecond.
const CLEAR_EDGE: f32 = 0.1;
/// What may be left of a digit in noise, which must be heard again.
const NOISY: f32 = 0.22;
/// What may be left of its first and last 3 ms.
const NOISY_EDGE: f32 = 0.35;
/// What may be left of a digit once call progress tones are taken away.
const OVER_TONES: f32 = 0.12;
/// Beyond this no call progress tone explains what is left.
const HOPELESS: f32 = 4.0;
/// How many hops later a digit in noise must be heard again, and by when.
const CONFIRM: core::ops::RangeInclusive<u64> = 3..=8;

#[derive(Clone, Debug)]
pub(super) struct Ear {
    /// By reference, so that they are loaded: V8 builds vector constants in the code, half of them at a time.
    bands: &'static Bands,
    past: [Moment; PAST],
    /// Hops heard.
    hop: u64,
    /// The least power of either sine.
    min_power: f32,
    /// Heard once in noise: which digit, and in which hop.
    hint: Option<(Digit, u64)>,
    sounding: Option<Sounding>,
}

impl Ear {
    #[inline]
    pub(super) fn new(min_peak: f32) -> Self {
        Self {
            bands: &BANDS,
            past: [Moment::default(); PAST],
            hop: 0,
            min_power: min_peak * min_peak,
            hint: None,
            sounding: None,
        }
    }

    /// Hears the last [`HOP`] of `samples`; `heard` counts all samples so far.
    pub(super) fn hear(&mut self, samples: &[i16], heard: u64, on: &mut impl FnMut(Detection)) {
        self.hop += 1;
        let taps = samples.last_chunk::<TAPS>().expect("a window is kept, and that is longer");
        let now = Moment::new(self.bands, taps, self.ago(1));
        self.past[self.hop as usize % PAST] = now;
        if self.sounding.is_some() && self.follow(heard, on) {
            return;
        }
        if self.may_be_digit(&now)
            && let Some((row, column)) = self.classify()
        {
            let window = samples.last_chunk::<WINDOW>().expect("a window is kept");
            self.judge(window, row, column, heard, on);
        }
    }

    /// The input is over after `heard` samples.
    pub(super) fn finish(&mut self, heard: u64, mut on: impl FnMut(Detection)) {
        if let Some(sounding) = self.sounding.take() {
            let end = if sounding.last_hop == self.hop { heard } else { self.end_of(&sounding, heard) };
            on(Detection::End(Tone { end_sample: end, ..sounding.tone }));
        }
    }

    #[inline]
    fn ago(&self, hops: usize) -> &Moment {
        &self.past[(self.hop as usize).wrapping_sub(hops) % PAST]
    }

    /// The cheap questions, which nearly all speech fails: level, twist, and steadiness over the window.
    #[inline]
    fn may_be_digit(&self, now: &Moment) -> bool {
        // All at once: the answers are random in speech, and a mispredicted branch costs more than all of them.
        const TWIST: f32x4 =
            f32x4::new([SLACK / MAX_TWIST, SLACK * MIN_TWIST, SLACK / MAX_TWIST, SLACK * MIN_TWIST]);
        let [low, high, ..] = now.powers.to_array();
        let other = f32x4::new([high, low, high, low]);
        let loud =
            now.powers.simd_gt(f32x4::splat(SLACK * self.min_power)) & now.powers.simd_gt(TWIST * other);
        let (then, before) = (self.ago(STEADY + 1).powers, self.ago(STEADY + 2).powers);
        let steady = then.simd_gt(STEADINESS * now.powers) & now.powers.simd_gt(STEADINESS * then);
        (loud & steady & before.simd_gt(RISEN * now.powers)).all()
    }

    /// Row and column by the phase advance from hop to hop over the window.
    #[expect(clippy::needless_bitwise_bool, reason = "in music the answers are random: one branch, not four")]
    #[inline]
    fn classify(&self) -> Option<(usize, usize)> {
        let mut steps = f32x4::ZERO;
        let mut powers = f32x4::ZERO;
        for hops in 0..STEADY {
            let moment = self.ago(hops);
            steps += moment.steps;
            powers += moment.powers;
        }
        let [low_re, high_re, low_im, high_im] = steps.to_array();
        let [low_power, high_power, ..] = powers.to_array();
        let coherent = (low_re * low_re + low_im * low_im > COHERENCE * low_power * low_power)
            & (high_re * high_re + high_im * high_im > COHERENCE * high_power * high_power);
        let rows = LOW_TURNS.near(low_re, low_im);
        let columns = HIGH_TURNS.near(high_re, high_im);
        (coherent & (rows != 0) & (columns != 0))
            .then(|| (rows.trailing_zeros() as usize, columns.trailing_zeros() as usize))
    }

    fn judge(
        &mut self,
        window: &[i16; WINDOW],
        row: usize,
        column: usize,
        heard: u64,
        on: &mut impl FnMut(Detection),
    ) {
        let digit = Digit::at(row, column).expect("four rows and columns");
        if self.sounding.is_some_and(|sounding| sounding.tone.digit == digit) {
            return;
        }
        let Some(fit) = Fit::new(window, row, column) else { return };
        let (low, high) = (&fit.low, &fit.high);
        if low.error.abs() > MAX_ERROR
            || high.error.abs() > MAX_ERROR
            || (low.error - high.error).abs() > MAX_SPREAD
            || low.power < self.min_power
            || high.power < self.min_power
            || high.power > MAX_TWIST * low.power
            || high.power < MIN_TWIST * low.power
        {
            return;
        }
        let mut rest = fit.remainder(window);
        let mut residual = rest.measure();
        let clear = residual.whole < CLEAR && residual.short_edge < CLEAR_EDGE;
        if !clear {
            let mut limit = NOISY;
            if residual.whole > NOISY && residual.whole < HOPELESS {
                rest.remove_call_progress();
                residual = rest.measure();
                limit = OVER_TONES;
            }
            if residual.whole > limit || residual.long_edge > NOISY_EDGE {
                return;
            }
            match self.hint {
                Some((hinted, hop)) if hinted == digit && self.hop - hop <= *CONFIRM.end() => {
                    if !CONFIRM.contains(&(self.hop - hop)) {
                        return;
                    }
                }
                _ => {
                    self.hint = Some((digit, self.hop));
                    return;
                }
            }
        }
        self.begin(digit, &fit, heard, on);
    }

    fn begin(&mut self, digit: Digit, fit: &Fit, heard: u64, on: &mut impl FnMut(Detection)) {
        if let Some(before) = self.sounding.take() {
            let end_sample = self.end_of(&before, heard);
            on(Detection::End(Tone { end_sample, ..before.tone }));
        }
        on(Detection::Start { digit, at_sample: heard });
        self.hint = None;
        let (low_dbm0, high_dbm0) = (level(fit.low.power), level(fit.high.power));
        let (low_step, high_step) = (fit.low.hop_step(), fit.high.hop_step());
        let mut sounding = Sounding {
            tone: Tone {
                digit,
                start_sample: 0,
                end_sample: heard,
                low_dbm0,
                high_dbm0,
                twist_db: high_dbm0 - low_dbm0,
                low_error_pct: 100.0 * fit.low.error,
                high_error_pct: 100.0 * fit.high.error,
            },
            powers: self.ago(0).powers,
            steps: f32x4::new([low_step.0, high_step.0, low_step.1, high_step.1]),
            last_hop: self.hop,
        };
        sounding.tone.start_sample = self.start_of(&sounding, heard);
        self.sounding = Some(sounding);
    }

    /// Does the digit go on?
    fn follow(&mut self, heard: u64, on: &mut impl FnMut(Detection)) -> bool {
        let Some(sounding) = &mut self.sounding else { return false };
        let hop = self.hop as usize;
        let goes_on = sounding.goes_on(&self.past[hop % PAST], &self.past[(hop - 1) % PAST]);
        if goes_on {
            sounding.last_hop = self.hop;
        } else if self.hop - sounding.last_hop >= RELEASE {
            let sounding = *sounding;
            self.sounding = None;
            let end_sample = self.end_of(&sounding, heard);
            on(Detection::End(Tone { end_sample, ..sounding.tone }));
        }
        goes_on
    }

    /// Where the filters' output rose past half, as far back as is remembered.
    #[inline]
    fn start_of(&self, sounding: &Sounding, heard: u64) -> u64 {
        for hops in STEADY..PAST - 1 {
            let (later, earlier) = (sounding.share(self.ago(hops)), sounding.share(self.ago(hops + 1)));
            if earlier < HALF_POWER && later >= HALF_POWER {
                let back = hops as f32 + crossing(later, earlier);
                return heard.saturating_sub((back * HOP as f32) as u64 + TAPS as u64 / 2);
            }
            if later < HALF_POWER {
                break;
            }
        }
        heard.saturating_sub(WINDOW as u64)
    }

    /// Where the filters' output fell past half for the last time.
    #[inline]
    fn end_of(&self, sounding: &Sounding, heard: u64) -> u64 {
        let silent = (self.hop - sounding.last_hop) as usize;
        for hops in silent.saturating_sub(4)..PAST - 1 {
            let (later, earlier) = (sounding.share(self.ago(hops)), sounding.share(self.ago(hops + 1)));
            if later < HALF_POWER && earlier >= HALF_POWER {
                let back = hops as f32 + crossing(later, earlier);
                let end = heard.saturating_sub((back * HOP as f32) as u64 + TAPS as u64 / 2);
                return end.max(sounding.tone.start_sample);
            }
        }
        heard.saturating_sub((silent * HOP) as u64).max(sounding.tone.start_sample)
    }
}

/// Part of a hop from where the share is `later` back to where it crosses a half.
#[inline]
fn crossing(later: f32, earlier: f32) -> f32 {
    let (later, earlier) = (later.sqrt(), earlier.sqrt());
    ((later - 0.5) / (later - earlier)).clamp(0.0, 1.0)
}

impl Turns {
    /// Which of the four the phasor comes near, a bit for each.
    #[inline]
    fn near(&self, re: f32, im: f32) -> u32 {
        let (re, im) = (f32x4::splat(re), f32x4::splat(im));
        let along = re * self.cos + im * self.sin;
        let across = im * self.cos - re * self.sin;
        across.abs().simd_lt(self.tan * along).to_bitmask()
    }
}

#[inline]
fn level(power: f32) -> f32 {
    sine_dbm0(f64::from(power).sqrt()) as f32
}
