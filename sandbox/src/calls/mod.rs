//! The calls: who is in which state, and how to reach them.

mod actor;
mod ivr;
mod network;
mod player;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use shared::{audio::frame::FrameBytes, menu::CompiledFlow};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use crate::{socket::Close, state::AppState};

/// A call's state; CONTRACT section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallState {
    Connecting,
    Streaming,
    Disconnecting,
    Terminated,
}

impl CallState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Disconnecting => "disconnecting",
            Self::Terminated => "terminated",
        }
    }
}

/// A call, seen from outside.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) interaction: String,
    pub(crate) id: String,
    channel: String,
    flow: Arc<CompiledFlow>,
    state: watch::Sender<CallState>,
    commands: mpsc::Sender<Command>,
    next_link: AtomicU64,
}

/// What a call is told.
#[derive(Debug)]
enum Command {
    /// A voice socket has opened.
    Attach { link: u64, frames: mpsc::Sender<DownFrame>, close: oneshot::Sender<Close> },
    /// The voice socket sent audio.
    Audio { link: u64, bytes: Bytes },
    /// The caller hangs up.
    Hangup,
}

/// A voice socket's end of a call. Dropping it tells the call that the socket is gone.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) frames: mpsc::Receiver<DownFrame>,
    pub(crate) closed: oneshot::Receiver<Close>,
}

/// A frame on its way to the caller.
#[derive(Debug)]
pub(crate) struct DownFrame {
    pub(crate) bytes: FrameBytes,
    /// Whether it is silent.
    pub(crate) quiet: bool,
    /// When to send it, where the network is impaired; at once otherwise.
    pub(crate) at: Option<Instant>,
}

impl Call {
    pub(crate) fn state(&self) -> CallState {
        *self.state.borrow()
    }

    /// Joins a voice socket to the call, in the place of the one before; none if the call is over.
    pub(crate) async fn attach(&self) -> Option<Link> {
        /// One second; a socket that is further behind loses frames.
        const BACKLOG: usize = 50;
        let id = self.next_link.fetch_add(1, Ordering::Relaxed);
        let (frames, frames_out) = mpsc::channel(BACKLOG);
        let (close, closed) = oneshot::channel();
        self.commands.send(Command::Attach { link: id, frames, close }).await.ok()?;
        Some(Link { id, frames: frames_out, closed })
    }

    /// Hands up what the voice socket `link` sent.
    pub(crate) async fn hear(&self, link: u64, bytes: Bytes) {
        // A call that is over hears nothing.
        let _ = self.commands.send(Command::Audio { link, bytes }).await;
    }

    /// The caller hangs up; returns once the call has ended.
    pub(crate) async fn hang_up(&self) {
        let mut state = self.state.subscribe();
        let _ = self.commands.send(Command::Hangup).await;
        // The call lives as long as its registry, so the sender is there.
        let _ = state.wait_for(|state| *state == CallState::Terminated).await;
    }
}

/// All calls, and those that were, for a while.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Registry>);

#[derive(Debug, Default)]
struct Registry {
    by_interaction: HashMap<String, Arc<Call>>,
    /// Interactions by call.
    by_call: HashMap<String, String>,
    /// Calls that are over, oldest first.
    over: VecDeque<String>,
}

impl Calls {
    /// Places a call into `flow`; none if there are too many.
    pub(crate) fn place(&self, app: &Arc<AppState>, flow: Arc<CompiledFlow>) -> Option<Arc<Call>> {
        /// Audio of a second or so, and whatever else comes.
        const COMMANDS: usize = 64;
        let mut registry = self.0.lock().expect("no holder panics");
        if registry.live() >= app.config.max_calls {
            return None;
        }
        let (commands, received) = mpsc::channel(COMMANDS);
        let call = Arc::new(Call {
            interaction: format!("int-{:016x}", rand::random::<u64>()),
            id: format!("call-{:016x}", rand::random::<u64>()),
            channel: format!("ch-{:08x}", rand::random::<u32>()),
            flow,
            state: watch::Sender::new(CallState::Connecting),
            commands,
            next_link: AtomicU64::new(1),
        });
        registry.by_call.insert(call.id.clone(), call.interaction.clone());
        registry.by_interaction.insert(call.interaction.clone(), Arc::clone(&call));
        app.tasks.spawn(actor::run(Arc::clone(app), Arc::clone(&call), received));
        Some(call)
    }

    pub(crate) fn by_interaction(&self, id: &str) -> Option<Arc<Call>> {
        self.0.lock().expect("no holder panics").by_interaction.get(id).cloned()
    }

    pub(crate) fn by_call(&self, id: &str) -> Option<Arc<Call>> {
        let registry = self.0.lock().expect("no holder panics");
        registry.by_interaction.get(registry.by_call.get(id)?).cloned()
    }

    /// How many calls are not over.
    pub(crate) fn live(&self) -> usize {
        self.0.lock().expect("no holder panics").live()
    }

    /// A call is over: it can be asked for until so many others are.
    fn ended(&self, call: &Call) {
        const REMEMBERED: usize = 1_000;
        let mut registry = self.0.lock().expect("no holder panics");
        registry.over.push_back(call.interaction.clone());
        if registry.over.len() > REMEMBERED
            && let Some(oldest) = registry.over.pop_front()
            && let Some(call) = registry.by_interaction.remove(&oldest)
        {
            registry.by_call.remove(&call.id);
        }
    }
}

impl Registry {
    fn live(&self) -> usize {
        self.by_interaction.len() - self.over.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{SandboxConfig, faults::Rule};

    /// How many frames a call sends in ten seconds, its network being impaired like this.
    async fn frames_in_ten_seconds(impairment: &str) -> usize {
        let app = AppState::new(SandboxConfig::default(), mpsc::channel(1).0).unwrap();
        let rule: Rule = serde_json::from_str(impairment).unwrap();
        rule.validate().unwrap();
        app.faults.arm(rule);
        let id = &app.flows.all().next().unwrap().definition().flow_id;
        let flow = Arc::clone(app.flows.find(id).unwrap());
        let mut link = app.calls.place(&app, flow).unwrap().attach().await.unwrap();
        let end = Instant::now() + Duration::from_millis(9_990);
        let mut frames = 0;
        // The clock is the test's, so that nothing is waited for and nothing is late.
        while let Ok(Some(_)) = tokio::time::timeout_at(end, link.frames.recv()).await {
            frames += 1;
        }
        frames
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_off_sends_more_frames_or_fewer() {
        assert_eq!(frames_in_ten_seconds(r#"{"on":"voice","kind":"impair"}"#).await, 500);
        assert_eq!(frames_in_ten_seconds(r#"{"on":"voice","kind":"impair","driftPpm":10000}"#).await, 505);
        assert_eq!(frames_in_ten_seconds(r#"{"on":"voice","kind":"impair","driftPpm":-10000}"#).await, 495);
        assert_eq!(
            frames_in_ten_seconds(r#"{"on":"voice","kind":"impair","driftPpm":10000,"ms":3990}"#).await,
            502
        );
    }
}
