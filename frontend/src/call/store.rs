//! The state that the call panel shows.

use std::{collections::VecDeque, sync::Arc};

use base::{digit::Digit, time::Instant};
use ivr::{
    CompiledFlow, Dialled, NodeIx,
    metrics::{SequenceRecord, Summary},
};
use leptos::prelude::*;
use signal::key_tones::KeyTones;
use wire::{
    api::{FlowSummary, LinkStatus, Problem, Profile},
    cxone::CallState,
};

use super::{latencies::Latencies, moments::Moments, tones, volume::OutputVolume};
use crate::ui::Notice;

/// Maximum number of rows of the log; older ones are dropped.
pub(super) const MAX_ROWS: usize = 500;

/// Signals that the session's drivers write and the views read.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    pub(crate) profile: RwSignal<Option<Result<Profile, Problem>>>,
    pub(crate) flows: RwSignal<Vec<FlowSummary>>,
    pub(crate) flow_id: RwSignal<String>,
    pub(crate) flow: RwSignal<Option<Arc<CompiledFlow>>>,
    pub(crate) call: RwSignal<CallState>,
    pub(crate) ids: RwSignal<Option<CallIds>>,
    pub(crate) position: RwSignal<Option<Position>>,
    pub(crate) visited: RwSignal<Vec<NodeIx>>,
    pub(crate) last_action: RwSignal<Option<String>>,
    pub(crate) rows: RwSignal<VecDeque<Arc<Row>>>,
    /// Number of rows since the page was loaded.
    logged: StoredValue<u64>,
    /// Between the page and Dialbench's server.
    pub(crate) page_link: RwSignal<LinkStatus>,
    /// Between Dialbench's server and CXone.
    pub(crate) cxone_link: RwSignal<LinkStatus>,
    pub(crate) voice_link: RwSignal<LinkStatus>,
    /// The time since which the server has been out of reach, and with it the state of CXone and of the call.
    pub(crate) unknown_since: RwSignal<Option<Instant>>,
    /// True while another tab has the call that this one would follow.
    pub(crate) elsewhere: RwSignal<bool>,
    pub(crate) summary: RwSignal<Summary>,
    pub(crate) records: RwSignal<Vec<SequenceRecord>>,
    pub(crate) latencies: RwSignal<Latencies>,
    pub(crate) moments: Moments,
    pub(crate) sounding: RwSignal<Option<Digit>>,
    /// The digits that were dialled into the call, and their fates.
    pub(crate) dialled: RwSignal<Dialled>,
    /// Number of digits that are left of the dial script that is played.
    pub(crate) script: RwSignal<usize>,
    /// True once there is an audio thread.
    pub(crate) sound: RwSignal<bool>,
    /// The audio context's state, by the browser's name; empty as long as there is none.
    pub(crate) sound_state: RwSignal<String>,
    /// The keys' tones.
    pub(crate) tones: RwSignal<KeyTones>,
    pub(crate) volume: RwSignal<OutputVolume>,
    pub(crate) simulate_only: RwSignal<bool>,
    pub(crate) notice: RwSignal<Option<Notice>>,
}

/// The call that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallIds {
    pub(crate) interaction: String,
    /// Absent where only digits are simulated.
    pub(crate) call: Option<String>,
}

/// The menu machine's place in the flow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Position {
    pub(crate) node: NodeIx,
    pub(crate) entered: String,
    pub(crate) speaking: bool,
    /// The timeout that runs while a digit is waited for.
    pub(crate) waiting: Option<Waiting>,
    pub(crate) ended: bool,
}

/// A running timeout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Waiting {
    pub(crate) since: Instant,
    pub(crate) until: Instant,
}

/// A line of the events log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) at: Instant,
    /// Time of the last of several that say the same.
    pub(crate) last: Instant,
    pub(crate) count: u32,
    pub(crate) kind: RowKind,
    pub(crate) text: String,
    /// The message as it came, where there is one.
    pub(crate) raw: Option<String>,
}

/// The subject of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RowKind {
    /// A digit that CXone heard.
    Digit,
    /// A step of the page's menu machine.
    Menu,
    /// A report of CXone's on the call.
    Call,
    /// The state of a connection.
    Link,
    /// Something that could not be understood, or went wrong.
    Problem,
}

