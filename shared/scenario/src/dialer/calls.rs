//! The calls of a simulation, as its events tell of them. Events may come twice and in any order: a call's final state
//! stands, and before it the latest state does.

use std::collections::HashMap;

use base::{ids::DialerCallId, timestamp};
use wire::cxone::{CallOutcome, DialerEvent};

use super::{distribution::OUTCOMES, latency::Latencies};

/// A call, as far as events have told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Identifier of the call.
    pub id: DialerCallId,
    /// State of the call, in CXone's words.
    pub state: String,
    /// Outcome of the call, in CXone's words; empty while there is none.
    pub outcome: String,
    /// Time of the state (RFC 3339).
    pub timestamp: String,
    /// Time since the call was begun, in ms.
    pub duration_ms: u64,
    /// True when the call came to its end.
    pub is_over: bool,
    at: Option<i64>,
}

/// The effect of an event on a [`CallBook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is the first of its call.
    New,
    /// It changes what is known of its call.
    Changed,
    /// Something later was known of its call, or the very same.
    Known,
    /// It is no call's.
    NoCall,
}

/// The calls of one simulation, counted as their events come in. An event costs the same however many calls there are.
#[derive(Clone, Debug, Default)]
pub struct CallBook {
    calls: Vec<Call>,
    places: HashMap<DialerCallId, usize>,
    over: u64,
    completed: u64,
    outcomes: [u64; OUTCOMES],
    other_outcomes: u64,
    latencies: Latencies,
}

/// The state in which a call made all its way.
const COMPLETED: &str = "completed";

/// Returns true for a state that nothing follows.
pub fn is_final(state: &str) -> bool {
    [COMPLETED, "failed"].iter().any(|name| state.eq_ignore_ascii_case(name))
}

impl CallBook {
    /// Takes an event in.
    pub fn note(&mut self, event: &DialerEvent) -> Noted {
        let Some(id) = &event.call_id else { return Noted::NoCall };
        let call = Call {
            id: id.clone(),
            state: event.state.clone(),
            outcome: event.outcome.clone(),
            timestamp: event.timestamp.clone(),
            duration_ms: event.duration_ms,
            is_over: is_final(&event.state),
            at: timestamp::to_millis(&event.timestamp),
        };
        let noted = match self.places.get(id) {
            None => {
                self.places.insert(id.clone(), self.calls.len());
                self.calls.push(call.clone());
                Noted::New
            }
            Some(&place) => {
                let known = &mut self.calls[place];
                let is_later = call.is_over || call.at > known.at;
                if known.is_over || !is_later {
                    return Noted::Known;
                }
                *known = call.clone();
                Noted::Changed
            }
        };
        if call.is_over {
            self.count(&call);
        }
        noted
    }

    fn count(&mut self, call: &Call) {
        self.over += 1;
        self.completed += u64::from(call.state.eq_ignore_ascii_case(COMPLETED));
        match CallOutcome::from_name(&call.outcome) {
            Some(outcome) => self.outcomes[outcome.index()] += 1,
            None => self.other_outcomes += 1,
        }
        self.latencies.record(call.duration_ms);
    }

    /// Returns the calls, in the order in which they were first heard of.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Returns the number of calls that were begun.
    pub fn attempted(&self) -> u64 {
        self.calls.len() as u64
    }

    /// Returns the number of calls that came to their end, whatever it was.
    pub const fn over(&self) -> u64 {
        self.over
    }

    /// Returns the number of calls that made all their way.
    pub const fn completed(&self) -> u64 {
        self.completed
    }

    /// Returns the number of calls that go on.
    pub fn in_flight(&self) -> u64 {
        self.attempted() - self.over
    }

    /// Returns the numbers of calls by outcome, in the order of [`CallOutcome::ALL`].
    pub const fn outcomes(&self) -> &[u64; OUTCOMES] {
        &self.outcomes
    }

    /// Returns the number of calls that ended with an outcome that nobody has heard of, or with none.
    pub const fn other_outcomes(&self) -> u64 {
        self.other_outcomes
    }

