//! The decisions from hop to hop: a digit begins, goes on, or ends.

use wide::f32x4;

use super::{
    Detection, Digit, Tone,
    echo::Echoes,
    evidence,
    fit::{Fit, Residual},
    moment::{Moment, Sounding},
    tables::{BANDS, Bands, HIGH_TURNS, HOP, LOW_TURNS, TAPS, Turns, WINDOW},
};
use crate::level::sine_dbm0;

/// Hops remembered, 128 ms: more than a window and the longest interruption together, and as long as a tail without a rise.
const REMEMBERED_HOPS: usize = 64;
/// Demands on a tone on a line.
const LINE: Steadiness = Steadiness { kept: 0.5, risen: 0.3, coherence: 0.7 };
/// Demands on a tone in rooms, out of codecs, and beneath voices and music.
const ANYWHERE: Steadiness = Steadiness { kept: 0.15, risen: 0.05, coherence: 0.5 };
/// Hops between the first and the last filter output that lie within a full window.
const STEADY_HOPS: usize = 8;
/// A digit is over after this many hops without it, 28 ms: ITU-T Q.24 bridges 10 ms and separates 40 ms, and a packet that
/// is lost leaves a gap of 20 ms.
const RELEASE_HOPS: u64 = 14;
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
/// In a room and out of a codec either group may be 12 dB stronger: with more evidence it is taken.
const MAX_ACOUSTIC_TWIST: f32 = 16.0;
/// The band filters are not flat: before the fit, levels and twist are judged 3 dB more kindly.
const POWER_SLACK: f32 = 0.5;
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
/// Largest residual of a digit over hum, rumble or dial tone, once those are removed: a voice leaves more.
const MAX_RESIDUAL_OVER_HUM: f32 = 0.04;
/// Residual that no hum explains.
const MAX_HUM: f32 = 100.0;
/// Largest error of a digit over hum.
const MAX_HUM_ERROR: f32 = 0.012;
/// Largest residual of the first and last 3 ms of a digit that is told by the evidence: twice, it lasts for 28 ms.
const MAX_EVIDENT_EDGE_RESIDUAL: f32 = 0.75;
/// Tones that were off tune so many hops ago have glided to where they are.
const OFF_TUNE_HOPS: u64 = 4;
/// Hops after which a digit in noise has to be confirmed.
const CONFIRM_HOPS: core::ops::RangeInclusive<u64> = 3..=8;
/// Hops after which a digit that is told by the evidence, or over hum, has to be confirmed.
const CONFIRM_EVIDENCE_HOPS: core::ops::RangeInclusive<u64> = 3..=14;

/// Verdict on a digit in a window.
enum Verdict {
    /// It holds none.
    None,
    /// It holds two tones that are none of a digit's, or have glided there from where they were none.
    OffTune,
    /// It holds nothing else.
    Clear,
    /// It holds noise or call progress tones besides: to be confirmed.
    Noisy,
    /// It holds much besides, but the evidence is for a digit: to be confirmed.
    Evident,
}

/// Steadiness of both tones over a window.
struct Steadiness {
    /// Share of its power that a tone keeps from one end of the window to the other.
    kept: f32,
    /// Share of its power that it had one hop earlier: with less, it began less than a window ago.
    risen: f32,
    /// The sum of its steps as a share of the sum of its powers, squared.
    coherence: f32,
}

#[derive(Clone, Debug)]
pub(super) struct HopDetector {
    /// By reference, so that they are loaded: V8 builds vector constants in the code, half of them at a time.
    bands: &'static Bands,
    past: [Moment; REMEMBERED_HOPS],
    /// Hops taken.
    hop: u64,
    /// The least power of either sine.
    min_power: f32,
    /// Hop in which two tones were clear and off tune.
    off_tune_hop: u64,
    /// Digit that was found once in noise, and its hop.
    hint: Option<(Digit, u64)>,
    sounding: Option<Sounding>,
    echoes: Echoes,
    /// Hop in which an echo was heard.
    echo_hop: u64,
}

impl HopDetector {
    #[inline]
    pub(super) fn new(min_peak: f32) -> Self {
        Self {
            bands: &BANDS,
            past: [Moment::default(); REMEMBERED_HOPS],
            hop: 0,
            min_power: min_peak * min_peak,
            off_tune_hop: 0,
            hint: None,
            sounding: None,
            echoes: Echoes::default(),
            echo_hop: 0,
        }
    }

