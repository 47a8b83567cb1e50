//! A call's life: waits for its voice socket, runs the IVR against the wall clock, publishes, ends.

use std::{sync::Arc, time::Duration};

use shared::{
    audio::frame::{FRAME_DURATION, Reassembler, SILENCE, encode},
    dtmf::event::{Activity, DtmfEvent, InteractionEvent},
    menu::{NodeIx, Outcome},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{
    Call, CallState, Command, DownFrame,
    ivr::{Happening, Ivr},
};
use crate::{clock, socket::Close, state::AppState};

/// Between the flow's end and the call's.
const LAST_SILENCE: Duration = Duration::from_millis(500);

/// After so many frames without audio from the caller, the line is silent: a tone before the pause is over. (160 ms; a page
/// that is busy for a moment sends the rest of its tone late.)
const QUIET_TICKS: u32 = 8;

/// Runs a call from its being placed to its end.
pub(super) async fn run(app: Arc<AppState>, call: Arc<Call>, mut commands: mpsc::Receiver<Command>) {
    let mut actor = Actor { app: &app, call: &call, line: None, reassembler: Reassembler::new(), ends: None };
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
    app.calls.ended(&call);
}

struct Actor<'a> {
    app: &'a AppState,
    call: &'a Call,
    line: Option<Line>,
    reassembler: Reassembler,
    /// When the call ends, once its flow has.
    ends: Option<Instant>,
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
            () = self.app.shutdown.cancelled() => {}
            line = timeout(self.app.config.connect_timeout, joined) => self.line = line.ok().flatten(),
        }
        self.line.is_some()
    }

    /// Runs the IVR until the flow ends, the caller hangs up or nobody is on the line for too long.
    async fn stream(&mut self, commands: &mut mpsc::Receiver<Command>) {
        let app = self.app;
        self.enter(CallState::Streaming);
        let mut ivr = match Ivr::start(Arc::clone(&self.call.flow), &app.prompts, app.clock.now()) {
            Ok(ivr) => ivr,
            Err(error) => {
                tracing::error!(%error, "the flow cannot be entered");
                return;
            }
        };
        self.report(&mut ivr);
        let mut ticks = absolute(FRAME_DURATION);
        let mut alone_since: Option<Instant> = None;
        let mut quiet_ticks = 0u32;
        while self.ends.is_none_or(|ends| Instant::now() < ends) {
            let timer = ivr.poll_timeout().map(|at| app.clock.deadline(at));
            tokio::select! {
                // Commands before ticks: a digit cuts the frame that is due now.
                biased;
                () = app.shutdown.cancelled() => return,
                command = commands.recv() => match command {
                    Some(Command::Attach { link, frames, close }) => {
                        self.join(Line { id: link, frames, close });
                        alone_since = None;
                    }
                    Some(Command::Audio { link, bytes }) => {
                        if self.line.as_ref().is_some_and(|line| line.id == link) && !bytes.is_empty() {
                            quiet_ticks = 0;
                            let now = app.clock.now();
                            self.reassembler.push(&bytes, |frame| ivr.hear(&app.prompts, now, frame));
                        }
                    }
                    Some(Command::Hangup) | None => {
                        ivr.hang_up(&app.prompts, app.clock.now());
                        self.report(&mut ivr);
                        return;
                    }
                },
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => {
                    ivr.handle_timeout(&app.prompts, app.clock.now());
                }
                _ = ticks.tick() => {
                    let speaking = ivr.is_speaking();
                    let frame = ivr.say(&app.prompts, app.clock.now());
                    if self.send(DownFrame { bytes: encode(&frame), quiet: !speaking }) {
                        alone_since = None;
                    } else if alone_since.get_or_insert_with(Instant::now).elapsed() > app.config.voice_grace {
                        return;
                    }
                    quiet_ticks += 1;
                    if quiet_ticks > QUIET_TICKS {
                        ivr.hear(&app.prompts, app.clock.now(), &SILENCE);
                    }
                }
            }
            self.report(&mut ivr);
        }
    }

    fn join(&mut self, line: Line) {
        self.reassembler.finish();
        if let Some(before) = self.line.replace(line) {
            before.close(Close::new(4409, "another stream took its place"));
        }
    }

    /// Sends a frame down the line; whether there is a line. One that is a second behind loses the frame.
    fn send(&mut self, frame: DownFrame) -> bool {
        let Some(line) = &self.line else { return false };
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
        self.call.state.send_replace(state);
        self.publish(state, None, None, None);
    }

    fn report(&mut self, ivr: &mut Ivr) {
        while let Some(happening) = ivr.poll() {
            let (node, activity, action) = match happening {
                Happening::Heard(digit) => {
                    self.app.hub.dtmf(&DtmfEvent {
                        interaction_id: self.call.interaction_id.clone(),
                        channel_id: self.call.channel_id.clone(),
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
        self.app.hub.interaction(&InteractionEvent {
            interaction_id: self.call.interaction_id.clone(),
            state: state.name().to_owned(),
            timestamp: clock::timestamp(),
            call_id: Some(self.call.call_id.clone()),
            flow_id: Some(self.call.flow.definition().flow_id.clone()),
            node_id: node.map(|node| self.call.flow.node(node).id.clone()),
            activity,
            action,
        });
    }
}

/// Ticks at multiples of `period` from now on; ticks that were missed are made up for, so that nothing drifts.
fn absolute(period: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now(), period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}
