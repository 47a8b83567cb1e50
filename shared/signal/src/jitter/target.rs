//! The wait that suits the lateness of frames, after the model of WebRTC's delay manager.

use core::time::Duration;

use base::time::Instant;

use super::{
    arrivals::Arrivals,
    histogram::Histogram,
    losses::{Loss, Losses},
};
use crate::frame::FRAME_DURATION;

/// Width of a place of the histogram: fine enough beside a frame's 20 ms.
pub(super) const PLACE: Duration = Duration::from_millis(5);
/// Up to half a second; the last place takes whatever is later.
const PLACES: usize = 100;
/// Additional wait where losses have to be inferred: one that is not found yet leaves a frame less.
const LOSS_WAIT: Duration = FRAME_DURATION;
/// Additional wait for a while after a loss, when another may come before the first is found.
const REPEATED_LOSS_WAIT: Duration = Duration::from_millis(30);
/// Frames for which losses are expected after one: 10 s.
const LOSS_EXPECTED_FRAMES: u32 = 500;
/// A frame that comes so soon after another was held up by that one, and tells nothing of its own.
const SAME_BURST: Duration = Duration::from_millis(3);
/// Frames that are seen before the first guess may be undercut: half a second.
const FIRST_FRAMES: u32 = 25;

/// Settings of the wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetConfig {
    /// The wait at first: 40 ms.
    pub start: Duration,
    /// The shortest wait: 20 ms, a frame.
    pub min: Duration,
    /// The longest wait: 400 ms, above which people interrupt each other (ITU-T G.114). At most 500 ms.
    pub max: Duration,
    /// The share of the frames that should come in time: 0.95.
    pub quantile: f64,
    /// Share of their weight that earlier frames keep with each new one: 0.983.
    pub forget: f64,
    /// True when frames get their numbers as they arrive. Those that were lost before leave no gap in the numbers,
    /// and are
    /// inferred from how late the others come. Not at first.
    pub infers_losses: bool,
}

impl Default for TargetConfig {
    fn default() -> Self {
        Self {
            start: FRAME_DURATION * 2,
            min: FRAME_DURATION,
            max: Duration::from_millis(400),
            quantile: 0.95,
            forget: 0.983,
            infers_losses: false,
        }
    }
}

/// Follows arrivals and derives the wait.
#[derive(Clone, Debug)]
pub struct TargetDelay {
    config: TargetConfig,
    arrivals: Arrivals,
    histogram: Histogram<PLACES>,
    losses: Option<Losses>,
    /// Arrival of the last frame.
    last: Instant,
    seen: u32,
    /// Frames for which losses are still expected.
    expected: u32,
    target: Duration,
}

impl TargetDelay {
    /// Creates the state before the first frame.
    pub fn new(config: TargetConfig) -> Self {
        Self {
            config,
            arrivals: Arrivals::new(!config.infers_losses),
            histogram: Histogram::new(config.forget),
            losses: config.infers_losses.then(Losses::new),
            last: Instant::ZERO,
            seen: 0,
            expected: 0,
            target: config.start,
        }
    }

    /// Takes a frame's arrival. Returns the number of frames that it shows to have been lost before they got a number.
    pub fn arrived(&mut self, sequence: u64, at: Instant) -> u64 {
        let late = Duration::from_micros(self.arrivals.note(sequence, at.as_micros()));
        let place = (late.as_micros() / PLACE.as_micros()) as usize;
        self.histogram.add(place);
        let alone = at - self.last >= SAME_BURST;
        self.last = at;
        let loss = self.losses.as_mut().filter(|_| alone).and_then(|losses| losses.note(sequence, place));
        self.expected = self.expected.saturating_sub(1);
        if let Some(Loss { frames, next }) = loss {
            self.arrivals.lost(frames, next);
            self.expected = LOSS_EXPECTED_FRAMES;
        }
        self.seen = self.seen.saturating_add(1);
        let places = self.histogram.quantile(self.config.quantile) as u32 + 1;
        let margin = if !self.config.infers_losses {
            Duration::ZERO
        } else if self.expected == 0 {
            LOSS_WAIT
        } else {
            REPEATED_LOSS_WAIT
        };
        let least = if self.seen < FIRST_FRAMES { self.config.start } else { self.config.min };
        self.target = (PLACE * places + margin).max(least).min(self.config.max);
        loss.map_or(0, |loss| loss.frames as u64)
    }

    /// Notes that frames ceased for a while: the next one becomes the reference. The histogram stays.
    pub fn restart(&mut self) {
        self.arrivals.restart();
        if let Some(losses) = &mut self.losses {
            losses.restart();
        }
    }

    /// The wait that is aimed at: from the time at which the quickest frame would have come until a frame is due.
    pub const fn target(&self) -> Duration {
        self.target
    }

    /// Sets the shortest wait, from the next frame on; the longest stays the longest.
    pub fn set_min(&mut self, min: Duration) {
        self.config.min = min.min(self.config.max);
    }

    /// The longest wait.
    pub const fn max(&self) -> Duration {
        self.config.max
    }

    /// Returns the earliest possible arrival of frame 0, in microseconds on the arrivals' clock.
    pub(super) fn origin_micros(&self) -> Option<i64> {
        self.arrivals.origin()
    }
}
