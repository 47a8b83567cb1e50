//! Following a call: the menu machine of one interaction, fed by what CXone reports of it.
//!
//! CXone leads, the machine here follows, and reports come over a network: late, twice, in another order, or never. The
//! protocol by which the two stay together:
//!
//! 1. **A digit that is reported is walked at once**, and every node entered thereby *awaits confirmation*.
//! 2. **A report that the call is at a node** confirms the first such node that awaits it, wherever the walk has got to since.
//!    Nothing else happens: what is being typed, and what was typed ahead, stays as it is.
//! 3. **Where no such node awaits confirmation**, CXone is ahead, and the walk follows. If one of the present node's edges
//!    leads there – its prompts are over, its timeout has passed, the digits entered complete it – that is what happened.
//!    Otherwise CXone is elsewhere for a reason unknown, which is said ([`Event::Resynchronised`]).
//! 4. **A digit whose report comes after the node that it led to** is known by CXone's clock: it happened no later than the
//!    report that was followed. It counted already and is not counted again; where it was not accounted for, that is said.
//! 5. **A report that comes twice** has the same time both times, and counts once. A report of a node that is older than one
//!    that was believed is no news.
//! 6. **Timeouts** run later here by [`MachineConfig::grace`], so that a digit in time is not too late here; CXone's own word
//!    of a timeout, where it gives one, has it happen at once, and so has a digit that comes after it by CXone's clock.
//! 7. **A node that CXone does not confirm in time**, though it confirms others, is said ([`Note::Unconfirmed`]), and so is
//!    a digit that comes out of order ([`Note::OutOfOrder`]).
//!
//! So after all reports have come, both are at the same node with the same digits, or a note says where not.

use core::time::Duration;
use std::{collections::VecDeque, sync::Arc};

use base::{
    digit::{Digit, DigitString},
    time::Instant,
};

use super::{
    CompiledFlow, Event, Input, MachineConfig, MenuMachine, NodeIx, Output, PromptTiming, Resolution,
    SessionKey, SessionView, Timer,
    graph::{Entry, NodeKind},
};

/// Time within which CXone confirms a node.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Time by which timeouts run later where CXone reports prompts and timeouts itself: longer than reports take.
const REPORT_GRACE: Duration = Duration::from_millis(500);
/// Maximum number of nodes that await confirmation, and of reports that are compared with new ones.
const MAX_REMEMBERED: usize = 64;

/// A report of CXone's on the interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It heard a digit.
    Digit(Digit),
    /// The call got to a node.
    At(NodeIx),
    /// The last of a node's prompts has ended.
    PromptsEnded(NodeIx),
    /// A node's timeout has passed.
    TimedOut(NodeIx),
    /// The call is over.
    Over,
}

/// A discrepancy between the reports and the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// CXone is at a node that the reported digits do not lead to yet.
    Ahead(NodeIx),
    /// CXone has not confirmed a node in time.
    Unconfirmed(NodeIx),
    /// A digit came after one that was pressed later.
    OutOfOrder(Digit),
    /// A digit came too late to be followed: the call had gone on, and what was entered here lacks it.
    TooLate(Digit),
}

/// An output of the follower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Followed {
    /// A step of the menu machine's.
    Step(Output),
    /// A discrepancy, and its time.
    Note(Instant, Note),
}

/// Follows one interaction by CXone's reports.
pub struct Follower {
    machine: MenuMachine,
    key: SessionKey,
    awaited: VecDeque<Awaited>,
    /// True once CXone has confirmed a node: not every one does.
    confirms: bool,
    /// Nodes whose timeout passed here before CXone said so.
    timeouts: VecDeque<NodeIx>,
    /// The last reports, with their times.
    recent: VecDeque<(Report, Instant)>,
    /// The newest digit, with CXone's time.
    newest_digit: Option<(Instant, Digit)>,
    /// CXone's time of the report with which the present timeout began to run.
    waits_since: Option<Instant>,
    /// CXone's times of its newest node, and of the newest that was followed.
    newest_node: Instant,
    followed: Option<Instant>,
    /// Digits that brought CXone ahead, and were not reported yet.
    owed: DigitString,
    /// A node whose prompts ended before the call was known to be there.
    ended_early: Option<NodeIx>,
    outputs: VecDeque<Followed>,
}

struct Awaited {
    node: NodeIx,
    since: Instant,
    overdue: bool,
}

