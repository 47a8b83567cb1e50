//! The state that the call panel shows.

use std::{collections::VecDeque, sync::Arc};

use base::{digit::Digit, time::Instant};
use ivr::{
    CompiledFlow, Dialled, NodeIx,
    metrics::{SequenceRecord, Summary},
};
use leptos::prelude::*;
use wire::{
    api::{FlowSummary, LinkStatus, Problem, Profile},
    cxone::CallState,
};

use super::latencies::Latencies;
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
    pub(crate) summary: RwSignal<Summary>,
    pub(crate) records: RwSignal<Vec<SequenceRecord>>,
    pub(crate) latencies: RwSignal<Latencies>,
    pub(crate) sounding: RwSignal<Option<Digit>>,
    /// The digits that were dialled into the call, and their fates.
    pub(crate) dialled: RwSignal<Dialled>,
    /// Number of digits that are left of the dial script that is played.
    pub(crate) script: RwSignal<usize>,
    /// True once there is an audio thread.
    pub(crate) sound: RwSignal<bool>,
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
            summary: RwSignal::new(Summary::default()),
            records: RwSignal::new(Vec::new()),
            latencies: RwSignal::new(Latencies::default()),
            sounding: RwSignal::new(None),
            dialled: RwSignal::new(Dialled::default()),
            script: RwSignal::new(0),
            sound: RwSignal::new(false),
            simulate_only: RwSignal::new(false),
            notice: RwSignal::new(None),
        }
    }

    /// Returns true when the page talks to the stand-in.
    pub(super) fn is_sandbox(&self) -> bool {
        self.profile.with(|profile| matches!(profile, Some(Ok(profile)) if profile.profile == wire::api::ProfileName::Sandbox))
    }

    /// Adds a line to the log.
    pub(super) fn log(&self, at: Instant, kind: RowKind, text: impl Into<String>, raw: Option<String>) {
        let number = self.logged.get_value() + 1;
        self.logged.set_value(number);
        let row = Arc::new(Row { number, at, kind, text: text.into(), raw });
        self.rows.update(|rows| {
            if rows.len() == MAX_ROWS {
                rows.pop_front();
            }
            rows.push_back(row);
        });
    }

    /// Moves the call to the state `to`, and logs a transition that does not exist.
    pub(super) fn set_call_state(&self, at: Instant, to: CallState) {
        let mut state = self.call.get_untracked();
        match state.go(to) {
            Ok(()) => self.call.set(state),
            Err(error) => self.log(at, RowKind::Problem, error.to_string(), None),
        }
    }
}
