//! The walk from node to node: prompts, waits, and the end.

use std::collections::VecDeque;

use base::time::Instant;

use super::{PromptTiming, SessionKey, UnknownSession};
use crate::{
    compile::{BargeIn, CompiledFlow, Does, EntryTable, NodeIx},
    event::{DropReason, Event, Outcome, Output, Speech},
    session::{Phase, Session},
    timers::Timers,
};

/// The mutable part of the machine, apart from the flow, so that the flow can be read meanwhile.
pub(super) struct Core {
    pub(super) now: Instant,
    pub(super) prompts: PromptTiming,
    pub(super) sessions: Vec<Session>,
    pub(super) vacant: Vec<u32>,
    pub(super) timers: Timers,
    pub(super) outputs: VecDeque<Output>,
}

impl Core {
    pub(super) fn advance_clock(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    pub(super) fn live(&self, key: SessionKey) -> Result<(), UnknownSession> {
        match self.sessions.get(key.slot as usize) {
            Some(session) if session.generation == key.generation => Ok(()),
            _ => Err(UnknownSession),
        }
    }

    pub(super) fn session(&mut self, key: SessionKey) -> &mut Session {
        &mut self.sessions[key.slot as usize]
    }

    #[inline]
    pub(super) fn emit(&mut self, key: SessionKey, event: Event) {
        self.outputs.push_back(Output { session: key, at: self.now, event });
    }

    pub(super) fn ended(&mut self, key: SessionKey) -> bool {
        matches!(self.session(key).phase, Phase::Ended(_))
    }

    pub(super) fn end(&mut self, key: SessionKey, outcome: Outcome) {
        self.timers.cancel(key.slot);
        self.session(key).phase = Phase::Ended(outcome);
        self.emit(key, Event::Ended { outcome });
    }

    /// Enters `node` and goes on from there until the call waits for something.
    pub(super) fn enter(&mut self, flow: &CompiledFlow, key: SessionKey, mut node: NodeIx) {
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

    pub(super) fn end_at(&mut self, flow: &CompiledFlow, key: SessionKey) {
        let is_transfer = matches!(flow.step(self.session(key).node).does, Does::Transfer);
        let outcome = if is_transfer { Outcome::Transferred } else { Outcome::Finished };
        self.end(key, outcome);
    }

    /// Plays prompts. Returns false where there is no prompt to wait for.
    pub(super) fn say(&mut self, key: SessionKey, node: NodeIx, prompts: &[(Speech, BargeIn)]) -> bool {
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

    pub(super) fn stop_saying(&mut self, key: SessionKey) {
        if let Phase::Speaking { .. } = self.session(key).phase {
            self.session(key).phase = Phase::Listening;
            self.emit(key, Event::StopSaying);
        }
    }

    /// Starts, or starts again, to wait for a node's digits.
    pub(super) fn ask(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        entry: &EntryTable,
        prompts: &[(Speech, BargeIn)],
    ) {
        if !entry.type_ahead {
            self.drop_typed_ahead(key, DropReason::NoTypeAhead);
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

    pub(super) fn drop_typed_ahead(&mut self, key: SessionKey, reason: DropReason) {
        while let Some(digit) = self.session(key).ahead.pop_front() {
            self.emit(key, Event::Dropped { digit, reason });
        }
    }

    pub(super) fn prompts_ended(&mut self, flow: &CompiledFlow, key: SessionKey) {
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

    pub(super) fn observed(&mut self, flow: &CompiledFlow, key: SessionKey, node: NodeIx) {
        let session = self.session(key);
        let from = session.node;
        let hung_up = session.phase == Phase::Ended(Outcome::CallerHungUp);
        if hung_up || from == node {
            return;
        }
        self.emit(key, Event::Resynchronised { from, to: node });
        self.drop_typed_ahead(key, DropReason::Elsewhere);
        self.enter(flow, key, node);
    }
}