impl Follower {
    /// Opens the interaction at the flow's start.
    pub fn new(flow: Arc<CompiledFlow>, prompts: PromptTiming, now: Instant) -> Self {
        let grace = match prompts {
            PromptTiming::Reported => REPORT_GRACE,
            PromptTiming::Instant => Duration::ZERO,
        };
        let mut machine = MenuMachine::new(flow, MachineConfig { prompts, grace, max_sessions: 1 });
        let key = machine.open(now).expect("the only session of a new machine");
        let mut follower = Self {
            machine,
            key,
            awaited: VecDeque::new(),
            confirms: false,
            timeouts: VecDeque::new(),
            recent: VecDeque::new(),
            newest_digit: None,
            waits_since: None,
            newest_node: Instant::ZERO,
            followed: None,
            owed: DigitString::new(),
            ended_early: None,
            outputs: VecDeque::new(),
        };
        follower.drain();
        follower
    }

    /// Takes a report that came at `now`. `happened` is its time by CXone's clock, where that is finer than a second.
    /// Returns false for a report that came before.
    pub fn handle_report(&mut self, now: Instant, report: Report, happened: Option<Instant>) -> bool {
        self.handle_timeout(now);
        if let Some(happened) = happened {
            if self.recent.contains(&(report, happened)) {
                return false;
            }
            if self.recent.len() == MAX_REMEMBERED {
                self.recent.pop_front();
            }
            self.recent.push_back((report, happened));
        }
        let waiting = self.waiting();
        match report {
            Report::Digit(digit) => self.digit(now, digit, happened),
            Report::At(node) => self.at(now, node, happened),
            Report::PromptsEnded(node) => self.prompts_ended(now, node, happened),
            Report::TimedOut(node) => self.timed_out(now, node),
            Report::Over => self.over(now),
        }
        let waits = self.waiting();
        let another = matches!((report, waits), (Report::Digit(_), Some((Timer::InterDigit, _))));
        if another || waits != waiting {
            self.waits_since = happened;
        }
        true
    }

    /// Presses a key that CXone hears nothing of.
    pub fn press(&mut self, now: Instant, digit: Digit) {
        self.handle_timeout(now);
        self.input(now, Input::Digit(digit));
    }

    /// Notes that the caller hung up.
    pub fn hang_up(&mut self, now: Instant) {
        self.handle_timeout(now);
        self.input(now, Input::Hangup);
        self.awaited.clear();
    }

    /// Lets every deadline at or before `now` take effect.
    pub fn handle_timeout(&mut self, now: Instant) {
        let waiting = self.waiting();
        self.machine.handle_timeout(now);
        self.drain();
        if self.waiting() != waiting {
            self.waits_since = None;
        }
        if !self.confirms {
            return;
        }
        for awaited in &mut self.awaited {
            let due = awaited.since + CONFIRMATION_TIMEOUT;
            if !awaited.overdue && due <= now {
                awaited.overdue = true;
                self.outputs.push_back(Followed::Note(due, Note::Unconfirmed(awaited.node)));
            }
        }
    }

