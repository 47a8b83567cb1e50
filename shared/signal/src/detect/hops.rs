//! The decisions from hop to hop: a digit begins, goes on, or ends.

use wide::f32x4;

use super::{
    Detection, Digit, Tone,
    fit::Fit,
    moment::{Moment, Sounding},
    tables::{BANDS, Bands, HIGH_TURNS, HOP, LOW_TURNS, TAPS, Turns, WINDOW},
};
use crate::level::sine_dbm0;

/// Hops remembered: more than a window and the longest interruption together.
const REMEMBERED_HOPS: usize = 32;
/// Share of its power that a tone keeps from one end of the window to the other, in noise too.
const MIN_STEADINESS: f32 = 0.5;
/// Share of its power that it had one hop earlier: with less, it began less than a window ago.
const MIN_RISEN_SHARE: f32 = 0.3;
/// Hops between the first and the last filter output that lie within a full window.
const STEADY_HOPS: usize = 8;
/// A digit is over after this many hops without it, 24 ms: ITU-T Q.24 bridges 10 ms and separates 40 ms.
const RELEASE_HOPS: u64 = 12;
/// Share of the tone's power at which half of a filter lies within the tone.
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
const POWER_SLACK: f32 = 0.5;
/// Steadiness of both tones: the sum of their steps as a share of the sum of their powers, squared.
const MIN_COHERENCE: f32 = 0.7;
/// Largest residual of a clear digit, as a share of its power; it is reported at once.
const MAX_CLEAR_RESIDUAL: f32 = 0.025;
/// Largest residual of its first and last millisecond.
const MAX_CLEAR_EDGE_RESIDUAL: f32 = 0.1;
/// Largest residual of a digit in noise, which has to be confirmed.
const MAX_NOISY_RESIDUAL: f32 = 0.22;
/// Largest residual of its first and last 3 ms.
const MAX_NOISY_EDGE_RESIDUAL: f32 = 0.35;
/// Largest residual of a digit once call progress tones are removed.
const MAX_RESIDUAL_OVER_TONES: f32 = 0.12;
/// Residual that no call progress tone explains.
const MAX_UNEXPLAINED: f32 = 4.0;
/// Hops after which a digit in noise has to be confirmed.
const CONFIRM_HOPS: core::ops::RangeInclusive<u64> = 3..=8;

#[derive(Clone, Debug)]
pub(super) struct HopDetector {
    /// By reference, so that they are loaded: V8 builds vector constants in the code, half of them at a time.
    bands: &'static Bands,
    past: [Moment; REMEMBERED_HOPS],
    /// Hops taken.
    hop: u64,
    /// The least power of either sine.
    min_power: f32,
    /// Digit that was found once in noise, and its hop.
    hint: Option<(Digit, u64)>,
    sounding: Option<Sounding>,
}

impl HopDetector {
    #[inline]
    pub(super) fn new(min_peak: f32) -> Self {
        Self {
            bands: &BANDS,
            past: [Moment::default(); REMEMBERED_HOPS],
            hop: 0,
            min_power: min_peak * min_peak,
            hint: None,
            sounding: None,
        }
    }

    /// Takes the last [`HOP`] of `samples`; `taken` counts all samples so far.
    pub(super) fn push(&mut self, samples: &[i16], taken: u64, on: &mut impl FnMut(Detection)) {
        self.hop += 1;
        let taps = samples.last_chunk::<TAPS>().expect("a window is kept, and that is longer");
        let now = Moment::new(self.bands, taps, self.ago(1));
        self.past[self.hop as usize % REMEMBERED_HOPS] = now;
        if self.sounding.is_some() && self.follow(taken, on) {
            return;
        }
        if self.may_be_digit(&now)
            && let Some((row, column)) = self.classify()
        {
            let window = samples.last_chunk::<WINDOW>().expect("a window is kept");
            self.judge(window, row, column, taken, on);
        }
    }

    /// Ends the input after `taken` samples.
    pub(super) fn finish(&mut self, taken: u64, mut on: impl FnMut(Detection)) {
        if let Some(sounding) = self.sounding.take() {
            let end = if sounding.last_hop == self.hop { taken } else { self.end_of(&sounding, taken) };
            on(Detection::End(Tone { end_sample: end, ..sounding.tone }));
        }
    }

    #[inline]
    fn ago(&self, hops: usize) -> &Moment {
        &self.past[(self.hop as usize).wrapping_sub(hops) % REMEMBERED_HOPS]
    }

    /// The cheap questions, which nearly all speech fails: level, twist, and steadiness over the window.
    #[inline]
    fn may_be_digit(&self, now: &Moment) -> bool {
        // All at once: the answers are random in speech, and a mispredicted branch costs more than all of them.
        const TWIST: f32x4 = f32x4::new([
            POWER_SLACK / MAX_TWIST,
            POWER_SLACK * MIN_TWIST,
            POWER_SLACK / MAX_TWIST,
            POWER_SLACK * MIN_TWIST,
        ]);
        let [low, high, ..] = now.powers.to_array();
        let other = f32x4::new([high, low, high, low]);
        let loud = now.powers.simd_gt(f32x4::splat(POWER_SLACK * self.min_power))
            & now.powers.simd_gt(TWIST * other);
        let (then, before) = (self.ago(STEADY_HOPS + 1).powers, self.ago(STEADY_HOPS + 2).powers);
        let steady = then.simd_gt(MIN_STEADINESS * now.powers) & now.powers.simd_gt(MIN_STEADINESS * then);
        (loud & steady & before.simd_gt(MIN_RISEN_SHARE * now.powers)).all()
    }

