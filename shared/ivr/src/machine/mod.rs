//! The menu machine: walks any number of interactions through one flow, digit by digit.
//!
//! Sans-IO. A driver opens a session per interaction, hands in what happens together with the time, and drains
//! [`MenuMachine::poll_output`] after every call. [`MenuMachine::poll_timeout`] says when to call
//! [`MenuMachine::handle_timeout`].

mod entry;
mod walk;

use core::time::Duration;
use std::{collections::VecDeque, sync::Arc};

use base::{digit::DigitString, time::Instant};
use serde_json::{Map, Value};
use walk::Core;

use super::{
    compile::{CompiledFlow, NodeIx},
    event::{Input, Outcome, Output},
    session::{Phase, Session, Stored},
    timers::{Timer, Timers},
};

/// Settings of a machine.
#[derive(Clone, Copy, Debug)]
pub struct MachineConfig {
    /// Source of the end of prompts.
    pub prompts: PromptTiming,
    /// Time by which timeouts run later than the flow says (none), for one who hears of digits later than the IVR.
    pub grace: Duration,
    /// Maximum number of interactions at a time (100,000).
    pub max_sessions: usize,
}

impl Default for MachineConfig {
    fn default() -> Self {
        Self { prompts: PromptTiming::Instant, grace: Duration::ZERO, max_sessions: 100_000 }
    }
}

/// Source of the end of prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptTiming {
    /// Prompts take no time, and the first digit's timeout starts at once.
    Instant,
    /// The driver reports the end with [`Input::PromptsEnded`].
    Reported,
}

/// One interaction in a machine. A key of a closed session is never valid again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    slot: u32,
    generation: u32,
}

/// State of an interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    /// The present node.
    pub node: NodeIx,
    /// Digits entered there so far.
    pub entered: DigitString,
    /// Digits kept for later nodes.
    pub typed_ahead: DigitString,
    /// True while prompts are played.
    pub speaking: bool,
    /// The timer that is armed, and its deadline by the flow, without the configured grace.
    pub waiting: Option<(Timer, Instant)>,
    /// Outcome of the flow, once it has ended.
    pub outcome: Option<Outcome>,
    /// True while digits are entered that are not resolved yet.
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
///
/// A driver's loop. This one has a caller who waits too long for the second key, and jumps from deadline to deadline where
/// others sleep:
///
/// ```
/// use base::time::Instant;
/// use ivr::{Event, Input, MachineConfig, MenuMachine, support_line};
///
/// let mut machine = MenuMachine::new(support_line(), MachineConfig::default());
/// let call = machine.open(Instant::ZERO)?;
/// let mut keys = [(Instant::from_millis(500), '2'), (Instant::from_millis(9_000), '2')].into_iter().peekable();
/// let (mut actions, mut repeated) = (Vec::new(), 0);
/// while machine.session(call).is_some_and(|session| session.outcome.is_none()) {
///     match (keys.peek().copied(), machine.poll_timeout()) {
///         (Some((at, key)), due) if due.is_none_or(|due| at < due) => {
///             keys.next();
///             machine.handle_input(at, call, Input::Digit(key.try_into()?))?;
///         }
///         (_, Some(due)) => machine.handle_timeout(due),
///         (_, None) => break,
///     }
///     while let Some(output) = machine.poll_output() {
///         match output.event {
///             Event::Action { node } => actions.extend(machine.flow().node(node).action.clone()),
///             Event::Resolved(resolved) if resolved.to.is_none() => repeated += 1,
///             _ => {} // prompts to play or to stop, digits and menus to show
///         }
///     }
/// }
/// assert_eq!((actions, repeated), (vec!["support".to_owned(), "technical".to_owned()], 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MenuMachine {
    flow: Arc<CompiledFlow>,
    config: MachineConfig,
    core: Core,
}

impl MenuMachine {
    /// Creates a machine without interactions.
    pub fn new(flow: Arc<CompiledFlow>, config: MachineConfig) -> Self {
        let core = Core {
            now: Instant::ZERO,
            prompts: config.prompts,
            sessions: Vec::new(),
            vacant: Vec::new(),
            timers: Timers::new(&flow.timer_classes, config.grace),
            outputs: VecDeque::new(),
        };
        Self { flow, config, core }
    }

    /// Returns the flow.
    pub fn flow(&self) -> &Arc<CompiledFlow> {
        &self.flow
    }

    /// Opens a session for an interaction, at the flow's start.
    pub fn open(&mut self, now: Instant) -> Result<SessionKey, OpenError> {
        self.open_with(now, &Map::new())
    }

    /// As [`Self::open`], with variables that differ from the flow's own; those that no node knows are ignored.
    pub fn open_with(
        &mut self,
        now: Instant,
        variables: &Map<String, Value>,
    ) -> Result<SessionKey, OpenError> {
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
        for (name, value) in variables {
            if let Some(index) = flow.variables.iter().position(|known| known == name) {
                session.variables[index] = Some(Stored::Json(value.clone()));
            }
        }
        let key = SessionKey { slot, generation: session.generation };
        core.advance_clock(now);
        core.enter(flow, key, flow.start);
        Ok(key)
    }

    /// Closes an interaction's session; its key is void from now on.
    pub fn close(&mut self, key: SessionKey) -> Result<(), UnknownSession> {
        self.core.live(key)?;
        self.core.timers.cancel(key.slot);
        self.core.sessions[key.slot as usize].generation += 1;
        self.core.vacant.push(key.slot);
        Ok(())
    }

    /// Takes an input of an interaction. Time does not run backwards: an earlier `now` counts as the latest.
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

    /// Goes on to `node` if the present node's edges explain it, and returns the digits that the entry lacks for that.
    pub(crate) fn explain(&mut self, now: Instant, key: SessionKey, node: NodeIx) -> Option<DigitString> {
        let Self { flow, core, .. } = self;
        core.live(key).ok()?;
        core.advance_clock(now);
        core.explain(flow, key, node)
    }

    /// Lets the present node's timeout pass, whatever its deadline.
    pub(crate) fn time_out(&mut self, now: Instant, key: SessionKey) {
        let Self { flow, core, .. } = self;
        if core.live(key).is_ok() {
            core.advance_clock(now);
            core.timers.cancel(key.slot);
            core.timed_out(flow, key);
        }
    }

    /// Lets every deadline at or before `now` take effect, in order, at its own time.
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

    /// Returns the machine's next output.
    #[inline]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.outputs.pop_front()
    }

    /// Returns the time at which [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.core.timers.next_deadline()
    }

    /// State of an interaction.
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
            waiting: self.core.timers.armed(key.slot).map(|(why, until)| (why, until - self.config.grace)),
            outcome,
            partial: outcome.is_none() && !session.sequence().is_empty(),
        })
    }

    /// Returns the value of an interaction's variable.
    pub fn variable(&self, key: SessionKey, name: &str) -> Option<Value> {
        self.core.live(key).ok()?;
        let index = self.flow.variables.iter().position(|known| known == name)?;
        self.core.sessions[key.slot as usize].variables[index].as_ref().map(Stored::to_json)
    }
}
