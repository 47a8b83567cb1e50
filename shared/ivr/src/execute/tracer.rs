//! Writes a run as a trace, node by node.

use base::{
    digit::{Digit, DigitString},
    time::Instant,
};
use serde_json::{Map, Value, json};

use super::millis;
use crate::{
    CompiledFlow, Correction, Event, MenuMachine, NodeIx, Outcome, Resolution, Resolved, SessionKey, Speech,
    correct,
    graph::{Branch, NodeKind, Segment, Trigger},
    trace::NodeExecution,
};

/// End of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Outcome(Outcome),
    TooDeep,
}

/// A node that has been entered, or asks again.
struct Open {
    node: NodeIx,
    since: Instant,
    actions: Vec<String>,
    said: Vec<String>,
    last_digit: Option<Digit>,
}

/// Resolution of the open node's entry, until it is known what follows.
struct Heard {
    resolved: Resolved,
    exhausted: bool,
}

/// Follows the machine and writes a step for each node.
pub(super) struct Tracer<'a> {
    flow: &'a CompiledFlow,
    key: SessionKey,
    most_steps: usize,
    pub(super) steps: Vec<NodeExecution>,
    step: Option<Open>,
    resolved: Option<Heard>,
    pub(super) end: Option<End>,
}

impl<'a> Tracer<'a> {
    pub(super) const fn new(flow: &'a CompiledFlow, key: SessionKey, most_steps: usize) -> Self {
        Self { flow, key, most_steps, steps: Vec::new(), step: None, resolved: None, end: None }
    }

    /// Lets the next timeout run out.
    pub(super) fn wait(&mut self, machine: &mut MenuMachine, now: Instant) -> Instant {
        let Some(due) = machine.poll_timeout().filter(|_| self.end.is_none()) else {
            return now;
        };
        machine.handle_timeout(due);
        self.drain(machine, due);
        due
    }

    /// Writes down what the machine did.
    pub(super) fn drain(&mut self, machine: &mut MenuMachine, now: Instant) {
        while let Some(output) = machine.poll_output() {
            if self.end == Some(End::TooDeep) {
                continue;
            }
            match output.event {
                Event::Entered { node } => {
                    self.close(machine, now, Next::Node(node));
                    self.open(node, now);
                }
                Event::Action { node } => {
                    let action = self.flow.node(node).action.clone();
                    self.with_step(|step| step.actions.extend(action));
                }
                Event::Say { node, speech } => {
                    if self.resolved.is_some() {
                        self.again(machine, now);
                    }
                    let said = self.words(node, speech);
                    self.with_step(|step| step.said.push(said));
                }
                Event::Digit { digit, .. } => self.with_step(|step| step.last_digit = Some(digit)),
                Event::Resolved(resolved) => {
                    if let Some(action) = resolved.resolution.action() {
                        self.with_step(|step| step.actions.push(action.to_owned()));
                    }
                    self.resolved = Some(Heard { resolved, exhausted: false });
                }
                Event::Exhausted { .. } => {
                    if let Some(heard) = &mut self.resolved {
                        heard.exhausted = true;
                    }
                }
                Event::Ended { outcome } => {
                    self.close(machine, now, Next::End(outcome));
                    self.end = Some(End::Outcome(outcome));
                }
                Event::StopSaying
                | Event::TypedAhead { .. }
                | Event::Dropped { .. }
                | Event::Resynchronised { .. } => {}
            }
        }
        if self.resolved.is_some() && self.end.is_none() {
            self.again(machine, now);
        }
    }

    fn with_step(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(step) = &mut self.step {
            change(step);
        }
    }

    fn open(&mut self, node: NodeIx, now: Instant) {
        if self.steps.len() >= self.most_steps {
            self.end = Some(End::TooDeep);
            self.step = None;
        } else {
            self.step =
                Some(Open { node, since: now, actions: Vec::new(), said: Vec::new(), last_digit: None });
        }
    }

    /// The node asks again.
    fn again(&mut self, machine: &MenuMachine, now: Instant) {
        if let Some(node) = self.step.as_ref().map(|step| step.node) {
            self.close(machine, now, Next::Node(node));
            self.open(node, now);
        }
    }

    fn words(&self, node: NodeIx, speech: Speech) -> String {
        let node = self.flow.node(node);
        let prompt = match speech {
            Speech::Main => node.prompt.as_ref(),
            Speech::NoMatch => node.entry().and_then(|entry| entry.no_match_prompt.as_ref()),
            Speech::Timeout => node.entry().and_then(|entry| entry.timeout_prompt.as_ref()),
        };
        let words = prompt.map(|prompt| prompt.segments.iter().map(Segment::text).collect());
        words.unwrap_or_else(Vec::new).join(" ")
    }

