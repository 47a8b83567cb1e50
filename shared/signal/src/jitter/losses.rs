//! Frames that were lost before they got a number: inferred from those that come after, which are all 20 ms later.

use super::{histogram::Histogram, target::PLACE};
use crate::{frame::FRAME_DURATION, math::log2};

/// Up to 400 ms; the last place takes whatever is later.
const PLACES: usize = 80;
/// Places by which a lost frame shifts those after it.
const SHIFT: usize = (FRAME_DURATION.as_millis() / PLACE.as_millis()) as usize;
/// Share of their weight that earlier frames keep with each new one: half in 3 s.
const FORGET: f64 = 0.995;
/// Least share of any delay, however rarely it was seen.
const MIN_SHARE: f32 = 0.001;
/// Evidence for a loss that is believed, in bits.
const LOSS_EVIDENCE_BITS: f32 = 10.0;
/// Frames that must speak for it: two may be held up alike.
const MIN_EVIDENCE_FRAMES: usize = 3;
/// Frames that may speak for it. What is not certain after a second is how delays are now.
const MAX_EVIDENCE_FRAMES: usize = 50;
/// Losses in a row that are looked for; of longer ones the rest is found after them.
const IN_A_ROW: usize = 8;

/// Page's cumulative sum test (Biometrika 41, 1954), one for each number of losses in a row. A frame adds the logarithm of
/// how much likelier its delay is after so many losses than without, by what delays have been like; below zero the sum
/// begins anew.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    /// Delays, those of doubtful frames not yet among them.
    usual: Histogram<PLACES>,
    tests: [Test; IN_A_ROW],
    /// The places of the frames that any of the sums is made of, the oldest first.
    doubtful: [usize; MAX_EVIDENCE_FRAMES],
    count: usize,
    likeness: Likeness,
}

#[derive(Clone, Copy, Debug)]
struct Test {
    sum: f32,
    /// Frames that it is made of, and the number of the first of them.
    count: usize,
    first: u64,
}

impl Test {
    const AFRESH: Self = Self { sum: 0.0, count: 0, first: 0 };
}

/// Frames that are inferred to be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// Number of frames that were lost.
    pub(super) frames: usize,
    /// The number of the first frame that came after them.
    pub(super) next: u64,
}

impl Losses {
    pub(super) const fn new() -> Self {
        Self {
            usual: Histogram::new(FORGET),
            tests: [Test::AFRESH; IN_A_ROW],
            doubtful: [0; MAX_EVIDENCE_FRAMES],
            count: 0,
            likeness: Likeness::new(),
        }
    }

    /// Takes a frame's delay, in places of the histogram.
    pub(super) fn note(&mut self, sequence: u64, place: usize) -> Option<Loss> {
        let place = place.min(PLACES - 1);
        let worth = self.likeness.worth();
        self.doubtful[self.count] = place;
        self.count += 1;
        for (test, frames) in self.tests.iter_mut().zip(1..) {
            if test.count == 0 {
                test.first = sequence;
            }
            test.sum += worth * evidence(&self.usual, place, frames * SHIFT);
            test.count += 1;
            if test.sum <= 0.0 {
                *test = Test::AFRESH;
            }
        }
        let loss = self.believed();
        if let Some(loss) = loss {
            let since = self.tests[loss.frames - 1].count;
            self.learn(self.count - since, 0);
            self.learn(since, loss.frames * SHIFT);
            self.restart();
        } else if self.count == MAX_EVIDENCE_FRAMES {
            self.restart();
        } else {
            let doubtful = self.tests.iter().map(|test| test.count).max().unwrap_or(0);
            self.learn(self.count - doubtful, 0);
        }
        loss
    }

    /// Takes undecided evidence for the new usual delays.
    pub(super) fn restart(&mut self) {
        self.learn(self.count, 0);
        self.tests = [Test::AFRESH; IN_A_ROW];
    }

    /// As few losses as will do: each more has to be as certain beside them.
    fn believed(&self) -> Option<Loss> {
        let (mut believed, mut sum) = (None, 0.0);
        for (test, frames) in self.tests.iter().zip(1..) {
            if test.count >= MIN_EVIDENCE_FRAMES && test.sum >= sum + LOSS_EVIDENCE_BITS {
                (believed, sum) = (Some(Loss { frames, next: test.first }), test.sum);
            }
        }
        believed
    }

