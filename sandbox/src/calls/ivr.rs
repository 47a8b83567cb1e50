//! The IVR of one call: menu machine, prompt player and DTMF detector, without a socket or a clock.

use std::{collections::VecDeque, sync::Arc};

use base::{digit::Digit, time::Instant};
use ivr::{
    CompiledFlow, Event, Input, MachineConfig, MenuMachine, NodeIx, OpenError, Outcome, PromptTiming,
    SessionKey, Speech,
};
use signal::{
    detect::{Detection, DetectorConfig, DtmfDetector},
    frame::Frame,
};

use super::player::Player;
use crate::prompts::Prompts;

/// An event of the IVR.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum IvrEvent {
    DigitDetected(Digit),
    NodeEntered(NodeIx),
    PromptStarted(NodeIx),
    PromptEnded(NodeIx),
    PromptInterrupted(NodeIx),
    Action(NodeIx, String),
    Ended(Outcome),
}

/// The IVR of one call.
pub(super) struct Ivr {
    machine: MenuMachine,
    key: SessionKey,
    node: NodeIx,
    player: Player,
    receiver: DtmfDetector,
    events: VecDeque<IvrEvent>,
}

impl Ivr {
    /// Starts the flow for a new call.
    pub(super) fn start(flow: Arc<CompiledFlow>, prompts: &Prompts, now: Instant) -> Result<Self, OpenError> {
        let config =
            MachineConfig { prompts: PromptTiming::Reported, max_sessions: 1, ..MachineConfig::default() };
        let node = flow.start();
        let mut machine = MenuMachine::new(flow, config);
        let key = machine.open(now)?;
        let receiver = DtmfDetector::new(DetectorConfig::default());
        let mut ivr =
            Self { machine, key, node, player: Player::default(), receiver, events: VecDeque::new() };
        ivr.drain(prompts);
        Ok(ivr)
    }

    /// Returns the next event.
    pub(super) fn poll_event(&mut self) -> Option<IvrEvent> {
        self.events.pop_front()
    }

    /// Returns the time to call [`Self::handle_timeout`] at.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.machine.poll_timeout()
    }

    /// Handles the timeouts that are due at `now`.
    pub(super) fn handle_timeout(&mut self, prompts: &Prompts, now: Instant) {
        self.machine.handle_timeout(now);
        self.drain(prompts);
    }

    /// Processes 20 ms of the caller's audio. A digit counts as soon as its tone is recognised, not when it ends.
    pub(super) fn process_frame(&mut self, prompts: &Prompts, now: Instant, frame: &Frame) {
        let mut detected = None;
        self.receiver.process(frame, |detection| {
            if let Detection::Start { digit, .. } = detection {
                detected = Some(digit);
            }
        });
        if let Some(digit) = detected {
            self.events.push_back(IvrEvent::DigitDetected(digit));
            self.input(prompts, now, Input::Digit(digit));
        }
    }

    /// Returns the next 20 ms of audio for the caller.
    pub(super) fn next_frame(&mut self, prompts: &Prompts, now: Instant) -> Frame {
        let (frame, ended) = self.player.next_frame();
        if ended {
            self.events.push_back(IvrEvent::PromptEnded(self.node));
            self.input(prompts, now, Input::PromptsEnded);
        }
        frame
    }

    /// Ends the session, as the caller hung up.
    pub(super) fn hang_up(&mut self, prompts: &Prompts, now: Instant) {
        self.input(prompts, now, Input::Hangup);
    }

    fn input(&mut self, prompts: &Prompts, now: Instant, input: Input) {
        self.machine.handle_input(now, self.key, input).expect("the only session is never closed");
        self.drain(prompts);
    }

    fn drain(&mut self, prompts: &Prompts) {
        while let Some(output) = self.machine.poll_output() {
            match output.event {
                Event::Entered { node } => {
                    self.node = node;
                    self.events.push_back(IvrEvent::NodeEntered(node));
                }
                Event::Action { node } => {
                    if let Some(action) = self.machine.flow().node(node).action.clone() {
                        self.events.push_back(IvrEvent::Action(node, action));
                    }
                }
                Event::Resolved(resolved) => {
                    if let Some(action) = resolved.resolution.action() {
                        self.events.push_back(IvrEvent::Action(resolved.node, action.to_owned()));
                    }
                }
                Event::Say { node, speech } => self.enqueue_prompt(prompts, node, speech),
                Event::StopSaying if self.player.is_speaking() => {
                    self.player.interrupt();
                    self.events.push_back(IvrEvent::PromptInterrupted(self.node));
                }
                Event::Ended { outcome } => self.events.push_back(IvrEvent::Ended(outcome)),
                // Nothing is published for the others.
                Event::StopSaying
                | Event::Digit { .. }
                | Event::TypedAhead { .. }
                | Event::Dropped { .. }
                | Event::Exhausted { .. }
                | Event::Resynchronised { .. } => {}
            }
        }
    }

    fn enqueue_prompt(&mut self, prompts: &Prompts, node: NodeIx, speech: Speech) {
        let flow = Arc::clone(self.machine.flow());
        let menu = flow.node(node);
        let prompt = match speech {
            Speech::Main => menu.prompt.as_ref(),
            Speech::NoMatch => menu.entry().and_then(|entry| entry.no_match_prompt.as_ref()),
            Speech::Timeout => menu.entry().and_then(|entry| entry.timeout_prompt.as_ref()),
        };
        let Some(prompt) = prompt else { return };
        if !self.player.is_speaking() {
            self.events.push_back(IvrEvent::PromptStarted(node));
        }
        let value = |name: &str| {
            let value = self.machine.variable(self.key, name)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        self.player.enqueue(prompts.clips(prompt, value));
    }
}
