//! One call, as sockets and handlers see it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use ivr::CompiledFlow;
use signal::frame::FrameBytes;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use crate::close::Close;

/// State of a call, as the call state request and the events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallState {
    Connecting,
    Streaming,
    Disconnecting,
    Terminated,
}

impl CallState {
    /// Returns the state's name in requests and events.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Disconnecting => "disconnecting",
            Self::Terminated => "terminated",
        }
    }
}

/// A call, as sockets and handlers see it.
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

/// A message to the call's task.
#[derive(Debug)]
pub(super) enum Command {
    /// A voice socket opened.
    Attach { link: u64, frames: mpsc::Sender<OutgoingFrame>, close: oneshot::Sender<Close> },
    /// The voice socket sent audio.
    Audio { link: u64, bytes: Bytes },
    /// The caller hung up.
    Hangup,
}

/// A voice socket's end of a call. Dropping it detaches the socket.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) frames: mpsc::Receiver<OutgoingFrame>,
    pub(crate) closed: oneshot::Receiver<Close>,
}

/// A frame on its way to the caller.
#[derive(Debug)]
pub(crate) struct OutgoingFrame {
    pub(crate) bytes: FrameBytes,
    /// True when every sample is zero.
    pub(crate) is_silent: bool,
    /// Time to send it at, where an impaired network delays it; at once without.
    pub(crate) send_at: Option<Instant>,
}

impl Call {
    /// Returns a call into `flow` with random identifiers, and its end of the command queue.
    pub(super) fn new(flow: Arc<CompiledFlow>) -> (Self, mpsc::Receiver<Command>) {
        /// Maximum number of commands that wait: about a second of audio messages.
        const MAX_QUEUED_COMMANDS: usize = 64;
        let (commands, received) = mpsc::channel(MAX_QUEUED_COMMANDS);
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

    pub(super) fn set_state(&self, state: CallState) {
        self.state.send_replace(state);
    }

    pub(crate) fn state(&self) -> CallState {
        *self.state.borrow()
    }

    /// Attaches a voice socket to the call in the place of the previous one; none if the call is over.
    pub(crate) async fn attach(&self) -> Option<Link> {
        /// Maximum number of frames that wait for a socket: one second. Further ones are dropped.
        const MAX_QUEUED_FRAMES: usize = 50;
        let id = self.next_link.fetch_add(1, Ordering::Relaxed);
        let (frames, frames_out) = mpsc::channel(MAX_QUEUED_FRAMES);
        let (close, closed) = oneshot::channel();
        self.commands.send(Command::Attach { link: id, frames, close }).await.ok()?;
        Some(Link { id, frames: frames_out, closed })
    }

    /// Passes audio from the voice socket `link` to the call.
    pub(crate) async fn send_audio(&self, link: u64, bytes: Bytes) {
        // The call may be over.
        let _ = self.commands.send(Command::Audio { link, bytes }).await;
    }

    /// Hangs up for the caller and returns once the call has ended.
    pub(crate) async fn hang_up(&self) {
        let mut state = self.state.subscribe();
        let _ = self.commands.send(Command::Hangup).await;
        // The sender is a field of this call, so the wait cannot fail.
        let _ = state.wait_for(|state| *state == CallState::Terminated).await;
    }
}
