//! One call as a task: waits for its voice socket, runs the IVR in real time, publishes events, ends.

use std::{sync::Arc, time::Duration};

use ivr::{NodeIx, Outcome};
use signal::frame::{FRAME_DURATION, Reassembler, SILENCE, encode};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use wire::cxone::dtmf::{Activity, DtmfEvent, InteractionEvent};

use super::{
    call::{Call, CallState, Command, OutgoingFrame},
    context::CallContext,
    ivr::{Ivr, IvrEvent},
    network::ImpairedNetwork,
};
use crate::{clock, close::Close};

/// Silence between the end of the flow and the end of the call.
const FINAL_SILENCE: Duration = Duration::from_millis(500);

/// Number of frames without audio from the caller after which the IVR hears silence, which ends a tone: 160 ms, because
/// a page that is busy for a moment sends the rest of its tone late.
const MAX_MISSING_FRAMES: u32 = 8;

/// Runs a call until it has ended.
pub(super) async fn run(context: CallContext, call: Arc<Call>, mut commands: mpsc::Receiver<Command>) {
    let mut actor = Actor {
        context: &context,
        call: &call,
        socket: None,
        reassembler: Reassembler::new(),
        missing_frames: 0,
        detached_since: None,
        ends_at: None,
        network: None,
    };
    actor.publish_event(CallState::Connecting, None, None, None);
    if actor.connect(&mut commands).await {
        actor.stream(&mut commands).await;
    }
    actor.enter_state(CallState::Disconnecting);
    // No further socket can attach, and one that is attaching is closed.
    commands.close();
    if let Some(socket) = actor.socket.take() {
        socket.close(Close::new(1000, "the call is over"));
    }
    while let Ok(command) = commands.try_recv() {
        if let Command::Attach { close, .. } = command {
            let _ = close.send(Close::new(1000, "the call is over"));
        }
    }
    actor.enter_state(CallState::Terminated);
}

struct Actor<'a> {
    context: &'a CallContext,
    call: &'a Call,
    socket: Option<AttachedSocket>,
    reassembler: Reassembler,
    /// Number of frames that were due since the caller last sent audio.
    missing_frames: u32,
    /// Time at which the voice socket was lost.
    detached_since: Option<Instant>,
    /// Time at which the call ends; set when its flow ends.
    ends_at: Option<Instant>,
    /// Impaired network between the IVR and the caller, while there is one.
    network: Option<ImpairedNetwork>,
}

/// The call's end of the voice socket that is attached.
struct AttachedSocket {
    id: u64,
    frames: mpsc::Sender<OutgoingFrame>,
    close: oneshot::Sender<Close>,
}

impl AttachedSocket {
    fn close(self, close: Close) {
        // The socket may be gone already.
        let _ = self.close.send(close);
    }
}