    /// Row and column by the phase advance from hop to hop over the window.
    #[expect(clippy::needless_bitwise_bool, reason = "in music the answers are random: one branch, not four")]
    #[inline]
    fn classify(&self) -> Option<(usize, usize)> {
        let mut steps = f32x4::ZERO;
        let mut powers = f32x4::ZERO;
        for hops in 0..STEADY_HOPS {
            let moment = self.ago(hops);
            steps += moment.steps;
            powers += moment.powers;
        }
        let [low_re, high_re, low_im, high_im] = steps.to_array();
        let [low_power, high_power, ..] = powers.to_array();
        let coherent = (low_re * low_re + low_im * low_im > MIN_COHERENCE * low_power * low_power)
            & (high_re * high_re + high_im * high_im > MIN_COHERENCE * high_power * high_power);
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
        taken: u64,
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
        let clear = residual.whole < MAX_CLEAR_RESIDUAL && residual.short_edge < MAX_CLEAR_EDGE_RESIDUAL;
        if !clear {
            let mut limit = MAX_NOISY_RESIDUAL;
            if residual.whole > MAX_NOISY_RESIDUAL && residual.whole < MAX_UNEXPLAINED {
                rest.remove_call_progress();
                residual = rest.measure();
                limit = MAX_RESIDUAL_OVER_TONES;
            }
            if residual.whole > limit || residual.long_edge > MAX_NOISY_EDGE_RESIDUAL {
                return;
            }
            match self.hint {
                Some((hinted, hop)) if hinted == digit && self.hop - hop <= *CONFIRM_HOPS.end() => {
                    if !CONFIRM_HOPS.contains(&(self.hop - hop)) {
                        return;
                    }
                }
                _ => {
                    self.hint = Some((digit, self.hop));
                    return;
                }
            }
        }
        self.begin(digit, &fit, taken, on);
    }

    fn begin(&mut self, digit: Digit, fit: &Fit, taken: u64, on: &mut impl FnMut(Detection)) {
        if let Some(before) = self.sounding.take() {
            let end_sample = self.end_of(&before, taken);
            on(Detection::End(Tone { end_sample, ..before.tone }));
        }
        on(Detection::Start { digit, at_sample: taken });
        self.hint = None;
        let (low_dbm0, high_dbm0) = (level(fit.low.power), level(fit.high.power));
        let (low_step, high_step) = (fit.low.hop_step(), fit.high.hop_step());
        let mut sounding = Sounding {
            tone: Tone {
                digit,
                start_sample: 0,
                end_sample: taken,
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
        sounding.tone.start_sample = self.start_of(&sounding, taken);
        self.sounding = Some(sounding);
    }

    /// Follows the digit that sounds. Returns true while it goes on.
    fn follow(&mut self, taken: u64, on: &mut impl FnMut(Detection)) -> bool {
        let Some(sounding) = &mut self.sounding else { return false };
        let hop = self.hop as usize;
        let goes_on =
            sounding.goes_on(&self.past[hop % REMEMBERED_HOPS], &self.past[(hop - 1) % REMEMBERED_HOPS]);
        if goes_on {
            sounding.last_hop = self.hop;
        } else if self.hop - sounding.last_hop >= RELEASE_HOPS {
            let sounding = *sounding;
            self.sounding = None;
            let end_sample = self.end_of(&sounding, taken);
            on(Detection::End(Tone { end_sample, ..sounding.tone }));
        }
        goes_on
    }

    /// Returns the sample at which the filters' output rose past half, as far back as is remembered.
    #[inline]
    fn start_of(&self, sounding: &Sounding, taken: u64) -> u64 {
        for hops in STEADY_HOPS..REMEMBERED_HOPS - 1 {
            let (later, earlier) = (sounding.share(self.ago(hops)), sounding.share(self.ago(hops + 1)));
            if earlier < HALF_POWER && later >= HALF_POWER {
                let back = hops as f32 + crossing(later, earlier);
                return taken.saturating_sub((back * HOP as f32) as u64 + TAPS as u64 / 2);
            }
            if later < HALF_POWER {
                break;
            }
        }
        taken.saturating_sub(WINDOW as u64)
    }

    /// Returns the sample at which the filters' output fell past half for the last time.
    #[inline]
    fn end_of(&self, sounding: &Sounding, taken: u64) -> u64 {
        let silent = (self.hop - sounding.last_hop) as usize;
        for hops in silent.saturating_sub(4)..REMEMBERED_HOPS - 1 {
            let (later, earlier) = (sounding.share(self.ago(hops)), sounding.share(self.ago(hops + 1)));
            if later < HALF_POWER && earlier >= HALF_POWER {
                let back = hops as f32 + crossing(later, earlier);
                let end = taken.saturating_sub((back * HOP as f32) as u64 + TAPS as u64 / 2);
                return end.max(sounding.tone.start_sample);
            }
        }
        taken.saturating_sub((silent * HOP) as u64).max(sounding.tone.start_sample)
    }
}

/// Part of a hop from where the share is `later` back to where it crosses a half.
#[inline]
fn crossing(later: f32, earlier: f32) -> f32 {
    let (later, earlier) = (later.sqrt(), earlier.sqrt());
    ((later - 0.5) / (later - earlier)).clamp(0.0, 1.0)
}

impl Turns {
    /// Returns the tones of the group that the phasor comes near, a bit for each.
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
