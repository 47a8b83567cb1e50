//! Lateness of frames, measured against the quickest of the last two seconds.

use super::FRAME_MICROS;

/// Frames among which the quickest is the measure: 2 s, as in WebRTC's delay tracker. Long enough to meet a frame
/// that nothing held up, short enough to follow the sender's clock.
const WINDOW_FRAMES: u64 = 100;
/// Frames of which none was nearly as quick as the measure show that the measure is over: half a second.
const RECENT_FRAMES: usize = 25;
/// Least lateness of those frames, in microseconds.
const SHIFT_MICROS: i64 = 15_000;
/// A power of two above [`WINDOW_FRAMES`].
const PLACES: usize = 128;

/// The quickest frames, each quicker than all that came after it: a queue whose front is the minimum.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    quickest: [Quick; PLACES],
    first: usize,
    count: usize,
    newest: u64,
    recent: [Quick; RECENT_FRAMES],
    recent_count: usize,
    /// True when a lasting shift is followed before two seconds are over.
    follows: bool,
}

#[derive(Clone, Copy, Debug)]
struct Quick {
    sequence: u64,
    /// Arrival less the frame's own time, in microseconds.
    offset: i64,
}

impl Arrivals {
    /// Creates the measure. With `follows`, frames that are all equally late become the new reference.
    pub(super) const fn new(follows: bool) -> Self {
        let quickest = [Quick { sequence: 0, offset: 0 }; PLACES];
        let recent = [Quick { sequence: 0, offset: 0 }; RECENT_FRAMES];
        Self { quickest, first: 0, count: 0, newest: 0, recent, recent_count: 0, follows }
    }

    /// Forgets the quickest frames.
    pub(super) const fn restart(&mut self) {
        self.count = 0;
        self.newest = 0;
        self.recent_count = 0;
    }

    /// Notes an arrival; microseconds by which the frame came after the time at which the quickest would have come.
    pub(super) fn note(&mut self, sequence: u64, micros: u64) -> u64 {
        let offset = micros.cast_signed().saturating_sub(sequence.cast_signed().saturating_mul(FRAME_MICROS));
        self.newest = self.newest.max(sequence);
        while self.count > 0 && self.at(self.count - 1).offset >= offset {
            self.count -= 1;
        }
        while self.count > 0
            && (self.count == PLACES || self.at(0).sequence.saturating_add(WINDOW_FRAMES) < self.newest)
        {
            self.first = (self.first + 1) % PLACES;
            self.count -= 1;
        }
        self.quickest[(self.first + self.count) % PLACES] = Quick { sequence, offset };
        self.count += 1;
        self.recent[self.recent_count % RECENT_FRAMES] = Quick { sequence, offset };
        self.recent_count += 1;
        if self.follows {
            self.follow_a_shift();
        }
        offset.saturating_sub(self.at(0).offset) as u64
    }

    /// So many frames were lost before the one with the number `next`: those before it were quicker than any will be.
    pub(super) fn lost(&mut self, frames: usize, next: u64) {
        let later = (frames as u64).cast_signed().saturating_mul(FRAME_MICROS);
        let late = |quick: &mut Quick| {
            if quick.sequence < next {
                quick.offset = quick.offset.saturating_add(later);
            }
        };
        self.quickest.iter_mut().for_each(late);
        self.recent.iter_mut().for_each(late);
        // Quicker than all after it, again.
        let mut kept = 0;
        for index in 0..self.count {
            let quick = self.at(index);
            while kept > 0 && self.at(kept - 1).offset >= quick.offset {
                kept -= 1;
            }
            self.quickest[(self.first + kept) % PLACES] = quick;
            kept += 1;
        }
        self.count = kept;
    }

    /// Drops the measure where recent frames are late all alike.
    fn follow_a_shift(&mut self) {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for back in 1..=self.recent_count.min(RECENT_FRAMES) {
            let offset = self.recent[(self.recent_count - back) % RECENT_FRAMES].offset;
            (least, most) = (least.min(offset), most.max(offset));
            let shift = least.saturating_sub(self.at(0).offset);
            let spread = most.saturating_sub(least);
            let plain = match back {
                5 => shift >= spread.saturating_mul(3),
                10 => shift >= spread,
                RECENT_FRAMES => shift.saturating_mul(2) >= spread,
                _ => false,
            };
            if plain && shift >= SHIFT_MICROS {
                while self.at(0).offset < least {
                    self.first = (self.first + 1) % PLACES;
                    self.count -= 1;
                }
                return;
            }
        }
    }

    /// Returns the earliest possible arrival of frame 0, in microseconds; `None` before the first arrival.
    pub(super) fn origin(&self) -> Option<i64> {
        (self.count > 0).then(|| self.at(0).offset)
    }

    fn at(&self, index: usize) -> Quick {
        self.quickest[(self.first + index) % PLACES]
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quicker_frame_is_the_new_measure_until_it_is_two_seconds_old() {
        let mut arrivals = Arrivals::new(true);
        assert_eq!(arrivals.origin(), None);
        assert_eq!(arrivals.note(0, 50_000), 0);
        assert_eq!(arrivals.note(1, 75_000), 5_000);
        assert_eq!(arrivals.note(2, 60_000), 0);
        assert_eq!(arrivals.origin(), Some(20_000));
        let late = |sequence: u64| sequence * 20_000 + 27_000;
        for sequence in 3..=102 {
            assert_eq!(arrivals.note(sequence, late(sequence)), 7_000, "{sequence}");
        }
        assert_eq!(arrivals.note(103, late(103)), 0);
    }

    #[test]
    fn what_is_late_for_good_becomes_the_measure() {
        let shifted_at = |spread: u64| {
            let mut arrivals = Arrivals::new(true);
            (0..150).find(|&sequence| {
                let shift = if sequence < 50 { 0 } else { 20_000 };
                arrivals.note(sequence, sequence * 20_000 + shift + sequence * 7_919 % (spread + 1));
                arrivals.origin() >= Some(20_000)
            })
        };
        assert_eq!(shifted_at(0), Some(54));
        assert_eq!(shifted_at(15_000), Some(59));
        assert!((60..=74).contains(&shifted_at(30_000).unwrap()));
    }

    proptest! {
        #[test]
        fn the_measure_is_the_least_of_the_window(delays in prop::collection::vec(0u64..15_000, 1..400)) {
            let mut arrivals = Arrivals::new(true);
            for (sequence, &delay) in delays.iter().enumerate() {
                let least = delays[sequence.saturating_sub(WINDOW_FRAMES as usize)..=sequence].iter().min();
                let late = arrivals.note(sequence as u64, sequence as u64 * 20_000 + delay);
                prop_assert_eq!(late, delay - least.expect("the frame itself at least"));
            }
        }

        #[test]
        fn any_numbers_and_times_are_survived(notes in prop::collection::vec((0u64..1 << 48, 0u64..1 << 60), 0..400)) {
            let mut arrivals = Arrivals::new(true);
            for (sequence, micros) in notes {
                arrivals.note(sequence, micros);
            }
        }
    }
}
