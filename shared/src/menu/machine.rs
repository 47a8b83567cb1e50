//! The menu machine: walks any number of interactions through one flow, digit by digit.
//!
//! Sans-IO. A driver opens a session per interaction, hands in what happens together with the time, and drains
//! [`MenuMachine::poll_output`] after every call. [`MenuMachine::poll_timeout`] says when to call
//! [`MenuMachine::handle_timeout`].

use std::{collections::VecDeque, sync::Arc};

use serde_json::Value;

use super::{
    compile::{BargeIn, CollectTable, CompiledFlow, DEAD, Does, EntryTable, MenuTable, NodeIx},
    correct::{Correction, correct, may_become},
    event::{DropReason, Event, Input, Outcome, Output, Resolution, Resolved, Speech},
    session::{Phase, Session, Stored},
    timers::{Timer, Timers},
};
use crate::{
    dtmf::{Digit, DigitString},
    time::Instant,
};

/// How a machine is set up.
#[derive(Clone, Copy, Debug)]
pub struct MachineConfig {
    /// Who knows when prompts are over.
    pub prompts: PromptTiming,
    /// The most interactions at a time (100,000).
    pub max_sessions: usize,
}

impl Default for MachineConfig {
    fn default() -> Self {
        Self { prompts: PromptTiming::Instant, max_sessions: 100_000 }
    }
}

/// Who knows when prompts are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptTiming {
    /// Nobody: prompts take no time, and first digits are waited for at once.
    Instant,
    /// The driver, who reports [`Input::PromptsEnded`].
    Reported,
}

/// One interaction in a machine. A key of a closed session is never valid again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    slot: u32,
    generation: u32,
}

/// Where an interaction stands.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    /// At which node.
    pub node: NodeIx,
    /// What was entered there so far.
    pub entered: DigitString,
    /// What is kept for later nodes.
    pub typed_ahead: DigitString,
    /// Whether prompts are being said.
    pub speaking: bool,
    /// Why and until when it waits.
    pub waiting: Option<(Timer, Instant)>,
    /// How the flow ended.
    pub outcome: Option<Outcome>,
    /// Whether digits were entered and nothing has come of them.
    pub partial: bool,
}

/// A session could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There are as many as the configuration allows.
    #[error("there are {0} interactions already, the most that are allowed")]
    Full(usize),
}

/// The key belongs to no open session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the interaction is closed")]
pub struct UnknownSession;

/// Walks interactions through a flow.
pub struct MenuMachine {
    flow: Arc<CompiledFlow>,
    config: MachineConfig,
    core: Core,
}

/// What changes, apart from the flow, so that the flow can be read meanwhile.
struct Core {
    now: Instant,
    prompts: PromptTiming,
    sessions: Vec<Session>,
    vacant: Vec<u32>,
    timers: Timers,
    outputs: VecDeque<Output>,
}

impl MenuMachine {
    /// A machine without interactions.
    pub fn new(flow: Arc<CompiledFlow>, config: MachineConfig) -> Self {
        let core = Core {
            now: Instant::ZERO,
            prompts: config.prompts,
            sessions: Vec::new(),
            vacant: Vec::new(),
            timers: Timers::new(&flow.timer_classes),
            outputs: VecDeque::new(),
        };
        Self { flow, config, core }
    }

    /// The flow.
    pub fn flow(&self) -> &Arc<CompiledFlow> {
        &self.flow
    }

    /// Lets an interaction in at the flow's start.
    pub fn open(&mut self, now: Instant) -> Result<SessionKey, OpenError> {
        let Self { flow, config, core } = self;
        let slot = if let Some(slot) = core.vacant.pop() {
            slot
        } else {
            if core.sessions.len() >= config.max_sessions {
                return Err(OpenError::Full(core.sessions.len()));
            }
            core.sessions.push(Session::vacant(flow.variables.len()));
            core.timers.grow(core.sessions.len());
            (core.sessions.len() - 1) as u32
        };
        let session = &mut core.sessions[slot as usize];
        session.generation += 1;
        session.journey.clear();
        session.ahead.clear();
        for (variable, initial) in session.variables.iter_mut().zip(&flow.initial) {
            *variable = initial.clone().map(Stored::Json);
        }
        let key = SessionKey { slot, generation: session.generation };
        core.advance_clock(now);
        core.enter(flow, key, flow.start);
        Ok(key)
    }