    /// Takes the last [`HOP`] of `samples`; `taken` counts all samples so far.
    pub(super) fn push(&mut self, samples: &[i16], taken: u64, on: &mut impl FnMut(Detection)) {
        self.hop += 1;
        let taps = samples.last_chunk::<TAPS>().expect("a window is kept, and that is longer");
        let now = Moment::new(self.bands, taps, self.ago(1), self.ago(2));
        self.past[self.hop as usize % REMEMBERED_HOPS] = now;
        if self.sounding.is_some() && self.follow(taken, on) {
            return;
        }
        if self.may_be_digit(&now, &ANYWHERE)
            && let Some((row, column, coherence)) = self.classify()
        {
            let window = samples.last_chunk::<WINDOW>().expect("a window is kept");
            let on_a_line = coherence > LINE.coherence && self.may_be_digit(&now, &LINE);
            self.judge(window, row, column, on_a_line, taken, on);
        }
    }

    /// Ends the input after `taken` samples.
    pub(super) fn finish(&mut self, taken: u64, mut on: impl FnMut(Detection)) {
        if let Some(sounding) = self.sounding.take() {
            let end = if sounding.last_hop == self.hop { taken } else { self.end_of(&sounding, taken) };
            on(Detection::End(Tone { end_sample: end, ..sounding.tone }));
        }
    }

    /// Returns the count of hops taken.
    pub(super) const fn hop(&self) -> u64 {
        self.hop
    }

    /// Returns the hop in which an echo was heard last.
    pub(super) const fn echo_hop(&self) -> u64 {
        self.echo_hop
    }

    /// Returns what was measured so many hops ago.
    #[inline]
    pub(super) fn ago(&self, hops: usize) -> &Moment {
        &self.past[(self.hop as usize).wrapping_sub(hops) % REMEMBERED_HOPS]
    }

    /// The cheap questions, which nearly all speech fails: level, twist, and steadiness over the window.
    #[inline]
    fn may_be_digit(&self, now: &Moment, asked: &Steadiness) -> bool {
        // All at once: the answers are random in speech, and a mispredicted branch costs more than all of them.
        const TWIST: f32x4 = f32x4::new([POWER_SLACK / MAX_ACOUSTIC_TWIST; 4]);
        let [low, high, ..] = now.powers.to_array();
        let other = f32x4::new([high, low, high, low]);
        let loud = now.powers.simd_gt(f32x4::splat(POWER_SLACK * self.min_power))
            & now.powers.simd_gt(TWIST * other);
        let (then, before) = (self.ago(STEADY_HOPS + 1).powers, self.ago(STEADY_HOPS + 2).powers);
        let steady = then.simd_gt(asked.kept * now.powers) & now.powers.simd_gt(asked.kept * then);
        (loud & steady & before.simd_gt(asked.risen * now.powers)).all()
    }

    /// Row and column by the phase advance from hop to hop over the window, and the less coherent one's coherence.
    #[expect(clippy::needless_bitwise_bool, reason = "in music the answers are random: one branch, not four")]
    #[inline]
    fn classify(&self) -> Option<(usize, usize, f32)> {
        let (now, before) = (self.ago(0), self.ago(STEADY_HOPS / 2));
        let [powers, steps] = [0, 1].map(|sum| now.four[sum] + before.four[sum]);
        let [low_re, high_re, low_im, high_im] = steps.to_array();
        let [low_power, high_power, ..] = powers.to_array();
        let low = (low_re * low_re + low_im * low_im) / (low_power * low_power);
        let high = (high_re * high_re + high_im * high_im) / (high_power * high_power);
        let coherence = f32::min(low, high);
        let rows = LOW_TURNS.near(low_re, low_im);
        let columns = HIGH_TURNS.near(high_re, high_im);
        ((coherence > ANYWHERE.coherence) & (rows != 0) & (columns != 0))
            .then(|| (rows.trailing_zeros() as usize, columns.trailing_zeros() as usize, coherence))
    }

