//! Entry of digits at a node: collecting, matching, correction, type-ahead, timeouts.

use base::{
    digit::{Digit, DigitString},
    time::Instant,
};

use super::{SessionKey, walk::Core};
use crate::{
    compile::{CollectTable, CompiledFlow, DEAD, Does, EntryTable, MenuTable, NodeIx},
    correct::{Correction, correct, may_become},
    event::{DropReason, Event, Outcome, Resolution, Resolved, Speech},
    session::{Phase, Stored},
};

impl Core {
    pub(super) fn digit(&mut self, flow: &CompiledFlow, key: SessionKey, digit: Digit) {
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

    pub(super) fn take_typed_ahead(&mut self, flow: &CompiledFlow, key: SessionKey) {
        while self.session(key).phase == Phase::Listening {
            let Some(digit) = self.session(key).ahead.pop_front() else { return };
            self.take_digit(flow, key, digit);
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

    /// Concludes a menu's entry, since no more digits will come: a match, a correction, or no match.
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

    /// Goes on to `node` as the digits entered, or their timeout, would lead there, and returns the digits that the entry still
    /// lacks for that. Returns nothing, and does nothing, where the present node's edges do not lead there.
    pub(super) fn explain(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        node: NodeIx,
    ) -> Option<DigitString> {
        let session = self.session(key);
        let (heard, retries) = (session.buffer, session.retries);
        match &flow.step(session.node).does {
            Does::Menu(entry, menu) => {
                if !heard.is_empty() && self.conclusion(flow, key, menu) == Some(node) {
                    self.conclude_menu(flow, key, menu);
                    return Some(DigitString::new());
                }
                let continues = |sequence: &DigitString| heard.iter().eq(sequence.iter().take(heard.len()));
                let mut leads = menu.sequences.iter().filter(|(value, to)| *to == node && continues(value));
                if let (Some((sequence, _)), None) = (leads.next(), leads.next()) {
                    let owed = sequence.iter().skip(heard.len()).collect();
                    let now = self.now;
                    let session = self.session(key);
                    if heard.is_empty() {
                        session.first_digit_at = now;
                    }
                    session.buffer = *sequence;
                    self.succeed(flow, key, Resolution::Matched, *sequence, node);
                    return Some(owed);
                }
                self.explain_failure(flow, key, entry, retries, node)
            }
            Does::Collect(entry, collect)
                if collect.collected == node && heard.len() >= usize::from(collect.min) =>
            {
                self.collect(flow, key, collect);
                Some(entry.terminator.into_iter().collect())
            }
            Does::Collect(entry, _) => self.explain_failure(flow, key, entry, retries, node),
            Does::Prompt { .. } | Does::Decision { .. } | Does::Transfer | Does::Hangup => None,
        }
    }

    /// Returns where a menu's entry leads if no more digits come.
    fn conclusion(&mut self, flow: &CompiledFlow, key: SessionKey, menu: &MenuTable) -> Option<NodeIx> {
        let session = self.session(key);
        let valid = menu.sequences.iter().map(|(sequence, _)| *sequence);
        flow.trie[session.trie as usize].accept.or_else(|| {
            match correct(&session.buffer, valid, flow.definition().correction_distance) {
                Correction::To(index) => Some(menu.sequences[index].1),
                Correction::None | Correction::Ambiguous => None,
            }
        })
    }

    fn explain_failure(
        &mut self,
        flow: &CompiledFlow,
        key: SessionKey,
        entry: &EntryTable,
        retries: u8,
        node: NodeIx,
    ) -> Option<DigitString> {
        let last = if retries == entry.max_retries { entry.on_max_retries } else { None };
        let how = if entry.on_no_match.or(last) == Some(node) {
            Resolution::NoMatch
        } else if entry.on_timeout.or(last) == Some(node) {
            self.timeout_resolution(key)
        } else {
            return None;
        };
        self.stop_saying(key);
        self.fail(flow, key, how);
        Some(DigitString::new())
    }

    fn timeout_resolution(&mut self, key: SessionKey) -> Resolution {
        let untouched = self.session(key).sequence().is_empty();
        if untouched { Resolution::TimedOut } else { Resolution::TimedOutPartial }
    }

    pub(super) fn timed_out(&mut self, flow: &CompiledFlow, key: SessionKey) {
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
            Does::Prompt { .. }
            | Does::Menu(..)
            | Does::Collect(..)
            | Does::Decision { .. }
            | Does::Transfer
            | Does::Hangup => {}
        }
        let how = self.timeout_resolution(key);
        self.fail(flow, key, how);
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
        // What was typed ahead was meant for another place, and would cut short the prompt that says so.
        self.drop_typed_ahead(key, DropReason::Mistake);
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
        resolution: Resolution,
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
            resolution,
            entered,
            sequence,
            to,
            duration: micros(started, now),
            time_to_digit: micros(session.ready_at, started),
        };
        self.emit(key, Event::Resolved(resolved));
    }
}
