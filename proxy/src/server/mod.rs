//! Binding, serving, shutting down.

mod body;
mod connections;
mod descriptors;
mod patience;
mod stream;

use std::{error::Error as _, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;
use wire::api::AuditOutcome;

use crate::{
    access::Access,
    anchoring,
    assets::Assets,
    audit::{Audit, AuditError, Entry, Fault, Opened},
    client::PeerAddress,
    compute::Compute,
    config::{Config, ProfileName},
    cxone::Cxone,
    definitions::Definitions,
    id,
    media::{EventCopies, Media},
    metrics::Metrics,
    names::{LocalAddress, Names},
    page_slots::PageSlots,
    qa::Qa,
    relay::{self, Hub},
    retention,
    router::router,
    runs::Runs,
    state::{AppState, Shared},
    store::{Store, StoreError},
    webhook::Door,
};

use body::PatientBody;
use connections::{Connections, Place};

pub(crate) use body::BodyTooSlow;
pub(crate) use connections::Keeper;
pub(crate) use stream::ClientStream;

/// Maximum number of bytes that are read of a connection before its request is parsed; longer headers are refused.
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Number of bytes of an answer that the system takes beyond what it can send.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MAX_UNSENT_BYTES: u32 = 64 << 10;

/// Number of connections that wait to be accepted, as far as the system lets them. One that finds no room among a crowd
/// that comes all at once is tried again by its client after a second only.
const MAX_UNACCEPTED: u32 = 4_096;

/// Failure to start the proxy.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("listen: cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        error: io::Error,
    },
    /// The audit log cannot be used.
    #[error(transparent)]
    Audit(#[from] Arc<AuditError>),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client cannot be made.
    #[error("cannot set up TLS: {0}")]
    Client(#[from] reqwest::Error),
}

/// Proxy that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: AppState,
    writer: std::thread::JoinHandle<()>,
}