    fn judge(
        &mut self,
        window: &[i16; WINDOW],
        row: usize,
        column: usize,
        on_a_line: bool,
        taken: u64,
        on: &mut impl FnMut(Detection),
    ) {
        let digit = Digit::at(row, column).expect("four rows and columns");
        if self.sounding.is_some_and(|sounding| sounding.tone.digit == digit) {
            return;
        }
        let Some(fit) = Fit::new(window, row, column) else { return };
        let confirm = match self.verdict(window, &fit, on_a_line) {
            Verdict::None => return,
            Verdict::OffTune => {
                self.off_tune_hop = self.hop;
                return;
            }
            Verdict::Clear => return self.begin(digit, &fit, taken, on),
            Verdict::Noisy => CONFIRM_HOPS,
            Verdict::Evident => CONFIRM_EVIDENCE_HOPS,
        };
        match self.hint {
            Some((hinted, hop)) if hinted == digit && self.hop - hop <= *confirm.end() => {
                if confirm.contains(&(self.hop - hop)) {
                    self.begin(digit, &fit, taken, on);
                }
            }
            _ => self.hint = Some((digit, self.hop)),
        }
    }

    /// Judges the digit of `fit` by how well it explains the window; `on_a_line` says that it is as steady as there.
    fn verdict(&self, window: &[i16; WINDOW], fit: &Fit, on_a_line: bool) -> Verdict {
        let (low, high) = (&fit.low, &fit.high);
        let error = f32::max(low.error.abs(), high.error.abs());
        if (low.error - high.error).abs() > MAX_SPREAD
            || low.power < self.min_power
            || high.power < self.min_power
            || high.power > MAX_ACOUSTIC_TWIST * low.power
            || low.power > MAX_ACOUSTIC_TWIST * high.power
        {
            return Verdict::None;
        }
        let on_a_line =
            on_a_line && high.power <= MAX_TWIST * low.power && high.power >= MIN_TWIST * low.power;
        let mut rest = fit.remainder(window);
        let whole = rest.measure();
        let clear = whole.whole < MAX_CLEAR_RESIDUAL && whole.short_edge < MAX_CLEAR_EDGE_RESIDUAL;
        if clear && (error > MAX_ERROR || self.hop - self.off_tune_hop <= OFF_TUNE_HOPS) {
            return Verdict::OffTune;
        }
        if error > MAX_ERROR {
            return Verdict::None;
        }
        if clear && on_a_line {
            return Verdict::Clear;
        }
        if whole.whole > MAX_HUM {
            return Verdict::None;
        }
        let noisy = |residual: &Residual, limit: f32| {
            on_a_line && residual.whole <= limit && residual.long_edge <= MAX_NOISY_EDGE_RESIDUAL
        };
        if noisy(&whole, MAX_NOISY_RESIDUAL) {
            return Verdict::Noisy;
        }
        rest.remove_call_progress();
        if whole.whole < MAX_UNEXPLAINED && noisy(&rest.measure(), MAX_RESIDUAL_OVER_TONES) {
            return Verdict::Noisy;
        }
        rest.remove_below();
        let above = rest.measure();
        if above.long_edge > MAX_EVIDENT_EDGE_RESIDUAL {
            return Verdict::None;
        }
        let over_hum = above.whole < MAX_RESIDUAL_OVER_HUM && error < MAX_HUM_ERROR;
        if over_hum || evidence::log_odds(fit, &whole, &above) > evidence::ENOUGH {
            Verdict::Evident
        } else {
            Verdict::None
        }
    }

    fn begin(&mut self, digit: Digit, fit: &Fit, taken: u64, on: &mut impl FnMut(Detection)) {
        if self.echoes.explain(digit, self.hop, REMEMBERED_HOPS as u64, |hops| self.ago(hops as usize)) {
            self.echo_hop = self.hop;
            return;
        }
        if let Some(before) = self.sounding.take() {
            self.echoes.remember(before.tone.digit, before.loudest, before.last_hop);
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
            loudest: self.ago(0).power(),
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
            sounding.loudest = sounding.loudest.max(self.past[hop % REMEMBERED_HOPS].power());
        } else if self.hop - sounding.last_hop >= RELEASE_HOPS {
            let sounding = *sounding;
            self.sounding = None;
            self.echoes.remember(sounding.tone.digit, sounding.loudest, sounding.last_hop);
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
pub(super) fn crossing(later: f32, earlier: f32) -> f32 {
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
