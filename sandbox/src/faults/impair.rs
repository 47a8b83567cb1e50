//! A network between CXone and its caller that loses and delays audio: a fault that stands instead of striking.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};
use shared::wire::FieldErrors;

/// What the voice streams suffer on their way to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Impairment {
    /// How many of 100 frames are never sent (0).
    pub loss_percent: f64,
    /// How many frames in a row are lost, on average; without it, each frame is lost or not by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<f64>,
    /// The most a frame is delayed, in milliseconds (0): anything up to that is as likely. A frame that has caught up with
    /// the one before it is sent together with it, as TCP does.
    pub jitter_ms: u64,
    /// How much faster the sender's clock runs than this machine's, in millionths (0).
    pub drift_ppm: i32,
    /// Same seed, same losses and delays, in every call (1).
    pub seed: u64,
    /// For how long, in milliseconds; without it, until it is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

impl Default for Impairment {
    fn default() -> Self {
        Self { loss_percent: 0.0, burst: None, jitter_ms: 0, drift_ppm: 0, seed: 1, ms: None }
    }
}

impl Impairment {
    /// Everything that is wrong with it, by field.
    pub(super) fn validate(&self, longest_ms: u64, errors: &mut FieldErrors) {
        /// Two seconds: longer than any network's, and concealment has long been silent.
        const LONGEST_BURST: f64 = 100.0;
        /// A stream that is a second behind loses frames of its own; half of that is left to the machine.
        const MOST_JITTER_MS: u64 = 500;
        /// A hundred times what a sound card is off by.
        const MOST_DRIFT_PPM: u32 = 10_000;
        let mut wrong = |field: &str, message: &str| errors.refuse(field, message);
        if !(0.0..=100.0).contains(&self.loss_percent) {
            wrong("lossPercent", "must be between 0 and 100");
        } else if let Some(burst) = self.burst {
            if !(1.0..=LONGEST_BURST).contains(&burst) {
                wrong("burst", "must be between 1 and 100");
            } else if self.loss_percent < 100.0 && self.begins_to_lose() > 1.0 {
                wrong("burst", "is too short for so much loss: at least one frame comes between two bursts");
            }
        }
        if self.jitter_ms > MOST_JITTER_MS {
            wrong("jitterMs", "must be at most 500");
        }
        if self.drift_ppm.unsigned_abs() > MOST_DRIFT_PPM {
            wrong("driftPpm", "must be between -10000 and 10000");
        }
        if self.ms.is_some_and(|ms| ms > longest_ms) {
            wrong("ms", "must be at most an hour");
        }
    }

    /// How likely a frame after one that was sent is lost.
    pub(crate) fn begins_to_lose(&self) -> f64 {
        let loss = self.loss_percent / 100.0;
        match self.burst {
            // So that losing and not losing balance at the loss that is asked for.
            Some(burst) if loss < 1.0 => loss / ((1.0 - loss) * burst),
            _ => loss,
        }
    }

    /// How likely a frame after one that was lost is lost.
    pub(crate) fn goes_on_losing(&self) -> f64 {
        match self.burst {
            Some(burst) if self.loss_percent < 100.0 => 1.0 - 1.0 / burst,
            _ => self.loss_percent / 100.0,
        }
    }
}

/// What an impairment has done, in all calls together.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// Frames that were to be sent.
    frames: AtomicU64,
    /// Those that were not.
    lost: AtomicU64,
    /// How often one or more in a row were not.
    bursts: AtomicU64,
    /// Those that were sent late.
    delayed: AtomicU64,
    /// By how much at most, in milliseconds.
    longest_delay_ms: AtomicU64,
}

impl Counts {
    /// A frame was lost; whether it is the first of its burst.
    pub(crate) fn lost(&self, first: bool) {
        self.frames.fetch_add(1, Relaxed);
        self.lost.fetch_add(1, Relaxed);
        self.bursts.fetch_add(u64::from(first), Relaxed);
    }

    /// A frame is sent so late.
    pub(crate) fn sent(&self, delay_ms: u64) {
        self.frames.fetch_add(1, Relaxed);
        self.delayed.fetch_add(u64::from(delay_ms > 0), Relaxed);
        self.longest_delay_ms.fetch_max(delay_ms, Relaxed);
    }
}
