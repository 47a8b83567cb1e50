//! One call, seen from outside.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use shared::{audio::frame::FrameBytes, menu::CompiledFlow};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use crate::close::Close;

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
    pub(super) channel: String,
    pub(super) flow: Arc<CompiledFlow>,
    state: watch::Sender<CallState>,
    commands: mpsc::Sender<Command>,
    next_link: AtomicU64,
}

/// What a call is told.
#[derive(Debug)]
pub(super) enum Command {
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
    /// Returns a call into `flow` with random identifiers, and its end of the command queue.
    pub(super) fn new(flow: Arc<CompiledFlow>) -> (Self, mpsc::Receiver<Command>) {
        /// Audio of a second or so, and whatever else comes.
        const COMMANDS: usize = 64;
        let (commands, received) = mpsc::channel(COMMANDS);
        let call = Self {
            interaction: format!("int-{:016x}", rand::random::<u64>()),
            id: format!("call-{:016x}", rand::random::<u64>()),
            channel: format!("ch-{:08x}", rand::random::<u32>()),
            flow,
            state: watch::Sender::new(CallState::Connecting),
            commands,
            next_link: AtomicU64::new(1),
        };
        (call, received)
    }

    pub(super) fn enter(&self, state: CallState) {
        self.state.send_replace(state);
    }

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
