//! Calls over time: how many ended when, and how many ran at once.

use std::collections::BTreeMap;

use base::timestamp;
use wire::cxone::DialerEvent;

use super::calls::{Noted, is_final};

/// Resolution of the time, in ms: calls that run at once are counted at the end of each tick.
const TICK_MS: i64 = 100;

/// The calls that were begun and ended in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tick {
    begun: u64,
    ended: u64,
}

/// A part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Number of calls that ended in it.
    pub ended: u64,
    /// Largest number of calls that ran at once in it.
    pub in_flight: u64,
}

/// The calls of a simulation over time, by the clock of the events. Calls of which no readable time came have no part in it.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    ticks: BTreeMap<i64, Tick>,
    span_ms: Option<(i64, i64)>,
}

impl Timeline {
    /// Takes in an event of which a [`CallBook`](super::calls::CallBook) said `noted`.
    pub fn note(&mut self, noted: Noted, event: &DialerEvent) {
        let is_news = match noted {
            Noted::New | Noted::Changed => true,
            Noted::Known | Noted::NoCall => false,
        };
        let Some(at) = timestamp::to_millis(&event.timestamp).filter(|_| is_news) else { return };
        let begun = at.saturating_sub_unsigned(event.duration_ms);
        if noted == Noted::New {
            self.tick(begun).begun += 1;
        }
        if is_final(&event.state) {
            self.tick(at).ended += 1;
        }
        let (first, last) = self.span_ms.unwrap_or((begun, at));
        self.span_ms = Some((first.min(begun), last.max(at)));
    }

    fn tick(&mut self, at_ms: i64) -> &mut Tick {
        self.ticks.entry(at_ms.div_euclid(TICK_MS)).or_default()
    }

    /// Returns the time from the first call's beginning to the last event, in ms; 0 where there is none.
    pub fn span_ms(&self) -> u64 {
        self.span_ms.map_or(0, |(first, last)| last.abs_diff(first))
    }

    /// Returns the whole time in at most `most` slices of one width, and that width in ms.
    pub fn slices(&self, most: u64) -> (u64, Vec<Slice>) {
        let (Some((&first, _)), Some((&last, _))) =
            (self.ticks.first_key_value(), self.ticks.last_key_value())
        else {
            return (TICK_MS.unsigned_abs(), Vec::new());
        };
        let width = (last.abs_diff(first) + 1).div_ceil(most.max(1));
        let count = (last.abs_diff(first) / width + 1) as usize;
        let mut slices = vec![Slice { ended: 0, in_flight: 0 }; count];
        let (mut running, mut next) = (0u64, first);
        for (&tick, Tick { begun, ended }) in &self.ticks {
            // What runs goes on through the ticks in which nothing happens.
            if tick > next {
                let quiet = next.abs_diff(first) / width..=(tick - 1).abs_diff(first) / width;
                for slice in &mut slices[*quiet.start() as usize..=*quiet.end() as usize] {
                    slice.in_flight = slice.in_flight.max(running);
                }
            }
            running = (running + begun).saturating_sub(*ended);
            let slice = &mut slices[(tick.abs_diff(first) / width) as usize];
            slice.in_flight = slice.in_flight.max(running);
            slice.ended += ended;
            next = tick + 1;
        }
        (width * TICK_MS.unsigned_abs(), slices)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::dialer::calls::CallBook;

    fn timeline(events: &[(&str, &str, u32, u64)]) -> Timeline {
        let (mut book, mut timeline) = (CallBook::default(), Timeline::default());
        for (call, state, second, duration_s) in events {
            let event = DialerEvent {
                simulation_id: "s".parse().unwrap(),
                call_id: Some(call.parse().unwrap()),
                state: (*state).into(),
                timestamp: format!("2026-11-28T00:00:{second:02}Z"),
                outcome: String::new(),
                duration_ms: duration_s * 1_000,
            };
            timeline.note(book.note(&event), &event);
        }
        timeline
    }

    fn ended(slices: &[Slice]) -> Vec<u64> {
        slices.iter().map(|slice| slice.ended).collect()
    }

    fn in_flight(slices: &[Slice]) -> Vec<u64> {
        slices.iter().map(|slice| slice.in_flight).collect()
    }

    #[test]
    fn calls_run_from_their_beginning_to_their_end() {
        let timeline = timeline(&[
            ("a", "dialing", 1, 0),
            ("b", "ringing", 2, 1),
            ("a", "completed", 4, 3),
            ("b", "completed", 5, 4),
            ("c", "dialing", 6, 0),
        ]);
        assert_eq!(timeline.span_ms(), 5_000);
        let (width, slices) = timeline.slices(6);
        assert_eq!(width, 900);
        assert_eq!((ended(&slices), in_flight(&slices)), (vec![0, 0, 0, 1, 1, 0], vec![2, 2, 2, 2, 1, 1]));
        let (width, slices) = timeline.slices(1_000);
        assert_eq!((width, slices.len()), (100, 51));
        assert_eq!((slices[30].in_flight, slices[40].in_flight, slices[50].in_flight), (1, 0, 1));
    }

    #[test]
    fn a_call_that_is_told_of_twice_ends_once() {
        let timeline =
            timeline(&[("a", "completed", 4, 3), ("a", "dialing", 1, 0), ("a", "completed", 4, 3)]);
        let (_, slices) = timeline.slices(3);
        assert_eq!((ended(&slices), in_flight(&slices)), (vec![0, 0, 1], vec![1, 1, 1]));
    }

    #[test]
    fn a_long_time_is_cut_into_few_slices() {
        let timeline = timeline(&[("a", "completed", 1, 1), ("b", "completed", 59, 1)]);
        let (width, slices) = timeline.slices(6);
        assert_eq!((width, slices.len()), (9_900, 6));
        assert_eq!((ended(&slices), in_flight(&slices)), (vec![1, 0, 0, 0, 0, 1], vec![1, 0, 0, 0, 0, 1]));
        assert_eq!(Timeline::default().slices(6), (100, Vec::new()));
    }

    #[test]
    fn a_time_that_cannot_be_read_has_no_part() {
        let (mut book, mut timeline) = (CallBook::default(), Timeline::default());
        let event: DialerEvent = serde_json::from_value(serde_json::json!({
            "simulationId": "s", "callId": "c", "state": "completed", "timestamp": "soon",
        }))
        .unwrap();
        timeline.note(book.note(&event), &event);
        assert_eq!((timeline.span_ms(), timeline.slices(6).1), (0, Vec::new()));
    }
}
