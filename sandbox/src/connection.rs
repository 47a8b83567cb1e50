//! The TCP connections of a stand-in, and outages, which cut them.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Tracks every task that runs on a stand-in's behalf, so that a shutdown can wait for them.
pub(crate) type Tasks = TaskTracker;

/// The TCP connection that a request came on.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<Open>);

#[derive(Debug)]
struct Open {
    id: u64,
    peer: SocketAddr,
    cut: CancellationToken,
    all: Arc<Cuts>,
}

type Cuts = Mutex<HashMap<u64, CancellationToken>>;

impl Drop for Open {
    fn drop(&mut self) {
        self.all.lock().expect("no holder panics").remove(&self.id);
    }
}

impl Connection {
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Returns the token whose cancellation cuts the connection.
    pub(crate) fn cut_token(&self) -> CancellationToken {
        self.0.cut.clone()
    }

    /// Runs `socket` until it ends or the connection is cut, and drops it, which closes the TCP connection.
    pub(crate) async fn until_cut(&self, socket: impl Future<Output = ()>) {
        self.0.cut.run_until_cancelled(socket).await;
    }

    /// Cuts the connection and never returns, so that the request it came with gets no answer.
    pub(crate) async fn cut_unanswered<T>(&self) -> T {
        self.0.cut.cancel();
        std::future::pending().await
    }
}

/// All open TCP connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    next: AtomicU64,
    all: Arc<Cuts>,
}

impl Connections {
    pub(crate) fn open(&self, peer: SocketAddr) -> Connection {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let cut = CancellationToken::new();
        self.all.lock().expect("no holder panics").insert(id, cut.clone());
        Connection(Arc::new(Open { id, peer, cut, all: Arc::clone(&self.all) }))
    }

    /// Cuts every connection except `spared`.
    pub(crate) fn cut(&self, spared: Option<u64>) {
        for (id, cut) in self.all.lock().expect("no holder panics").iter() {
            if Some(*id) != spared {
                cut.cancel();
            }
        }
    }
}

/// An outage that the server is to begin.
#[derive(Debug)]
pub(crate) struct Outage {
    pub(crate) length: Duration,
    /// The connection that is not cut.
    pub(crate) spared: Option<u64>,
    /// Receives a message once every other connection is cut.
    pub(crate) begun: oneshot::Sender<()>,
}

/// The server's mailbox for outages.
#[derive(Clone, Debug)]
pub(crate) struct Outages(mpsc::Sender<Outage>);

impl Outages {
    /// Returns the mailbox and the server's end of it.
    pub(crate) fn channel() -> (Self, mpsc::Receiver<Outage>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self(sender), receiver)
    }

    /// Begins an outage and returns once every connection but the spared one is cut.
    pub(crate) async fn begin(&self, length: Duration, spared: Option<u64>) {
        let (begun, begins) = oneshot::channel();
        if self.0.send(Outage { length, spared, begun }).await.is_ok() {
            // An error means that the sandbox is stopping, which is an outage too.
            let _ = begins.await;
        }
    }
}