    /// Returns the durations of the calls that came to their end.
    pub const fn latencies(&self) -> &Latencies {
        &self.latencies
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn event(call: &str, state: &str, second: u32, outcome: &str) -> DialerEvent {
        DialerEvent {
            simulation_id: "s".parse().unwrap(),
            call_id: Some(call.parse().unwrap()),
            state: state.into(),
            timestamp: format!("2026-11-28T00:00:{second:02}Z"),
            outcome: outcome.into(),
            duration_ms: u64::from(second) * 1_000,
        }
    }

    fn life(call: &str, outcome: &str) -> Vec<DialerEvent> {
        vec![
            event(call, "dialing", 1, ""),
            event(call, "ringing", 2, ""),
            event(call, "completed", 3, outcome),
        ]
    }

    #[test]
    fn calls_are_counted_once_they_are_over() {
        let mut book = CallBook::default();
        for event in life("a", "answered").iter().chain(&life("b", "busy")).chain(&life("c", "abducted")) {
            assert_ne!(book.note(event), Noted::Known);
        }
        book.note(&event("d", "ringing", 9, ""));
        book.note(&event("e", "failed", 9, "no-answer"));
        assert_eq!((book.attempted(), book.over(), book.completed(), book.in_flight()), (5, 4, 3, 1));
        assert_eq!((book.outcomes(), book.other_outcomes()), (&[1, 1, 1, 0, 0], 1));
        assert_eq!(book.latencies().len(), 4);
    }

    #[test]
    fn a_final_state_stands() {
        let mut book = CallBook::default();
        book.note(&event("a", "completed", 3, "answered"));
        for late in
            [event("a", "ringing", 2, ""), event("a", "ringing", 9, ""), event("a", "failed", 9, "busy")]
        {
            assert_eq!(book.note(&late), Noted::Known);
        }
        assert_eq!((book.outcomes()[0], book.over()), (1, 1));
    }

    #[test]
    fn before_its_end_a_call_is_in_its_latest_state() {
        let mut book = CallBook::default();
        assert_eq!(book.note(&event("a", "ringing", 2, "")), Noted::New);
        assert_eq!(book.note(&event("a", "dialing", 1, "")), Noted::Known);
        assert_eq!(book.calls()[0].state, "ringing");
        assert_eq!(book.note(&event("a", "connected", 4, "")), Noted::Changed);
        assert_eq!(book.calls()[0].state, "connected");
        // An end without a readable time is an end all the same.
        let end = DialerEvent { timestamp: "soon".into(), ..event("a", "Completed", 0, "answered") };
        assert_eq!(book.note(&end), Noted::Changed);
        assert_eq!(book.over(), 1);
    }

    #[test]
    fn the_simulation_s_own_events_are_no_calls() {
        let own = DialerEvent { call_id: None, ..event("a", "completed", 1, "") };
        assert_eq!(CallBook::default().note(&own), Noted::NoCall);
    }

    proptest! {
        #[test]
        fn order_and_repetition_change_nothing(
            outcomes in prop::collection::vec(0usize..5, 1..20), order in prop::collection::vec(any::<prop::sample::Index>(), 0..120)
        ) {
            let events: Vec<DialerEvent> = (outcomes.iter().enumerate())
                .flat_map(|(call, outcome)| life(&format!("c{call}"), CallOutcome::ALL[*outcome].name()))
                .collect();
            let mut straight = CallBook::default();
            for event in &events {
                straight.note(event);
            }
            let mut shuffled = CallBook::default();
            let again = order.iter().map(|at| &events[at.index(events.len())]);
            for event in again.chain(events.iter().rev()) {
                shuffled.note(event);
            }
            let counts = |book: &CallBook| (book.attempted(), book.over(), book.completed(), *book.outcomes());
            prop_assert_eq!(counts(&straight), counts(&shuffled));
            let sorted = |book: &CallBook| {
                let mut calls = book.calls().to_vec();
                calls.sort_by(|one, other| one.id.cmp(&other.id));
                calls
            };
            prop_assert_eq!(sorted(&straight), sorted(&shuffled));
        }
    }
}
