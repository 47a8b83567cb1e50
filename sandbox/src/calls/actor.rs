//! A call's life: waits for its voice socket, runs the IVR against the wall clock, publishes, ends.

use std::{sync::Arc, time::Duration};

use shared::{
    audio::frame::{FRAME_DURATION, Reassembler, SILENCE, encode},
    dtmf::event::{Activity, DtmfEvent, InteractionEvent},
    menu::{NodeIx, Outcome},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{
    call::{Call, CallState, Command, DownFrame},
    context::CallContext,
    ivr::{Happening, Ivr},
    network::Network,
};
use crate::{clock, close::Close};

/// Between the flow's end and the call's.
const LAST_SILENCE: Duration = Duration::from_millis(500);

/// After so many frames without audio from the caller, the line is silent: a tone before the pause is over. (160 ms; a page
/// that is busy for a moment sends the rest of its tone late.)
const QUIET_TICKS: u32 = 8;

/// Runs a call from its being placed to its end.
pub(super) async fn run(context: CallContext, call: Arc<Call>, mut commands: mpsc::Receiver<Command>) {
    let mut actor = Actor {
        context: &context,
        call: &call,
        line: None,
        reassembler: Reassembler::new(),
        quiet_ticks: 0,
        alone_since: None,
        ends: None,
        network: None,
    };
    actor.publish(CallState::Connecting, None, None, None);
    if actor.connect(&mut commands).await {
        actor.stream(&mut commands).await;
    }
    actor.enter(CallState::Disconnecting);
    // Nobody can join any more, and a socket that is joining learns that it is too late.
    commands.close();
    if let Some(line) = actor.line.take() {
        line.close(Close::new(1000, "the call is over"));
    }
    while let Ok(command) = commands.try_recv() {
        if let Command::Attach { close, .. } = command {
            let _ = close.send(Close::new(1000, "the call is over"));
        }
    }
    actor.enter(CallState::Terminated);
}

struct Actor<'a> {
    context: &'a CallContext,
    call: &'a Call,
    line: Option<Line>,
    reassembler: Reassembler,
    /// Ticks since the caller last sent audio.
    quiet_ticks: u32,
    /// Since when there has been no voice socket.
    alone_since: Option<Instant>,
    /// When the call ends, once its flow has.
    ends: Option<Instant>,
    /// What the audio to the caller passes, while it is impaired.
    network: Option<Network>,
}

/// The voice socket that is joined at present.
struct Line {
    id: u64,
    frames: mpsc::Sender<DownFrame>,
    close: oneshot::Sender<Close>,
}

impl Line {
    fn close(self, close: Close) {
        // A socket that is gone need not be told.
        let _ = self.close.send(close);
    }
}