impl Actor<'_> {
    /// Waits for the first voice socket and returns true if one attached in time.
    async fn connect(&mut self, commands: &mut mpsc::Receiver<Command>) -> bool {
        let attached = async {
            loop {
                match commands.recv().await {
                    Some(Command::Attach { link, frames, close }) => {
                        return Some(AttachedSocket { id: link, frames, close });
                    }
                    Some(Command::Audio { .. }) => {}
                    Some(Command::Hangup) | None => return None,
                }
            }
        };
        tokio::select! {
            () = self.context.shutdown.cancelled() => {}
            socket = timeout(self.context.limits.connect_timeout, attached) => self.socket = socket.ok().flatten(),
        }
        self.socket.is_some()
    }

    /// Runs the IVR until the flow ends, the caller hangs up or no voice socket has been attached for too long.
    async fn stream(&mut self, commands: &mut mpsc::Receiver<Command>) {
        let context = self.context;
        self.enter_state(CallState::Streaming);
        let mut ivr = match Ivr::start(Arc::clone(&self.call.flow), &context.prompts, context.clock.now()) {
            Ok(ivr) => ivr,
            Err(error) => {
                tracing::error!(%error, "the flow cannot be entered");
                return;
            }
        };
        self.publish_ivr_events(&mut ivr);
        // Frames are due at multiples of a frame's length from here on, and late ones are made up for: no drift.
        let mut due = Instant::now();
        while self.ends_at.is_none_or(|ends_at| Instant::now() < ends_at) {
            let timer = ivr.poll_timeout().map(|at| context.clock.deadline(at));
            let continues = tokio::select! {
                // Frames before commands, so that a flood of audio from the caller does not delay the IVR's own.
                biased;
                () = context.shutdown.cancelled() => false,
                () = sleep_until(due) => {
                    self.update_network();
                    let continues = self.exchange_frames(&mut ivr, commands, due);
                    due += self.network.as_ref().map_or(FRAME_DURATION, ImpairedNetwork::frame_duration);
                    continues
                }
                command = commands.recv() => self.handle_command(&mut ivr, command),
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => {
                    ivr.handle_timeout(&context.prompts, context.clock.now());
                    true
                }
            };
            self.publish_ivr_events(&mut ivr);
            if !continues {
                return;
            }
        }
    }

    /// Executes a command and returns true if the call continues.
    fn handle_command(&mut self, ivr: &mut Ivr, command: Option<Command>) -> bool {
        match command {
            Some(Command::Attach { link, frames, close }) => {
                self.attach(AttachedSocket { id: link, frames, close });
            }
            Some(Command::Audio { link, bytes }) => {
                if self.socket.as_ref().is_some_and(|socket| socket.id == link) && !bytes.is_empty() {
                    self.missing_frames = 0;
                    let now = self.context.clock.now();
                    self.reassembler
                        .push(&bytes, |frame| ivr.process_frame(&self.context.prompts, now, frame));
                }
            }
            Some(Command::Hangup) | None => {
                ivr.hang_up(&self.context.prompts, self.context.clock.now());
                return false;
            }
        }
        true
    }

    /// Processes the commands that have arrived, sends the frame that is due, and returns true if the call continues.
    /// The caller's audio comes first, because a digit in it interrupts the prompt that the frame is part of.
    fn exchange_frames(
        &mut self,
        ivr: &mut Ivr,
        commands: &mut mpsc::Receiver<Command>,
        due: Instant,
    ) -> bool {
        for _ in 0..commands.len() {
            if let Ok(command) = commands.try_recv()
                && !self.handle_command(ivr, Some(command))
            {
                return false;
            }
        }
        let (prompts, now) = (&self.context.prompts, self.context.clock.now());
        let frame = ivr.next_frame(prompts, now);
        if self.send(OutgoingFrame { bytes: encode(&frame), is_silent: frame == SILENCE, send_at: None }, due)
        {
            self.detached_since = None;
        } else if self.detached_since.get_or_insert_with(Instant::now).elapsed()
            > self.context.limits.voice_grace
        {
            return false;
        }
        self.missing_frames += 1;
        if self.missing_frames > MAX_MISSING_FRAMES {
            ivr.process_frame(prompts, now, &SILENCE);
        }
        true
    }

    fn attach(&mut self, socket: AttachedSocket) {
        self.reassembler.finish();
        if let Some(previous) = self.socket.replace(socket) {
            previous.close(Close::new(4409, "another stream took its place"));
        }
    }

    /// Replaces the network if another impairment is active, or none.
    fn update_network(&mut self) {
        let active = self.context.faults.active_impairment();
        if active.as_ref().map(|active| active.id) != self.network.as_ref().map(ImpairedNetwork::id) {
            self.network = active.map(ImpairedNetwork::new);
        }
    }

    /// Sends a frame that was due at `due` to the voice socket and returns true if one is attached. The frame is dropped if
    /// the network loses it or the socket is a second behind.
    fn send(&mut self, mut frame: OutgoingFrame, due: Instant) -> bool {
        let Some(socket) = &self.socket else { return false };
        if let Some(network) = &mut self.network
            && !socket.frames.is_closed()
        {
            match network.schedule(due) {
                Some(at) => frame.send_at = Some(at),
                None => return true,
            }
        }
        match socket.frames.try_send(frame) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.socket = None;
                self.reassembler.finish();
                false
            }
        }
    }

    fn enter_state(&self, state: CallState) {
        self.call.set_state(state);
        self.publish_event(state, None, None, None);
    }

    fn publish_ivr_events(&mut self, ivr: &mut Ivr) {
        while let Some(event) = ivr.poll_event() {
            let (node, activity, action) = match event {
                IvrEvent::DigitDetected(digit) => {
                    self.context.hub.dtmf(&DtmfEvent {
                        interaction_id: self.call.interaction.clone(),
                        channel_id: self.call.channel.clone(),
                        digit,
                        timestamp: clock::timestamp(),
                    });
                    continue;
                }
                IvrEvent::Ended(outcome) => {
                    let hung_up = outcome == Outcome::CallerHungUp;
                    let silence = if hung_up { Duration::ZERO } else { FINAL_SILENCE };
                    self.ends_at.get_or_insert(Instant::now() + silence);
                    continue;
                }
                IvrEvent::NodeEntered(node) => (node, Activity::NodeEntered, None),
                IvrEvent::PromptStarted(node) => (node, Activity::PromptStarted, None),
                IvrEvent::PromptEnded(node) => (node, Activity::PromptEnded, None),
                IvrEvent::PromptInterrupted(node) => (node, Activity::PromptInterrupted, None),
                IvrEvent::Action(node, action) => (node, Activity::Action, Some(action)),
            };
            self.publish_event(self.call.state(), Some(node), Some(activity), action);
        }
    }

    fn publish_event(
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