impl Server {
    /// Opens the audit log and the database, and listens. Nothing is served before [`Server::join`].
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen { address: config.listen, error };
        let listener = listen(config.listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let store = Store::open(&config.database_url, shutdown.clone()).await?;
        let anchors = anchoring::known(&store, &anchoring::log_name(&config.audit_log)).await;
        let Opened { audit, writer, torn_bytes, faults, unresolved } =
            Audit::open(&config.audit_log, anchors.into_iter().collect()).map_err(Arc::new)?;
        report_damages(torn_bytes, &faults);
        let metrics = Metrics::new();
        let cxone = Cxone::new(&config, metrics.clone())?;
        let qa = Qa::new(&config, cxone.http().clone());
        let media = Media::new(&config, metrics.clone());
        let event_copies = EventCopies::new(&config, cxone.http().clone());
        let state = AppState::new(Shared {
            store,
            door: Door::new(&config, address),
            cxone,
            qa,
            media,
            event_copies,
            runs: Runs::default(),
            definitions: Definitions::default(),
            compute: Compute::default(),
            hub: Hub::new(config.tuning.ring_events, config.tuning.ring_bytes),
            audit,
            metrics,
            assets: config.app_dir.clone().map_or(Assets::Embedded, Assets::in_folder),
            names: Names::new(&config, address),
            access: config.access_token.as_ref().map(Access::new),
            page_slots: PageSlots::new(config.tuning.max_pages, config.tuning.max_client_pages),
            voice_slots: Arc::new(Semaphore::new(config.tuning.max_voice)),
            tasks,
            shutdown,
            config,
        });
        let detail = json!({
            "profile": state.config.profile.name(),
            "version": env!("CARGO_PKG_VERSION"),
            "listen": address.to_string(),
            "tornBytes": torn_bytes,
            "chainBrokenAt": faults.first().map(|fault| fault.line),
            "damages": faults.iter().map(Fault::to_string).collect::<Vec<_>>(),
            "unknownResults": unresolved.len(),
        });
        let start = Entry {
            action: "server.start".into(),
            correlation: id::random_correlation(),
            outcome: AuditOutcome::Ok,
            detail,
        };
        state.audit.record(start).await?;
        for entry in unresolved {
            tracing::warn!(action = %entry.action, correlation = %entry.correlation, "it was begun before dialbench ended, and what came of it is not known");
            state.audit.record(entry).await?;
        }
        if state.config.profile == ProfileName::Sandbox {
            state.hub.want_connection();
        }
        let (cxone, audit) = (state.cxone.clone(), state.audit.clone());
        state.tasks.spawn(relay::keep_up(state.hub.clone(), cxone, audit, state.relay_context()));
        let retention =
            retention::keep(state.store.clone(), state.config.retention_days, state.shutdown.clone());
        state.tasks.spawn(retention);
        state.tasks.spawn(anchoring::keep(state.clone()));
        Ok(Self { listener, address, state, writer })
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a token whose cancellation shuts the server down.
    pub fn shutdown(&self) -> CancellationToken {
        self.state.shutdown.clone()
    }

    /// Serves until [`Server::shutdown`] is cancelled, then closes sockets with 1001 and waits for requests under way.
    pub async fn join(self) {
        let Self { listener, state, writer, .. } = self;
        let router = router(&state);
        accept(listener, &router, &state).await;
        drop(router);
        state.tasks.close();
        if tokio::time::timeout(state.config.tuning.drain, state.tasks.wait()).await.is_err() {
            tracing::warn!(left = state.tasks.len(), "shutting down with requests under way");
        }
        let stop = state.record("server.stop", &id::random_correlation(), AuditOutcome::Ok, json!({})).await;
        if let Err(error) = stop {
            tracing::error!(error = error.detail(), "the end is not recorded");
        }
        anchoring::anchor(&state, &mut None).await;
        state.store.close().await;
        let last = state.tasks.is_empty();
        drop(state);
        if last {
            // With the last sender gone the writer ends; a blocked thread must not hold up the runtime.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows it would let another program listen at the same address.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_UNACCEPTED)
}

/// Says what is wrong with the audit log that was opened.
fn report_damages(torn_bytes: u64, faults: &[Fault]) {
    if torn_bytes > 0 {
        tracing::warn!(torn_bytes, "the audit log's last line was torn and is cut off");
    }
    for Fault { line, kind, reason } in faults {
        let kind = kind.name();
        tracing::error!(line, kind, reason, "the audit log is damaged; see `dialbench audit verify`");
    }
}

async fn accept(listener: TcpListener, router: &Router, state: &AppState) {
    let tuning = &state.config.tuning;
    let room = descriptors::room_for_connections(tuning).unwrap_or(usize::MAX);
    if room < tuning.max_connections {
        tracing::warn!(room, "the system's limit on open files leaves room for fewer connections");
    }
    let connections = Connections::new(room.min(tuning.max_connections), tuning.max_client_connections);
    loop {
        let accepted = tokio::select! {
            () = state.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, client)) => {
                let place = connections.admit(client.ip());
                state.tasks.spawn(connection(stream, client, place, router.clone(), state.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: another must end before this can go on.
                tracing::warn!(%error, "cannot accept a connection");
                connections.make_room();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, place: Place, router: Router, state: AppState) {
    // Events and audio are small and wait for nobody.
    let _ = stream.set_nodelay(true);
    bound_unsent(&stream);
    let Ok(local) = stream.local_addr() else { return };
    let tuning = &state.config.tuning;
    let (keeper, body_timeout) = (place.keeper(), tuning.body_timeout);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(LocalAddress(local));
        request.extensions_mut().insert(PeerAddress(peer));
        request.extensions_mut().insert(keeper.clone());
        router.clone().oneshot(request.map(|body| Body::new(PatientBody::new(body, body_timeout))))
    });
    let mut serving = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(tuning.header_timeout)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(ClientStream::new(stream, tuning.write_timeout)), service)
            .with_upgrades()
    );
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = place.gives_way() => {
            state.metrics.connection_gave_way();
            tracing::debug!(client = %place.client(), "a connection gives way to newer ones");
            return;
        }
        () = state.shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        if is_write_timeout(&error) {
            state.metrics.cut_off_answer();
        }
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Bounds what the system takes of an answer before it can be sent, so that what a client takes shows soon however large the
/// system's buffer is.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn bound_unsent(stream: &TcpStream) {
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(MAX_UNSENT_BYTES) {
        tracing::debug!(%error, "the system takes as much of an answer as it likes");
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn bound_unsent(_stream: &TcpStream) {}

/// Returns true when a connection ended because its client took no more of an answer.
fn is_write_timeout(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
}
