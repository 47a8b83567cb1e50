//! A run as its events tell of it.

use std::sync::Arc;

use scenario::dialer::{
    Timeline,
    calls::{Call, CallBook, Noted},
};
use wire::cxone::{DialerEvent, DialerSimulation};

/// The calls of a run, and what else its events told.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) book: CallBook,
    pub(super) timeline: Timeline,
    /// A row for each of the book's calls.
    rows: Vec<CallRow>,
    /// State of the simulation, as its own last event had it.
    pub(super) announced: Option<String>,
    /// Number of events that the page could not read.
    pub(super) unreadable: u64,
}

/// A row of the table of calls: the call's place in the book, and its name.
#[derive(Clone, Debug)]
pub(super) struct CallRow {
    pub(super) place: usize,
    pub(super) id: Arc<str>,
}

impl Model {
    /// Takes an event in.
    pub(super) fn note(&mut self, event: &DialerEvent) {
        let noted = self.book.note(event);
        self.timeline.note(noted, event);
        match noted {
            Noted::New => {
                let place = self.rows.len();
                let id = event.call_id.as_ref().map_or("", |id| id.as_str());
                self.rows.push(CallRow { place, id: id.into() });
            }
            Noted::NoCall => self.announced = Some(event.state.clone()),
            Noted::Changed | Noted::Known => {}
        }
    }

    /// Returns a row for each call, in the order in which they were first heard of.
    pub(super) fn rows(&self) -> &[CallRow] {
        &self.rows
    }

    /// Returns a row's call; None where the table still shows another run's.
    pub(super) fn call(&self, row: &CallRow) -> Option<&Call> {
        self.book.calls().get(row.place)
    }

    /// Returns the calls whose ends are not known, of which `latest` is CXone's own last word.
    pub(super) fn missing(&self, latest: Option<&DialerSimulation>) -> Missing {
        let attempted = latest.map_or(0, |latest| latest.calls_attempted);
        Missing {
            unfinished: self.book.in_flight(),
            unheard: attempted.saturating_sub(self.book.attempted()),
        }
    }
}

/// Numbers of calls of whose end no event came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Calls that events told of, but not of their end.
    pub(super) unfinished: u64,
    /// Calls that CXone counts and no event told of.
    pub(super) unheard: u64,
}

impl Missing {
    pub(super) const fn total(self) -> u64 {
        self.unfinished + self.unheard
    }
}