impl RowKind {
    pub(crate) const ALL: [Self; 5] = [Self::Digit, Self::Menu, Self::Call, Self::Link, Self::Problem];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Digit => "digit",
            Self::Menu => "menu",
            Self::Call => "call",
            Self::Link => "link",
            Self::Problem => "problem",
        }
    }
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            profile: RwSignal::new(None),
            flows: RwSignal::new(Vec::new()),
            flow_id: RwSignal::new(String::new()),
            flow: RwSignal::new(None),
            call: RwSignal::new(CallState::Idle),
            ids: RwSignal::new(None),
            position: RwSignal::new(None),
            visited: RwSignal::new(Vec::new()),
            last_action: RwSignal::new(None),
            rows: RwSignal::new(VecDeque::new()),
            logged: StoredValue::new(0),
            page_link: RwSignal::new(LinkStatus::CLOSED),
            cxone_link: RwSignal::new(LinkStatus::CLOSED),
            voice_link: RwSignal::new(LinkStatus::CLOSED),
            unknown_since: RwSignal::new(None),
            elsewhere: RwSignal::new(false),
            summary: RwSignal::new(Summary::default()),
            records: RwSignal::new(Vec::new()),
            latencies: RwSignal::new(Latencies::default()),
            moments: Moments::new(),
            sounding: RwSignal::new(None),
            dialled: RwSignal::new(Dialled::default()),
            script: RwSignal::new(0),
            sound: RwSignal::new(false),
            sound_state: RwSignal::new(String::new()),
            tones: RwSignal::new(tones::stored()),
            volume: RwSignal::new(OutputVolume::default()),
            simulate_only: RwSignal::new(false),
            notice: RwSignal::new(None),
        }
    }

    /// Returns true when the page talks to the stand-in.
    pub(super) fn is_sandbox(&self) -> bool {
        self.profile.with(|profile| matches!(profile, Some(Ok(profile)) if profile.profile == wire::api::ProfileName::Sandbox))
    }

    /// Returns the node that the call is at, or was at when it was lost sight of; none once it is over.
    pub(super) fn place(&self) -> Option<NodeIx> {
        let is_over = self.call.get() == CallState::Terminated && !self.simulate_only.get();
        self.position.get().filter(|_| !is_over).map(|position| position.node)
    }

    /// Adds a line to the log. One that says the same as the line before it is counted there, but each digit has its own.
    pub(super) fn log(&self, at: Instant, kind: RowKind, text: impl Into<String>, raw: Option<String>) {
        self.add(Row { number: 0, at, last: at, count: 1, kind, text: text.into(), raw });
    }

    /// Adds a line about a problem, with its technical detail behind it.
    pub(super) fn log_problem(&self, at: Instant, problem: &Problem) {
        let text = format!("{}: {}", problem.title, problem.detail);
        self.log(at, RowKind::Problem, text, problem.technical.clone());
    }

    /// Takes the notice away whose cause is over once the server and CXone can be reached.
    pub(super) fn is_reached(&self) {
        self.notice.update(|notice| drop(notice.take_if(|notice| notice.passes)));
    }

    fn add(&self, mut row: Row) {
        self.rows.update(|rows| {
            let same = |last: &&mut Arc<Row>| {
                row.kind != RowKind::Digit
                    && (row.kind, &row.text, &row.raw) == (last.kind, &last.text, &last.raw)
            };
            if let Some(last) = rows.back_mut().filter(same) {
                row = Row { number: last.number, at: last.at, count: last.count + 1, ..row };
                *last = Arc::new(row);
                return;
            }
            row.number = self.logged.get_value() + 1;
            self.logged.set_value(row.number);
            if rows.len() == MAX_ROWS {
                rows.pop_front();
            }
            rows.push_back(Arc::new(row));
        });
    }

    /// Moves the call to the state `to`, and logs a transition that does not exist.
    pub(super) fn set_call_state(&self, at: Instant, to: CallState) {
        let before = self.call.get_untracked();
        let mut state = before;
        match state.go(to) {
            Ok(()) => {
                self.moments.call_is(at, before, state);
                self.call.set(state);
            }
            Err(error) => self.log(at, RowKind::Problem, error.to_string(), None),
        }
    }
}
