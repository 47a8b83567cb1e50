//! Frames that waited on this machine because it was busy, as far as that can be told.
//!
//! A thread that takes messages also has a timer. Where both were silent for longer than the timer's interval, the thread did
//! not run, and what it takes next may have been there before. A timer may be late for other reasons, and the network may have
//! been late meanwhile, so this is an inference.

use core::time::Duration;

use base::time::Instant;

use crate::frame::{FRAME_BYTES, FRAME_DURATION};

/// Shortest silence of a thread that counts as a hold: four frames, where its timer has an interval of 50 ms.
const SHORTEST_HOLD: Duration = Duration::from_millis(80);
/// Time after a hold within which messages are taken that had waited: they come one right after the other.
const CLUMP: Duration = Duration::from_millis(10);

/// Counts the frames that were held up here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeldFrames {
    bytes: u64,
    /// The end of the last hold's clump, and the bytes that may still have waited for it.
    clump: Option<(Instant, u64)>,
}

impl HeldFrames {
    /// Notes a message that came at `now`, before which the thread was silent for at most `silence` since the message before.
    pub(crate) fn message(&mut self, now: Instant, bytes: usize, silence: Duration) {
        if silence >= SHORTEST_HOLD {
            // A sender keeps to a frame each 20 ms: no more can have come meanwhile, and one before.
            let frames = 1 + silence.as_micros() / FRAME_DURATION.as_micros();
            let room = u64::try_from(frames).unwrap_or(u64::MAX).saturating_mul(FRAME_BYTES as u64);
            self.clump = Some((now + CLUMP, room));
        }
        if let Some((_, room)) = self.clump.as_mut().filter(|(end, _)| now <= *end) {
            let held = (*room).min(bytes as u64);
            self.bytes += held;
            *room -= held;
        }
    }

    /// Returns how many frames there were.
    pub(crate) const fn frames(&self) -> u64 {
        self.bytes / FRAME_BYTES as u64
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const FRAME: usize = FRAME_BYTES;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(1_000 + ms)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_was_late_on_its_way_was_not_held_here() {
        let mut held = HeldFrames::default();
        for frame in 0..50 {
            held.message(at(frame * 20), FRAME, ms(20));
        }
        // The network is silent for 300 ms while the timer goes on, then all comes at once.
        for _ in 0..15 {
            held.message(at(1_300), FRAME, ms(21));
        }
        assert_eq!(held.frames(), 0);
    }

    #[test]
    fn what_comes_in_a_clump_after_a_hold_was_late_here() {
        let mut held = HeldFrames::default();
        held.message(at(0), FRAME, ms(20));
        held.message(at(300), FRAME, ms(300));
        for frame in 1..15 {
            held.message(at(300 + frame / 8), FRAME, ms(0));
        }
        assert_eq!(held.frames(), 15);
        held.message(at(320), FRAME, ms(18));
        assert_eq!(held.frames(), 15, "the next is in time again");
    }

    #[test]
    fn no_more_is_held_than_comes_in_a_hold() {
        let mut held = HeldFrames::default();
        for _ in 0..100 {
            held.message(at(100), FRAME, if held.clump.is_none() { ms(100) } else { ms(0) });
        }
        assert_eq!(held.frames(), 6);
        held.message(at(5_000), FRAME, ms(79));
        assert_eq!(held.frames(), 6, "a short silence is none");
    }
}
