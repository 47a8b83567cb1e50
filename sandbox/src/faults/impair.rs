//! Impaired networks, which lose and delay audio on its way to the caller.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use base::field_error::FieldErrors;
use serde::{Deserialize, Serialize};

/// An impairment of the voice streams on their way to the caller, with its defaults in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Impairment {
    /// Percentage of frames that are lost (0).
    pub loss_percent: f64,
    /// Mean number of frames that are lost in a row (none: each frame is lost independently of the others).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<f64>,
    /// Maximum delay of a frame in milliseconds (0); delays are uniformly distributed. A frame that would overtake the
    /// previous one is sent together with it, as with TCP.
    pub jitter_ms: u64,
    /// Drift of the sender's clock against this machine's, in parts per million; positive is faster (0).
    pub drift_ppm: i32,
    /// Seed of losses and delays, which are the same in every call (1).
    pub seed: u64,
    /// Duration in milliseconds (none: until it is disarmed).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

impl Default for Impairment {
    fn default() -> Self {
        Self { loss_percent: 0.0, burst: None, jitter_ms: 0, drift_ppm: 0, seed: 1, ms: None }
    }
}

impl Impairment {
    /// Appends everything that is wrong with it, by field.
    pub(super) fn validate(&self, max_ms: u64, errors: &mut FieldErrors) {
        /// Two seconds, after which loss concealment has long been silent.
        const MAX_BURST_FRAMES: f64 = 100.0;
        /// Half of the second after which a stream that is behind loses frames of its own.
        const MAX_JITTER_MS: u64 = 500;
        /// A hundred times the drift of a sound card.
        const MAX_DRIFT_PPM: u32 = 10_000;
        let mut wrong = |field: &str, message: &str| errors.refuse(field, message);
        if !(0.0..=100.0).contains(&self.loss_percent) {
            wrong("lossPercent", "must be between 0 and 100");
        } else if let Some(burst) = self.burst {
            if !(1.0..=MAX_BURST_FRAMES).contains(&burst) {
                wrong("burst", "must be between 1 and 100");
            } else if self.loss_percent < 100.0 && self.loss_after_sent() > 1.0 {
                wrong("burst", "is too short for so much loss: at least one frame comes between two bursts");
            }
        }
        if self.jitter_ms > MAX_JITTER_MS {
            wrong("jitterMs", "must be at most 500");
        }
        if self.drift_ppm.unsigned_abs() > MAX_DRIFT_PPM {
            wrong("driftPpm", "must be between -10000 and 10000");
        }
        if self.ms.is_some_and(|ms| ms > max_ms) {
            wrong("ms", "must be at most an hour");
        }
    }

    /// Returns the probability that a frame after one that was sent is lost.
    pub(crate) fn loss_after_sent(&self) -> f64 {
        let loss = self.loss_percent / 100.0;
        match self.burst {
            // So that bursts of this mean length add up to the requested loss.
            Some(burst) if loss < 1.0 => loss / ((1.0 - loss) * burst),
            _ => loss,
        }
    }

    /// Returns the probability that a frame after one that was lost is lost.
    pub(crate) fn loss_after_loss(&self) -> f64 {
        match self.burst {
            Some(burst) if self.loss_percent < 100.0 => 1.0 - 1.0 / burst,
            _ => self.loss_percent / 100.0,
        }
    }
}

/// Counts of an impairment, of all calls together.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImpairmentCounts {
    /// Number of frames that were due.
    frames: AtomicU64,
    /// Number of frames that were lost.
    lost: AtomicU64,
    /// Number of runs of one or more lost frames.
    bursts: AtomicU64,
    /// Number of frames that were sent late.
    delayed: AtomicU64,
    /// Longest delay in milliseconds.
    longest_delay_ms: AtomicU64,
}

impl ImpairmentCounts {
    /// Counts a lost frame; `first` is true for the first of a burst.
    pub(crate) fn count_lost(&self, first: bool) {
        self.frames.fetch_add(1, Relaxed);
        self.lost.fetch_add(1, Relaxed);
        self.bursts.fetch_add(u64::from(first), Relaxed);
    }

    /// Counts a frame that is sent with this delay.
    pub(crate) fn count_sent(&self, delay_ms: u64) {
        self.frames.fetch_add(1, Relaxed);
        self.delayed.fetch_add(u64::from(delay_ms > 0), Relaxed);
        self.longest_delay_ms.fetch_max(delay_ms, Relaxed);
    }
}
