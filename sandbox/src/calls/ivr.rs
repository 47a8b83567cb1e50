//! The IVR of one call: menu machine, player and receiver, with no socket and no clock.

use std::{collections::VecDeque, sync::Arc};

use shared::{
    audio::frame::Frame,
    dtmf::{
        Digit,
        detect::{Detection, DetectorConfig, DtmfDetector},
    },
    menu::{
        CompiledFlow, Event, Input, MachineConfig, MenuMachine, NodeIx, OpenError, Outcome, PromptTiming,
        SessionKey, Speech,
    },
    time::Instant,
};

use super::player::Player;
use crate::prompts::Prompts;

/// What an IVR does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Happening {
    Heard(Digit),
    Entered(NodeIx),
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
    happenings: VecDeque<Happening>,
}

impl Ivr {
    /// Lets the call into the flow.
    pub(super) fn start(flow: Arc<CompiledFlow>, prompts: &Prompts, now: Instant) -> Result<Self, OpenError> {
        let config = MachineConfig { prompts: PromptTiming::Reported, max_sessions: 1 };
        let node = flow.start();
        let mut machine = MenuMachine::new(flow, config);
        let key = machine.open(now)?;
        let receiver = DtmfDetector::new(DetectorConfig::default());
        let mut ivr =
            Self { machine, key, node, player: Player::default(), receiver, happenings: VecDeque::new() };
        ivr.drain(prompts);
        Ok(ivr)
    }

    /// What happened since this was last asked.
    pub(super) fn poll(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// When to call [`Self::handle_timeout`].
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.machine.poll_timeout()
    }

    /// Time has passed.
    pub(super) fn handle_timeout(&mut self, prompts: &Prompts, now: Instant) {
        self.machine.handle_timeout(now);
        self.drain(prompts);
    }

    /// Takes 20 ms of what the caller sends. A digit counts from where its tone is recognised, not from its end.
    pub(super) fn hear(&mut self, prompts: &Prompts, now: Instant, frame: &Frame) {
        let mut heard = None;
        self.receiver.process(frame, |detection| {
            if let Detection::Start { digit, .. } = detection {
                heard = Some(digit);
            }
        });
        if let Some(digit) = heard {
            self.happenings.push_back(Happening::Heard(digit));
            self.input(prompts, now, Input::Digit(digit));
        }
    }

    /// The next 20 ms of what the caller hears.
    pub(super) fn say(&mut self, prompts: &Prompts, now: Instant) -> Frame {
        let (frame, ended) = self.player.next_frame();
        if ended {
            self.happenings.push_back(Happening::PromptEnded(self.node));
            self.input(prompts, now, Input::PromptsEnded);
        }
        frame
    }

    /// The caller hangs up.
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
                    self.happenings.push_back(Happening::Entered(node));
                }
                Event::Action { node } => {
                    if let Some(action) = self.machine.flow().node(node).action.clone() {
                        self.happenings.push_back(Happening::Action(node, action));
                    }
                }
                Event::Resolved(resolved) => {
                    if let Some(action) = resolved.as_.action() {
                        self.happenings.push_back(Happening::Action(resolved.node, action.to_owned()));
                    }
                }
                Event::Say { node, speech } => self.speak(prompts, node, speech),
                Event::StopSaying if self.player.is_speaking() => {
                    self.player.cut();
                    self.happenings.push_back(Happening::PromptInterrupted(self.node));
                }
                Event::Ended { outcome } => self.happenings.push_back(Happening::Ended(outcome)),
                // What the page shows of these it has from its own machine.
                _ => {}
            }
        }
    }

    fn speak(&mut self, prompts: &Prompts, node: NodeIx, speech: Speech) {
        let flow = Arc::clone(self.machine.flow());
        let asked = flow.node(node);
        let prompt = match speech {
            Speech::Main => asked.prompt.as_ref(),
            Speech::NoMatch => asked.entry().and_then(|entry| entry.no_match_prompt.as_ref()),
            Speech::Timeout => asked.entry().and_then(|entry| entry.timeout_prompt.as_ref()),
        };
        let Some(prompt) = prompt else { return };
        if !self.player.is_speaking() {
            self.happenings.push_back(Happening::PromptStarted(node));
        }
        let value = |name: &str| match self.machine.variable(self.key, name)? {
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        self.player.enqueue(prompts.clips(prompt, value));
    }
}
