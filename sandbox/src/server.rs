//! The listening port: connections, outages and shutdown.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tower::ServiceExt as _;

use crate::{
    config::SandboxConfig,
    connection::{Connection, Outage, Outages},
    error::StartError,
    router::router,
    services::{Service, ServiceContract as _, ServiceEndpoint},
    state::AppState,
};

/// A running stand-in. Dropping it stops it at once; [`Sandbox::shutdown`] closes its sockets first.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    app: Arc<AppState>,
    accepting: JoinHandle<()>,
}

/// Starts a stand-in and returns once it listens.
pub async fn start(config: SandboxConfig) -> Result<Sandbox, StartError> {
    let requested = config.listen;
    let listen = |source| StartError::Listen { address: requested, source };
    let listener = TcpListener::bind(requested).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let (outages, outage_requests) = Outages::channel();
    let app = AppState::new(config, outages)?;
    tracing::info!(%address, "sandbox listens");
    let simulating = Arc::clone(&app);
    app.tasks.spawn(async move { simulating.simulator.run(&simulating.shutdown).await });
    let dialing = Arc::clone(&app);
    app.tasks.spawn(async move { dialing.dialer.run(&dialing.shutdown).await });
    let playing = Arc::clone(&app);
    app.tasks.spawn(async move { playing.media.run(&playing.shutdown).await });
    let accepting = tokio::spawn(accept(listener, address, Arc::clone(&app), outage_requests));
    Ok(Sandbox { address, app, accepting })
}

impl Sandbox {
    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the five services with addresses that are reachable from this machine.
    pub fn endpoints(&self) -> Vec<ServiceEndpoint> {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Service::ALL.map(|service| service.endpoint(address, self.app.config.token_ttl)).into()
    }

    /// Returns the client identifier that the services accept, and its secret.
    pub fn credentials(&self) -> (String, secrecy::SecretString) {
        (self.app.config.client_id.clone(), self.app.config.client_secret.clone())
    }

    /// Returns the number of calls that are not over.
    pub fn live_calls(&self) -> usize {
        self.app.calls.live()
    }

    /// Cuts every connection without a close frame and refuses new ones for `length`; returns once that has begun.
    pub async fn outage(&self, length: Duration) {
        self.app.outages.begin(length, None).await;
    }

    /// Closes sockets with 1001, ends calls and stops; connections that take longer than 3 s are cut.
    pub async fn shutdown(self) {
        /// Maximum time for sockets and calls to end.
        const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);
        self.app.shutdown.cancel();
        self.app.tasks.close();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, self.app.tasks.wait()).await.is_err() {
            tracing::debug!("connections that did not end in time are cut");
            self.app.connections.cut(None);
        }
    }

    /// Returns once the stand-in accepts no more connections, which does not happen before it is shut down.
    pub async fn stopped(&mut self) {
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.accepting.abort();
        self.app.shutdown.cancel();
        self.app.connections.cut(None);
    }
}

async fn accept(
    mut listener: TcpListener,
    address: SocketAddr,
    app: Arc<AppState>,
    mut outages: mpsc::Receiver<Outage>,
) {
    let router = router(&app);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            Some(Outage { length, spared, begun }) = outages.recv() => {
                drop(listener);
                app.connections.cut(spared);
                let _ = begun.send(());
                tracing::info!(?length, "outage");
                let back = async {
                    tokio::time::sleep(length).await;
                    rebind(address).await
                };
                match app.shutdown.run_until_cancelled(back).await {
                    Some(again) => listener = again,
                    None => return,
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let connection = app.connections.open(peer);
                    app.tasks.spawn(serve(stream, connection, router.clone(), Arc::clone(&app)));
                }
                Err(error) => {
                    // Mostly a lack of file descriptors, which passes.
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

/// Listens on `address` again, as soon as no other process does.
async fn rebind(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => {
                tracing::warn!(%error, "cannot listen again");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, connection: Connection, router: Router, app: Arc<AppState>) {
    /// Maximum time that a client may take to send a request's header.
    const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
    let _ = stream.set_nodelay(true);
    let cut = connection.cut_token();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        router.clone().oneshot(request.map(Body::new))
    });
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    tokio::select! {
        // First, so that a cut connection sends no further answer.
        biased;
        () = cut.cancelled() => {}
        _ = serving.as_mut() => {}
        () = app.shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = cut.run_until_cancelled(serving).await;
        }
    }
}