impl Actor<'_> {
    /// Waits for the first voice socket; whether one came.
    async fn connect(&mut self, commands: &mut mpsc::Receiver<Command>) -> bool {
        let joined = async {
            loop {
                match commands.recv().await {
                    Some(Command::Attach { link, frames, close }) => {
                        return Some(Line { id: link, frames, close });
                    }
                    Some(Command::Audio { .. }) => {}
                    Some(Command::Hangup) | None => return None,
                }
            }
        };
        tokio::select! {
            () = self.context.shutdown.cancelled() => {}
            line = timeout(self.context.limits.connect_timeout, joined) => self.line = line.ok().flatten(),
        }
        self.line.is_some()
    }

    /// Runs the IVR until the flow ends, the caller hangs up or nobody is on the line for too long.
    async fn stream(&mut self, commands: &mut mpsc::Receiver<Command>) {
        let context = self.context;
        self.enter(CallState::Streaming);
        let mut ivr = match Ivr::start(Arc::clone(&self.call.flow), &context.prompts, context.clock.now()) {
            Ok(ivr) => ivr,
            Err(error) => {
                tracing::error!(%error, "the flow cannot be entered");
                return;
            }
        };
        self.report(&mut ivr);
        // Multiples of a frame's length from here on; those that were missed are made up for, so that nothing drifts.
        let mut due = Instant::now();
        while self.ends.is_none_or(|ends| Instant::now() < ends) {
            let timer = ivr.poll_timeout().map(|at| context.clock.deadline(at));
            let goes_on = tokio::select! {
                // Ticks before commands, so that no flood of audio holds up the caller's; see `tick`.
                biased;
                () = context.shutdown.cancelled() => false,
                () = sleep_until(due) => {
                    self.look_at_network();
                    let goes_on = self.tick(&mut ivr, commands, due);
                    due += self.network.as_ref().map_or(FRAME_DURATION, Network::frame_duration);
                    goes_on
                }
                command = commands.recv() => self.obey(&mut ivr, command),
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => {
                    ivr.handle_timeout(&context.prompts, context.clock.now());
                    true
                }
            };
            self.report(&mut ivr);
            if !goes_on {
                return;
            }
        }
    }

    /// Does what the call is told; whether it goes on.
    fn obey(&mut self, ivr: &mut Ivr, command: Option<Command>) -> bool {
        match command {
            Some(Command::Attach { link, frames, close }) => self.join(Line { id: link, frames, close }),
            Some(Command::Audio { link, bytes }) => {
                if self.line.as_ref().is_some_and(|line| line.id == link) && !bytes.is_empty() {
                    self.quiet_ticks = 0;
                    let now = self.context.clock.now();
                    self.reassembler.push(&bytes, |frame| ivr.hear(&self.context.prompts, now, frame));
                }
            }
            Some(Command::Hangup) | None => {
                ivr.hang_up(&self.context.prompts, self.context.clock.now());
                return false;
            }
        }
        true
    }

    /// Another 20 ms have passed; whether the call goes on. What has come from the caller by now is heard first: a digit
    /// among it cuts the frame that is due.
    fn tick(&mut self, ivr: &mut Ivr, commands: &mut mpsc::Receiver<Command>, due: Instant) -> bool {
        for _ in 0..commands.len() {
            if let Ok(command) = commands.try_recv()
                && !self.obey(ivr, Some(command))
            {
                return false;
            }
        }
        let (prompts, now) = (&self.context.prompts, self.context.clock.now());
        let frame = ivr.say(prompts, now);
        if self.send(DownFrame { bytes: encode(&frame), quiet: frame == SILENCE, at: None }, due) {
            self.alone_since = None;
        } else if self.alone_since.get_or_insert_with(Instant::now).elapsed()
            > self.context.limits.voice_grace
        {
            return false;
        }
        self.quiet_ticks += 1;
        if self.quiet_ticks > QUIET_TICKS {
            ivr.hear(prompts, now, &SILENCE);
        }
        true
    }

    fn join(&mut self, line: Line) {
        self.reassembler.finish();
        if let Some(before) = self.line.replace(line) {
            before.close(Close::new(4409, "another stream took its place"));
        }
    }

    /// Whether the network is impaired may have changed.
    fn look_at_network(&mut self) {
        let standing = self.context.faults.standing();
        if standing.as_ref().map(|standing| standing.id) != self.network.as_ref().map(Network::id) {
            self.network = standing.map(Network::new);
        }
    }

    /// Sends a frame that was due at `due` down the line; whether there is a line. One that is a second behind loses the
    /// frame, and so may the network.
    fn send(&mut self, mut frame: DownFrame, due: Instant) -> bool {
        let Some(line) = &self.line else { return false };
        if let Some(network) = &mut self.network
            && !line.frames.is_closed()
        {
            match network.pass(due) {
                Some(at) => frame.at = Some(at),
                None => return true,
            }
        }
        match line.frames.try_send(frame) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.line = None;
                self.reassembler.finish();
                false
            }
        }
    }

    fn enter(&self, state: CallState) {
        self.call.enter(state);
        self.publish(state, None, None, None);
    }

    fn report(&mut self, ivr: &mut Ivr) {
        while let Some(happening) = ivr.poll() {
            let (node, activity, action) = match happening {
                Happening::Heard(digit) => {
                    self.context.hub.dtmf(&DtmfEvent {
                        interaction_id: self.call.interaction.clone(),
                        channel_id: self.call.channel.clone(),
                        digit,
                        timestamp: clock::timestamp(),
                    });
                    continue;
                }
                Happening::Ended(outcome) => {
                    let silence = match outcome {
                        Outcome::CallerHungUp => Duration::ZERO,
                        _ => LAST_SILENCE,
                    };
                    self.ends.get_or_insert(Instant::now() + silence);
                    continue;
                }
                Happening::Entered(node) => (node, Activity::NodeEntered, None),
                Happening::PromptStarted(node) => (node, Activity::PromptStarted, None),
                Happening::PromptEnded(node) => (node, Activity::PromptEnded, None),
                Happening::PromptInterrupted(node) => (node, Activity::PromptInterrupted, None),
                Happening::Action(node, action) => (node, Activity::Action, Some(action)),
            };
            self.publish(self.call.state(), Some(node), Some(activity), action);
        }
    }

    fn publish(
        &self,
        state: CallState,
        node: Option<NodeIx>,
        activity: Option<Activity>,
        action: Option<String>,
    ) {
        self.context.hub.interaction(&InteractionEvent {
            interaction_id: self.call.interaction.clone(),
            state: state.name().to_owned(),
            timestamp: clock::timestamp(),
            call_id: Some(self.call.id.clone()),
            flow_id: Some(self.call.flow.definition().flow_id.clone()),
            node_id: node.map(|node| self.call.flow.node(node).id.clone()),
            activity,
            action,
        });
    }
}