    /// The oldest of the doubtful frames tell what is usual, so many places quicker than they came.
    fn learn(&mut self, frames: usize, quicker: usize) {
        for &place in &self.doubtful[..frames] {
            let place = place.saturating_sub(quicker);
            self.usual.add(place);
            self.likeness.note(place as f32);
        }
        self.doubtful.copy_within(frames..self.count, 0);
        self.count -= frames;
    }
}

/// Correlation of each frame's lateness with the one before, which lessens its evidence.
#[derive(Clone, Copy, Debug)]
struct Likeness {
    mean: f32,
    variance: f32,
    /// Of neighbours.
    covariance: f32,
    last: f32,
}

impl Likeness {
    const fn new() -> Self {
        Self { mean: 0.0, variance: 0.0, covariance: 0.0, last: 0.0 }
    }

    fn note(&mut self, place: f32) {
        const GAIN: f32 = 1.0 - FORGET as f32;
        let off = place - self.mean;
        self.mean += GAIN * off;
        self.variance += GAIN * (off * off - self.variance);
        self.covariance += GAIN * (off * self.last - self.covariance);
        self.last = off;
    }

    /// Returns the evidence of a frame, 1 where it is independent of the others: the effective sample size of an
    /// autoregressive process.
    fn worth(&self) -> f32 {
        /// Added to either side, so that there is something to divide where all are alike.
        const SOME: f32 = 4.0;
        /// Losses that are not found make frames alike, and must not hide the next ones.
        const MIN_EVIDENCE_FRAMES: f32 = 0.5;
        let worth = (self.variance - self.covariance + SOME) / (self.variance + self.covariance + SOME);
        worth.clamp(MIN_EVIDENCE_FRAMES, 1.0)
    }
}

/// Returns the evidence of a delay for a loss, in bits.
fn evidence(usual: &Histogram<PLACES>, place: usize, shift: usize) -> f32 {
    let share = |place: usize| usual.share(place) as f32 + MIN_SHARE;
    // After the loss nothing can be quicker than the quickest was before.
    let shifted = place.checked_sub(shift).map_or(MIN_SHARE * MIN_SHARE, share);
    log2(shifted) - log2(share(place))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// After 200 frames that come in the places given, in turn: what is inferred from the next ones, each loss being made
    /// good once it is known, and after how many of them.
    fn infer(usual: &[usize], next: impl IntoIterator<Item = usize>) -> Vec<(u64, Loss)> {
        let mut losses = Losses::new();
        for (number, &place) in usual.iter().cycle().take(200).enumerate() {
            assert_eq!(losses.note(number as u64, place), None);
        }
        let (mut found, mut known) = (Vec::new(), 0);
        for (number, place) in (200..).zip(next) {
            if let Some(loss) = losses.note(number, place.saturating_sub(known)) {
                known += loss.frames * SHIFT;
                found.push((number - 199, loss));
            }
        }
        found
    }

    #[test]
    fn on_a_calm_network_three_frames_tell_how_many_were_lost() {
        for frames in 1..=IN_A_ROW {
            let found = infer(&[0], [frames * SHIFT; 40]);
            assert_eq!(found, [(3, Loss { frames, next: 200 })]);
        }
    }

    #[test]
    fn under_jitter_it_takes_frames_that_are_later_than_any_were() {
        let jitter = [0, 7, 3, 11, 5, 9, 1, 8, 2, 10, 4, 6];
        let later = |lost: usize| jitter.iter().cycle().map(move |place| place + lost * SHIFT);
        for lost in 1..=6 {
            let found = infer(&jitter, later(lost).take(60));
            assert_eq!(found.iter().map(|(_, loss)| loss.frames).sum::<usize>(), lost, "{found:?}");
            assert!(found.iter().all(|&(after, _)| after <= 24), "{found:?}");
        }
        assert_eq!(infer(&jitter, later(0).take(500)), []);
    }

    #[test]
    fn frames_that_were_held_up_together_are_not_taken_for_a_loss() {
        let held_up = (0..=60).rev().step_by(SHIFT).chain([0; 40]);
        assert_eq!(infer(&[0], held_up.cycle().take(400)), []);
    }
}