    /// Forgets an interaction; its key is void from here on.
    pub fn close(&mut self, key: SessionKey) -> Result<(), UnknownSession> {
        self.core.live(key)?;
        self.core.timers.cancel(key.slot);
        self.core.sessions[key.slot as usize].generation += 1;
        self.core.vacant.push(key.slot);
        Ok(())
    }

    /// Something happened to an interaction. Time does not run backwards: an earlier `now` counts as the latest.
    pub fn handle_input(
        &mut self,
        now: Instant,
        key: SessionKey,
        input: Input,
    ) -> Result<(), UnknownSession> {
        let Self { flow, core, .. } = self;
        core.live(key)?;
        core.advance_clock(now);
        match input {
            Input::Digit(digit) => core.digit(flow, key, digit),
            Input::PromptsEnded => core.prompts_ended(flow, key),
            Input::Observed(node) => core.observed(flow, key, node),
            Input::Hangup => {
                if !core.ended(key) {
                    core.stop_saying(key);
                    core.end(key, Outcome::CallerHungUp);
                }
            }
        }
        Ok(())
    }

    /// Time has passed: every deadline at or before `now` takes effect, in order, at its own time.
    pub fn handle_timeout(&mut self, now: Instant) {
        let Self { flow, core, .. } = self;
        let now = now.max(core.now);
        while let Some((slot, deadline)) = core.timers.pop_due(now) {
            let generation = core.sessions[slot as usize].generation;
            core.advance_clock(deadline);
            core.timed_out(flow, SessionKey { slot, generation });
        }
        core.advance_clock(now);
    }

    /// The next thing the machine has to say.
    #[inline]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.outputs.pop_front()
    }

    /// When to call [`Self::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.core.timers.next_deadline()
    }

    /// Where an interaction stands.
    pub fn session(&self, key: SessionKey) -> Option<SessionView> {
        self.core.live(key).ok()?;
        let session = &self.core.sessions[key.slot as usize];
        let outcome = match session.phase {
            Phase::Ended(outcome) => Some(outcome),
            Phase::Speaking { .. } | Phase::Listening => None,
        };
        Some(SessionView {
            node: session.node,
            entered: session.buffer,
            typed_ahead: session.ahead,
            speaking: matches!(session.phase, Phase::Speaking { .. }),
            waiting: self.core.timers.armed(key.slot),
            outcome,
            partial: outcome.is_none() && !session.sequence().is_empty(),
        })
    }

    /// The value of an interaction's variable.
    pub fn variable(&self, key: SessionKey, name: &str) -> Option<Value> {
        self.core.live(key).ok()?;
        let index = self.flow.variables.iter().position(|known| known == name)?;
        self.core.sessions[key.slot as usize].variables[index].as_ref().map(Stored::to_json)
    }
}

