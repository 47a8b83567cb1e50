//! The driver of the menu machine: one interaction, the page's clock, the page's signals.

use std::sync::Arc;

use base::{digit::Digit, time::Instant};
use ivr::{
    CompiledFlow, DropReason, Event, Followed, Follower, NodeIx, Note, Outcome, Output, PromptTiming, Report,
    Resolution, Resolved, metrics::Metrics,
};
use leptos::prelude::*;

use super::store::{Position, RowKind, Store, Waiting};
use crate::clock;

/// Follows one interaction through a flow.
pub(super) struct MenuDriver {
    store: Store,
    flow: Arc<CompiledFlow>,
    follower: Follower,
    interaction_id: String,
}

impl MenuDriver {
    /// Opens the interaction at the flow's start.
    pub(super) fn new(
        store: Store,
        flow: Arc<CompiledFlow>,
        prompts: PromptTiming,
        interaction_id: String,
        now: Instant,
    ) -> Self {
        let follower = Follower::new(Arc::clone(&flow), prompts, now);
        Self { store, flow, follower, interaction_id }
    }

    /// Presses a key of a simulated call.
    pub(super) fn digit(&mut self, now: Instant, digit: Digit) {
        self.follower.press(now, digit);
    }

    /// Takes CXone's report of a digit. Returns false where it came before.
    pub(super) fn digit_reported(&mut self, now: Instant, digit: Digit, happened: Option<Instant>) -> bool {
        self.follower.handle_report(now, Report::Digit(digit), happened)
    }

    /// Takes CXone's report of the call's place; one that this flow does not have is not followed.
    pub(super) fn node_reported(
        &mut self,
        now: Instant,
        report: fn(NodeIx) -> Report,
        node_id: &str,
        happened: Option<Instant>,
    ) {
        if let Some(node) = self.flow.find(node_id) {
            self.follower.handle_report(now, report(node), happened);
        }
    }

    /// Notes that CXone ended the call.
    pub(super) fn over(&mut self, now: Instant) {
        self.follower.handle_report(now, Report::Over, None);
    }

    pub(super) fn hang_up(&mut self, now: Instant) {
        self.follower.hang_up(now);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.follower.handle_timeout(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.follower.poll_timeout()
    }

    /// Shows the machine's outputs, and notes them in the metrics.
    pub(super) fn drain(&mut self, metrics: &mut Metrics) {
        let mut any = false;
        while let Some(output) = self.follower.poll_output() {
            any = true;
            match output {
                Followed::Step(output) => {
                    metrics.observe(&self.flow, &self.interaction_id, &output, clock::rfc3339);
                    self.store.moments.step(&self.flow, &output);
                    self.show(&output);
                }
                Followed::Note(at, note) => self.show_note(at, note),
            }
        }
        if any {
            self.store.summary.set(metrics.summary());
            self.store.records.set(metrics.records().rev().take(50).cloned().collect());
        }
        let position = self.position();
        if self.store.position.with_untracked(|old| *old != position) {
            self.store.position.set(position);
        }
    }

    fn position(&self) -> Option<Position> {
        let session = self.follower.session()?;
        let entry = self.flow.node(session.node).entry();
        let waiting = session.waiting.zip(entry).map(|((why, until), entry)| {
            let whole = match why {
                ivr::Timer::FirstDigit => entry.first_digit_timeout(),
                ivr::Timer::InterDigit => entry.inter_digit_timeout(),
            };
            let since = Instant::from_micros(until.as_micros().saturating_sub(whole.as_micros() as u64));
            Waiting { since, until }
        });
        Some(Position {
            node: session.node,
            entered: session.entered.to_string(),
            speaking: session.speaking,
            waiting,
            ended: session.outcome.is_some(),
        })
    }

    fn show(&self, output: &Output) {
        let name = |node| self.flow.node(node).name();
        let log = |text: String| self.store.log(output.at, RowKind::Menu, text, None);
        match output.event {
            Event::Entered { node } => {
                self.store.visited.update(|visited| visited.push(node));
                log(format!("at {}", name(node)));
            }
            Event::Action { node } => {
                if let Some(action) = &self.flow.node(node).action {
                    self.act(output.at, action);
                }
            }
            Event::Resolved(resolved) => self.show_resolved(output.at, &resolved),
            Event::TypedAhead { digit } => log(format!("{digit} typed ahead")),
            Event::Dropped { digit, reason } => log(format!(
                "{digit} ignored: {}",
                match reason {
                    DropReason::Ended => "the flow is over",
                    DropReason::NoTypeAhead => "this menu takes no type-ahead",
                    DropReason::Full => "too many digits typed ahead",
                    DropReason::Mistake => "typed ahead of a mistake",
                    DropReason::Elsewhere => "typed ahead of another place",
                }
            )),
            Event::Exhausted { node } => log(format!("{}: retries exhausted", name(node))),
            Event::Resynchronised { from, to } => {
                let text = format!("CXone is at {}, not at {}: following it", name(to), name(from));
                self.store.log(output.at, RowKind::Problem, text, None);
            }
            Event::Ended { outcome } => log(match outcome {
                Outcome::Transferred => "flow over: transferred",
                Outcome::Finished => "flow over: hung up by the IVR",
                Outcome::GaveUp => "flow over: retries exhausted",
                Outcome::CallerHungUp => "flow over: the call ended",
            }
            .into()),
            Event::Say { .. } | Event::StopSaying | Event::Digit { .. } => {}
        }
    }

    fn show_note(&self, at: Instant, discrepancy: Note) {
        let name = |node| self.flow.node(node).name();
        let (kind, text) = match discrepancy {
            Note::Ahead(node) => (RowKind::Menu, format!("CXone is at {} already: following it", name(node))),
            Note::Unconfirmed(node) => {
                (RowKind::Problem, format!("at {}, which CXone has not confirmed", name(node)))
            }
            Note::OutOfOrder(digit) => {
                (RowKind::Problem, format!("{digit} came out of order: CXone may have other digits"))
            }
            Note::TooLate(digit) => {
                (RowKind::Problem, format!("{digit} came after CXone had gone on: it is missing here"))
            }
        };
        self.store.log(at, kind, text, None);
    }

    fn show_resolved(&self, at: Instant, resolved: &Resolved) {
        let text = match resolved.resolution {
            Resolution::Corrected => Some(format!(
                "corrected {} to the only near sequence ({} in all)",
                resolved.entered, resolved.sequence
            )),
            Resolution::Ambiguous => {
                Some(format!("{} is near several sequences: not corrected", resolved.entered))
            }
            Resolution::NoMatch => Some(format!("no match for {}", resolved.entered)),
            Resolution::TooLong => Some(format!("{} has too many digits", resolved.entered)),
            Resolution::TimedOut => Some("timeout: no digit was entered".into()),
            Resolution::TimedOutPartial => {
                Some(format!("timeout after {}: entry incomplete", resolved.sequence))
            }
            Resolution::Matched | Resolution::Collected => None,
        };
        if let Some(text) = text {
            self.store.log(at, RowKind::Menu, text, None);
        }
        if let Some(action) = resolved.resolution.action() {
            self.act(at, action);
        }
    }

    fn act(&self, at: Instant, action: &str) {
        self.store.last_action.set(Some(action.to_owned()));
        self.store.log(at, RowKind::Menu, format!("action {action}"), None);
    }
}