    fn close(&mut self, machine: &MenuMachine, now: Instant, next: Next) {
        let heard = self.resolved.take();
        let Some(open) = self.step.take() else { return };
        let node = self.flow.node(open.node);
        let mut input = Map::new();
        let mut output = Map::new();
        let mut taken = None;
        match (&node.kind, &heard) {
            (NodeKind::Menu(_) | NodeKind::Collect { .. }, Some(heard)) => {
                taken = Some(self.entry(&open, heard, &mut input, &mut output));
            }
            (NodeKind::Decision { variable }, _) => {
                let value = machine.variable(self.key, variable);
                taken = Some(chosen(&node.branches, value.as_ref()));
                input.insert("variable".into(), variable.clone().into());
                input.insert("value".into(), value.unwrap_or_default());
            }
            (NodeKind::Transfer { target }, _) => {
                output.insert("target".into(), target.clone().into());
            }
            (NodeKind::Prompt, _) => {
                let branch = node.branches.iter().position(|branch| branch.on == Trigger::Next);
                output.extend(branch.map(|branch| ("branch".to_owned(), branch.into())));
            }
            (NodeKind::Menu(_) | NodeKind::Collect { .. } | NodeKind::Hangup, _) => {}
        }
        let decision = taken.map(|taken| {
            output.extend(taken.branch.map(|branch| ("branch".to_owned(), branch.into())));
            taken.decision
        });
        for (name, texts) in [("actions", open.actions), ("said", open.said)] {
            if !texts.is_empty() {
                output.insert(name.into(), texts.into());
            }
        }
        match next {
            Next::Node(to) => output.insert("to".into(), self.flow.node(to).id.clone().into()),
            Next::End(outcome) => output.insert("outcome".into(), outcome_name(outcome).into()),
        };
        self.steps.push(NodeExecution {
            node_id: node.id.clone(),
            node_type: node.type_name().into(),
            input,
            output,
            decision,
            duration_ms: millis(now - open.since),
        });
    }

    fn entry(
        &self,
        open: &Open,
        heard: &Heard,
        input: &mut Map<String, Value>,
        output: &mut Map<String, Value>,
    ) -> Taken {
        let node = self.flow.node(open.node);
        let Heard { resolved, exhausted } = heard;
        input.insert("digits".into(), resolved.entered.to_string().into());
        let terminator = node.entry().and_then(|entry| entry.terminator);
        let by_digit = !matches!(resolved.resolution, Resolution::TimedOut | Resolution::TimedOutPartial);
        // The terminator is no part of the entry, so one that was pressed last ended it.
        if let Some(terminator) = terminator.filter(|end| by_digit && open.last_digit == Some(*end)) {
            input.insert("terminator".into(), json!(terminator));
        }
        output.insert("result".into(), resolution_name(resolved.resolution).into());
        if let (NodeKind::Collect { variable, .. }, Resolution::Collected) = (&node.kind, resolved.resolution)
        {
            output.insert("variable".into(), variable.clone().into());
            output.insert("value".into(), resolved.entered.to_string().into());
        }
        let find = |wanted: Trigger| {
            let branch = node.branches.iter().position(|branch| branch.on == wanted);
            Taken { branch, decision: wanted.describe() }
        };
        if *exhausted {
            return find(Trigger::MaxRetries);
        }
        match resolved.resolution {
            Resolution::Matched => find(Trigger::Digits { value: resolved.entered }),
            Resolution::Corrected => {
                find(Trigger::Digits { value: self.corrected(open.node, &resolved.entered) })
            }
            Resolution::Collected => find(Trigger::Collected),
            Resolution::NoMatch | Resolution::Ambiguous => find(Trigger::NoMatch),
            Resolution::TimedOut | Resolution::TimedOutPartial => find(Trigger::Timeout),
            Resolution::TooLong => match find(Trigger::MaxLength) {
                Taken { branch: None, decision } => Taken { branch: find(Trigger::NoMatch).branch, decision },
                taken => taken,
            },
        }
    }

    /// Returns the sequence that the machine took `entered` for.
    fn corrected(&self, node: NodeIx, entered: &DigitString) -> DigitString {
        let branches = &self.flow.node(node).branches;
        let sequences = || branches.iter().filter_map(|branch| branch.on.digits());
        match correct(entered, sequences(), self.flow.definition().correction_distance) {
            Correction::To(index) => sequences().nth(index).unwrap_or(*entered),
            Correction::None | Correction::Ambiguous => *entered,
        }
    }
}

/// The successor of a step.
#[derive(Clone, Copy)]
enum Next {
    Node(NodeIx),
    End(Outcome),
}

/// The edge that a step took.
struct Taken {
    branch: Option<usize>,
    decision: String,
}

/// The first case that `value` equals, else the default.
fn chosen(branches: &[Branch], value: Option<&Value>) -> Taken {
    let case = |on: &Trigger| matches!(on, Trigger::Case { value: case } if value == Some(case));
    let branch = (branches.iter().position(|branch| case(&branch.on)))
        .or_else(|| branches.iter().position(|branch| branch.on == Trigger::Default));
    let decision = branch.map(|branch| branches[branch].on.describe()).unwrap_or_default();
    Taken { branch, decision }
}

const fn resolution_name(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Matched => "matched",
        Resolution::Corrected => "corrected",
        Resolution::Collected => "collected",
        Resolution::NoMatch => "noMatch",
        Resolution::Ambiguous => "ambiguous",
        Resolution::TooLong => "tooLong",
        Resolution::TimedOut => "timedOut",
        Resolution::TimedOutPartial => "timedOutPartial",
    }
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Transferred => "transferred",
        Outcome::Finished => "finished",
        Outcome::GaveUp => "gaveUp",
        Outcome::CallerHungUp => "callerHungUp",
    }
}