impl Core {
    fn advance_clock(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn live(&self, key: SessionKey) -> Result<(), UnknownSession> {
        match self.sessions.get(key.slot as usize) {
            Some(session) if session.generation == key.generation => Ok(()),
            _ => Err(UnknownSession),
        }
    }

    fn session(&mut self, key: SessionKey) -> &mut Session {
        &mut self.sessions[key.slot as usize]
    }

    #[inline]
    fn emit(&mut self, key: SessionKey, event: Event) {
        self.outputs.push_back(Output { session: key, at: self.now, event });
    }

    fn ended(&mut self, key: SessionKey) -> bool {
        matches!(self.session(key).phase, Phase::Ended(_))
    }

    fn end(&mut self, key: SessionKey, outcome: Outcome) {
        self.timers.cancel(key.slot);
        self.session(key).phase = Phase::Ended(outcome);
        self.emit(key, Event::Ended { outcome });
    }

    /// Goes to `node` and on from there until something is waited for.
    fn enter(&mut self, flow: &CompiledFlow, key: SessionKey, mut node: NodeIx) {
        loop {
            self.timers.cancel(key.slot);
            let session = self.session(key);
            session.node = node;
            session.retries = 0;
            session.phase = Phase::Listening;
            session.buffer.clear();
            let step = flow.step(node);
            self.emit(key, Event::Entered { node });
            if step.has_action {
                self.emit(key, Event::Action { node });
            }
            match &step.does {
                Does::Decision { variable, cases, otherwise } => {
                    let value = self.session(key).variables[*variable].as_ref();
                    let taken = cases.iter().find(|(case, _)| value.is_some_and(|value| value.equals(case)));
                    node = taken.map_or(*otherwise, |(_, to)| *to);
                }
                Does::Prompt { next } => {
                    let skipped = step.prompt == Some(true) && !self.session(key).ahead.is_empty();
                    if !skipped && self.say(key, node, &[(Speech::Main, step.prompt)]) {
                        return;
                    }
                    node = *next;
                }
                Does::Menu(entry, menu) => {
                    self.session(key).trie = menu.root;
                    return self.ask(flow, key, entry, &[(Speech::Main, step.prompt)]);
                }
                Does::Collect(entry, _) => {
                    return self.ask(flow, key, entry, &[(Speech::Main, step.prompt)]);
                }
                Does::Transfer | Does::Hangup => {
                    if !self.say(key, node, &[(Speech::Main, step.prompt)]) {
                        self.end_at(flow, key);
                    }
                    return;
                }
            }
        }
    }

    fn end_at(&mut self, flow: &CompiledFlow, key: SessionKey) {
        let outcome = match flow.step(self.session(key).node).does {
            Does::Transfer => Outcome::Transferred,
            _ => Outcome::Finished,
        };
        self.end(key, outcome);
    }

    /// Has the prompts said; false where there is nothing that would have to be waited for.
    fn say(&mut self, key: SessionKey, node: NodeIx, prompts: &[(Speech, BargeIn)]) -> bool {
        let mut barge_in = None;
        for &(speech, interruptible) in prompts {
            if let Some(interruptible) = interruptible {
                self.emit(key, Event::Say { node, speech });
                barge_in = Some(barge_in.unwrap_or(true) && interruptible);
            }
        }
        match barge_in {
            Some(barge_in) if self.prompts == PromptTiming::Reported => {
                self.session(key).phase = Phase::Speaking { barge_in };
                true
            }
            _ => false,
        }
    }

    fn stop_saying(&mut self, key: SessionKey) {
        if let Phase::Speaking { .. } = self.session(key).phase {
            self.session(key).phase = Phase::Listening;
            self.emit(key, Event::StopSaying);
        }
    }

    /// Starts, or starts again, to wait for a node's digits.
    fn ask(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        entry: &EntryTable,
        prompts: &[(Speech, BargeIn)],
    ) {
        if !entry.type_ahead {
            while let Some(digit) = self.session(key).ahead.pop_front() {
                self.emit(key, Event::Dropped { digit, reason: DropReason::NoTypeAhead });
            }
        }
        let now = self.now;
        let session = self.session(key);
        session.buffer.clear();
        session.ready_at = now;
        let node = session.node;
        let interruptible = prompts.iter().all(|(_, barge_in)| *barge_in != Some(false));
        let skipped = interruptible && !session.ahead.is_empty();
        let speaking = !skipped && self.say(key, node, prompts);
        if entry.from_entry || !speaking {
            self.timers.arm(key.slot, entry.first_digit, now);
        }
        if !speaking {
            self.take_typed_ahead(flow, key);
        }
    }

    fn take_typed_ahead(&mut self, flow: &CompiledFlow, key: SessionKey) {
        while self.session(key).phase == Phase::Listening {
            let Some(digit) = self.session(key).ahead.pop_front() else { return };
            self.take_digit(flow, key, digit);
        }
    }

    fn digit(&mut self, flow: &CompiledFlow, key: SessionKey, digit: Digit) {
        let session = self.session(key);
        let leaving = matches!(flow.step(session.node).does, Does::Transfer | Does::Hangup);
        match session.phase {
            Phase::Ended(_) => self.emit(key, Event::Dropped { digit, reason: DropReason::Ended }),
            Phase::Speaking { .. } if leaving => {
                self.emit(key, Event::Dropped { digit, reason: DropReason::Ended });
            }
            Phase::Speaking { barge_in: false } => self.type_ahead(key, digit),
            Phase::Speaking { barge_in: true } => {
                self.stop_saying(key);
                if let Does::Prompt { next } = flow.step(self.session(key).node).does {
                    self.type_ahead(key, digit);
                    self.enter(flow, key, next);
                } else {
                    self.take_digit(flow, key, digit);
                }
            }
            Phase::Listening => self.take_digit(flow, key, digit),
        }
    }

    fn type_ahead(&mut self, key: SessionKey, digit: Digit) {
        let event = if self.session(key).ahead.push(digit) {
            Event::TypedAhead { digit }
        } else {
            Event::Dropped { digit, reason: DropReason::Full }
        };
        self.emit(key, event);
    }

    fn take_digit(&mut self, flow: &CompiledFlow, key: SessionKey, digit: Digit) {
        let now = self.now;
        let session = self.session(key);
        let node = session.node;
        if session.buffer.is_empty() {
            session.first_digit_at = now;
        }
        let step = flow.step(node);
        let (Does::Menu(entry, _) | Does::Collect(entry, _)) = &step.does else {
            return self.emit(key, Event::Dropped { digit, reason: DropReason::Ended });
        };
        let terminated = entry.terminator == Some(digit);
        if !terminated && !session.buffer.push(digit) {
            return self.emit(key, Event::Dropped { digit, reason: DropReason::Full });
        }
        self.emit(key, Event::Digit { node, digit });
        match &step.does {
            Does::Menu(_, menu) if terminated => self.conclude_menu(flow, key, menu),
            Does::Menu(_, menu) => self.continue_menu(flow, key, entry, menu, digit),
            Does::Collect(_, collect) => self.continue_collect(flow, key, entry, collect, terminated),
            Does::Prompt { .. } | Does::Decision { .. } | Does::Transfer | Does::Hangup => {}
        }
    }

    fn continue_menu(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        entry: &EntryTable,
        menu: &MenuTable,
        digit: Digit,
    ) {
        let session = self.session(key);
        session.trie = flow.trie[session.trie as usize].next[usize::from(digit.code())];
        let state = &flow.trie[session.trie as usize];
        let undecided = if session.trie == DEAD {
            let heard = session.buffer;
            let limit = flow.definition().correction_distance;
            heard.len() < usize::from(menu.longest)
                && menu.sequences.iter().any(|(sequence, _)| {
                    // A correction keeps a digit, so a sequence of one digit is never corrected to.
                    sequence.len() > 1 && may_become(&heard, sequence, limit)
                })
        } else {
            state.leads_on
        };
        if undecided {
            self.timers.arm(key.slot, entry.inter_digit, self.now);
        } else {
            self.conclude_menu(flow, key, menu);
        }
    }

    /// Nothing more will come: match, correct, or say that it is no match.
    fn conclude_menu(&mut self, flow: &CompiledFlow, key: SessionKey, menu: &MenuTable) {
        let session = self.session(key);
        if let Some(to) = flow.trie[session.trie as usize].accept {
            let taken = session.buffer;
            return self.succeed(flow, key, Resolution::Matched, taken, to);
        }
        let limit = flow.definition().correction_distance;
        let valid = menu.sequences.iter().map(|(sequence, _)| *sequence);
        match correct(&session.buffer, valid, limit) {
            Correction::To(index) => {
                let (taken, to) = menu.sequences[index];
                self.succeed(flow, key, Resolution::Corrected, taken, to);
            }
            Correction::None => self.fail(flow, key, Resolution::NoMatch),
            Correction::Ambiguous => self.fail(flow, key, Resolution::Ambiguous),
        }
    }

    fn continue_collect(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        entry: &EntryTable,
        collect: &CollectTable,
        terminated: bool,
    ) {
        let len = self.session(key).buffer.len();
        let complete = len == usize::from(collect.max) && entry.terminator.is_none();
        if terminated || complete {
            if len >= usize::from(collect.min) {
                self.collect(flow, key, collect);
            } else {
                self.fail(flow, key, Resolution::NoMatch);
            }
        } else if len > usize::from(collect.max) {
            self.fail(flow, key, Resolution::TooLong);
        } else {
            self.timers.arm(key.slot, entry.inter_digit, self.now);
        }
    }

    fn collect(&mut self, flow: &CompiledFlow, key: SessionKey, collect: &CollectTable) {
        let session = self.session(key);
        let digits = session.buffer;
        session.variables[collect.variable] = Some(Stored::Digits(digits));
        self.succeed(flow, key, Resolution::Collected, digits, collect.collected);
    }

    fn timed_out(&mut self, flow: &CompiledFlow, key: SessionKey) {
        self.stop_saying(key);
        let session = self.session(key);
        let heard = session.buffer;
        match &flow.step(session.node).does {
            Does::Menu(_, menu) if !heard.is_empty() => {
                let state = &flow.trie[session.trie as usize];
                if session.trie == DEAD || state.accept.is_some() {
                    return self.conclude_menu(flow, key, menu);
                }
            }
            Does::Collect(_, collect) if heard.len() >= usize::from(collect.min) => {
                return self.collect(flow, key, collect);
            }
            _ => {}
        }
        let untouched = self.session(key).sequence().is_empty();
        self.fail(flow, key, if untouched { Resolution::TimedOut } else { Resolution::TimedOutPartial });
    }

    fn succeed(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        how: Resolution,
        taken: DigitString,
        to: NodeIx,
    ) {
        let session = self.session(key);
        let entered = core::mem::replace(&mut session.buffer, taken);
        let sequence = session.sequence();
        session.journey = sequence;
        self.resolve(key, how, entered, sequence, Some(to));
        self.enter(flow, key, to);
    }

    fn fail(&mut self, flow: &CompiledFlow, key: SessionKey, how: Resolution) {
        let session = self.session(key);
        let (node, entered, sequence) = (session.node, session.buffer, session.sequence());
        let (Does::Menu(entry, _) | Does::Collect(entry, _)) = &flow.step(node).does else { return };
        let (edge, speech, prompt) = match (how, &flow.step(node).does) {
            (Resolution::TimedOut | Resolution::TimedOutPartial, _) => {
                (entry.on_timeout, Speech::Timeout, entry.timeout_prompt)
            }
            (Resolution::TooLong, Does::Collect(_, collect)) => {
                (collect.on_max_length.or(entry.on_no_match), Speech::NoMatch, entry.no_match_prompt)
            }
            _ => (entry.on_no_match, Speech::NoMatch, entry.no_match_prompt),
        };
        self.timers.cancel(key.slot);
        self.resolve(key, how, entered, sequence, edge);
        if let Some(to) = edge {
            return self.enter(flow, key, to);
        }
        let session = self.session(key);
        if session.retries == entry.max_retries {
            self.emit(key, Event::Exhausted { node });
            return match entry.on_max_retries {
                Some(to) => self.enter(flow, key, to),
                None => self.end(key, Outcome::GaveUp),
            };
        }
        session.retries += 1;
        if let Does::Menu(_, menu) = &flow.step(node).does {
            session.trie = menu.root;
        }
        self.ask(flow, key, entry, &[(speech, prompt), (Speech::Main, flow.step(node).prompt)]);
    }

    fn resolve(
        &mut self,
        key: SessionKey,
        as_: Resolution,
        entered: DigitString,
        sequence: DigitString,
        to: Option<NodeIx>,
    ) {
        let now = self.now;
        let session = self.session(key);
        let started = if entered.is_empty() { now } else { session.first_digit_at };
        let micros = |from: Instant, to: Instant| {
            u32::try_from(to.as_micros().saturating_sub(from.as_micros())).unwrap_or(u32::MAX)
        };
        let resolved = Resolved {
            node: session.node,
            as_,
            entered,
            sequence,
            to,
            duration: micros(started, now),
            time_to_digit: micros(session.ready_at, started),
        };
        self.emit(key, Event::Resolved(resolved));
    }

    fn prompts_ended(&mut self, flow: &CompiledFlow, key: SessionKey) {
        let now = self.now;
        let session = self.session(key);
        let Phase::Speaking { .. } = session.phase else { return };
        session.phase = Phase::Listening;
        match &flow.step(session.node).does {
            Does::Prompt { next } => self.enter(flow, key, *next),
            Does::Transfer | Does::Hangup => self.end_at(flow, key),
            Does::Menu(entry, _) | Does::Collect(entry, _) => {
                session.ready_at = now;
                if !entry.from_entry {
                    self.timers.arm(key.slot, entry.first_digit, now);
                }
                self.take_typed_ahead(flow, key);
            }
            Does::Decision { .. } => {}
        }
    }

    fn observed(&mut self, flow: &CompiledFlow, key: SessionKey, node: NodeIx) {
        let from = self.session(key).node;
        if from == node || self.ended(key) {
            return;
        }
        self.emit(key, Event::Resynchronised { from, to: node });
        self.session(key).ahead.clear();
        self.enter(flow, key, node);
    }
}
