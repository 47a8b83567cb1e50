//! The driver of the menu machine: one interaction, the page's clock, the page's signals.

use std::sync::Arc;

use base::{digit::Digit, time::Instant};
use ivr::{
    CompiledFlow, DropReason, Event, Input, MachineConfig, MenuMachine, Outcome, Output, PromptTiming,
    Resolution, Resolved, SessionKey, metrics::Metrics,
};
use leptos::prelude::*;

use super::store::{Position, RowKind, Store, Waiting};
use crate::clock;

/// Follows one interaction through a flow.
pub(super) struct MenuDriver {
    store: Store,
    flow: Arc<CompiledFlow>,
    machine: MenuMachine,
    key: SessionKey,
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
        let config = MachineConfig { prompts, max_sessions: 1 };
        let mut machine = MenuMachine::new(Arc::clone(&flow), config);
        let key = machine.open(now).expect("the only session of a new machine");
        Self { store, flow, machine, key, interaction_id }
    }

    pub(super) fn digit(&mut self, now: Instant, digit: Digit) {
        self.input(now, Input::Digit(digit));
    }

    pub(super) fn prompts_ended(&mut self, now: Instant, node_id: Option<&str>) {
        let at = self.machine.session(self.key).map(|session| self.flow.node(session.node).id.as_str());
        if node_id.is_none() || node_id == at {
            self.input(now, Input::PromptsEnded);
        }
    }

    pub(super) fn observed(&mut self, now: Instant, node_id: &str) {
        if let Some(node) = self.flow.find(node_id) {
            self.input(now, Input::Observed(node));
        }
    }

    pub(super) fn hang_up(&mut self, now: Instant) {
        self.input(now, Input::Hangup);
    }

    pub(super) fn input(&mut self, now: Instant, input: Input) {
        self.machine.handle_timeout(now);
        self.machine.handle_input(now, self.key, input).expect("the session is open as long as its machine");
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.machine.handle_timeout(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.machine.poll_timeout()
    }

    /// Shows the machine's outputs, and notes them in the metrics.
    pub(super) fn drain(&mut self, metrics: &mut Metrics) {
        let mut any = false;
        while let Some(output) = self.machine.poll_output() {
            any = true;
            metrics.observe(&self.flow, &self.interaction_id, &output, clock::rfc3339);
            self.store.moments.step(&self.flow, &output);
            self.show(&output);
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
        let session = self.machine.session(self.key)?;
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