    /// Returns the time at which [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits = |awaited: &&Awaited| self.confirms && !awaited.overdue;
        let confirmation =
            self.awaited.iter().find(waits).map(|awaited| awaited.since + CONFIRMATION_TIMEOUT);
        [self.machine.poll_timeout(), confirmation].into_iter().flatten().min()
    }

    /// Returns the next output.
    pub fn poll_output(&mut self) -> Option<Followed> {
        self.outputs.pop_front()
    }

    /// Returns the interaction's state.
    pub fn session(&self) -> Option<SessionView> {
        self.machine.session(self.key)
    }

    /// Returns the value of a variable.
    pub fn variable(&self, name: &str) -> Option<serde_json::Value> {
        self.machine.variable(self.key, name)
    }

    fn digit(&mut self, now: Instant, digit: Digit, happened: Option<Instant>) {
        if happened.is_some() && happened <= self.followed {
            let mut owed = self.owed;
            if owed.pop_front() == Some(digit) {
                self.owed = owed;
            } else {
                self.note(now, Note::TooLate(digit));
            }
            return;
        }
        if let Some(happened) = happened {
            let before = self.newest_digit.replace((happened, digit));
            if let Some(before) = before.filter(|(before, _)| *before > happened) {
                self.newest_digit = Some(before);
                self.note(now, Note::OutOfOrder(digit));
            } else if self.is_too_late_for_the_entry(happened) {
                self.machine.time_out(now, self.key);
                self.drain();
            }
        }
        self.input(now, Input::Digit(digit));
    }

    /// Returns true where the time for another digit was over by CXone's clock.
    fn is_too_late_for_the_entry(&self, happened: Instant) -> bool {
        let Some(SessionView { node, waiting: Some((Timer::InterDigit, _)), .. }) = self.session() else {
            return false;
        };
        let limit = self.machine.flow().node(node).entry().map(Entry::inter_digit_timeout);
        limit.zip(self.waits_since).is_some_and(|(limit, since)| happened > since + limit)
    }

    fn waiting(&self) -> Option<(Timer, Instant)> {
        self.session()?.waiting
    }

    fn at(&mut self, now: Instant, node: NodeIx, happened: Option<Instant>) {
        let stale = happened.is_some_and(|happened| happened < self.newest_node);
        if !self.confirm(node) && !stale {
            self.follow(now, node, happened);
        }
        self.confirms = true;
        self.newest_node = self.newest_node.max(happened.unwrap_or_default());
        if !stale && self.ended_early.take() == Some(node) && self.is_at(node) {
            self.input(now, Input::PromptsEnded);
        }
    }

    /// Goes where CXone is.
    fn follow(&mut self, now: Instant, node: NodeIx, happened: Option<Instant>) {
        // A node without a time that the call is at already is no news.
        if self.is_at(node) && happened.is_none() {
            return;
        }
        // A call that has left a node has heard its prompts, or cut them short.
        self.input(now, Input::PromptsEnded);
        if !self.confirm(node) {
            if let Some(owed) = self.machine.explain(now, self.key, node) {
                self.owed = owed;
                self.note(now, Note::Ahead(node));
                if let Some((newest, digit)) = self.newest_digit
                    && happened.is_some_and(|happened| newest > happened)
                {
                    self.note(now, Note::OutOfOrder(digit));
                }
                self.drain();
            } else {
                self.owed.clear();
                self.awaited.clear();
                self.input(now, Input::Observed(node));
            }
            self.confirm(node);
        }
        self.followed = self.followed.max(happened);
    }

    fn prompts_ended(&mut self, now: Instant, node: NodeIx, happened: Option<Instant>) {
        if happened.is_some_and(|happened| happened < self.newest_node) {
            return;
        }
        if self.is_at(node) {
            self.input(now, Input::PromptsEnded);
        } else {
            self.ended_early = Some(node);
        }
    }

    fn timed_out(&mut self, now: Instant, node: NodeIx) {
        if let Some(index) = self.timeouts.iter().position(|passed| *passed == node) {
            self.timeouts.remove(index);
        } else if self.is_at(node) {
            let known = self.timeouts.len();
            self.machine.time_out(now, self.key);
            self.drain();
            self.timeouts.truncate(known);
        }
    }

    /// A call that is over at the flow's end heard it out; elsewhere, the caller hung up.
    fn over(&mut self, now: Instant) {
        let at_the_end = self.session().is_some_and(|session| {
            matches!(
                self.machine.flow().node(session.node).kind,
                NodeKind::Transfer { .. } | NodeKind::Hangup
            )
        });
        if at_the_end {
            self.input(now, Input::PromptsEnded);
        }
        self.hang_up(now);
    }

    fn is_at(&self, node: NodeIx) -> bool {
        self.session().is_some_and(|session| session.node == node)
    }

    /// Confirms the first such node that awaits it, and returns true where there is one.
    fn confirm(&mut self, node: NodeIx) -> bool {
        let found = self.awaited.iter().position(|awaited| awaited.node == node);
        found.is_some_and(|index| self.awaited.remove(index).is_some())
    }

    fn note(&mut self, now: Instant, note: Note) {
        self.outputs.push_back(Followed::Note(now, note));
    }

    fn input(&mut self, now: Instant, input: Input) {
        self.machine.handle_input(now, self.key, input).expect("the session is open as long as its machine");
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output.event {
                Event::Entered { node } => {
                    if self.awaited.len() == MAX_REMEMBERED {
                        self.awaited.pop_front();
                    }
                    self.awaited.push_back(Awaited { node, since: output.at, overdue: false });
                }
                Event::Resolved(resolved)
                    if matches!(resolved.resolution, Resolution::TimedOut | Resolution::TimedOutPartial) =>
                {
                    if self.timeouts.len() == MAX_REMEMBERED {
                        self.timeouts.pop_front();
                    }
                    self.timeouts.push_back(resolved.node);
                }
                Event::Resolved(_)
                | Event::Action { .. }
                | Event::Say { .. }
                | Event::StopSaying
                | Event::Digit { .. }
                | Event::TypedAhead { .. }
                | Event::Dropped { .. }
                | Event::Exhausted { .. }
                | Event::Resynchronised { .. }
                | Event::Ended { .. } => {}
            }
            self.outputs.push_back(Followed::Step(output));
        }
    }
}
