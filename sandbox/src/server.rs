//! The listening port: accepting, cutting, going away and coming back.

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
    services::{Offer as _, Service, ServiceEndpoint},
    state::AppState,
};

/// A stand-in that runs. Dropping it stops it at once; [`Sandbox::shutdown`] says goodbye first.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    app: Arc<AppState>,
    accepting: JoinHandle<()>,
}

/// Starts a stand-in.
pub async fn start(config: SandboxConfig) -> Result<Sandbox, StartError> {
    let asked = config.listen;
    let listen = |source| StartError::Listen { address: asked, source };
    let listener = TcpListener::bind(asked).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let (outages, requested) = Outages::channel();
    let app = AppState::new(config, outages)?;
    tracing::info!(%address, "sandbox listens");
    let simulating = Arc::clone(&app);
    app.tasks.spawn(async move { simulating.simulator.run(&simulating.shutdown).await });
    let accepting = tokio::spawn(accept(listener, address, Arc::clone(&app), requested));
    Ok(Sandbox { address, app, accepting })
}

impl Sandbox {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The five services, reachable from this machine.
    pub fn endpoints(&self) -> Vec<ServiceEndpoint> {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Service::ALL.map(|service| service.endpoint(address, self.app.config.token_ttl)).into()
    }

    /// The client that the services know, and its secret.
    pub fn credentials(&self) -> (String, secrecy::SecretString) {
        (self.app.config.client_id.clone(), self.app.config.client_secret.clone())
    }

    /// How many calls are not over.
    pub fn live_calls(&self) -> usize {
        self.app.calls.live()
    }

    /// Cuts every connection without a close frame and refuses new ones for `length`; returns once that has begun.
    pub async fn outage(&self, length: Duration) {
        self.app.outages.begin(length, None).await;
    }

    /// Closes sockets with 1001, ends calls and stops; what takes longer than 3 s is cut.
    pub async fn shutdown(self) {
        const PATIENCE: Duration = Duration::from_secs(3);
        self.app.shutdown.cancel();
        self.app.tasks.close();
        if tokio::time::timeout(PATIENCE, self.app.tasks.wait()).await.is_err() {
            tracing::debug!("cutting what did not end in time");
            self.app.connections.cut(None);
        }
    }

    /// Runs until it is shut down or fails, which it does not by itself.
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
                    // Out of file descriptors, mostly: waiting is all there is to do.
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

/// The port may be another's for a moment; it is asked for until it can be had.
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
    /// A client that sends its request more slowly than this is not one.
    const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
    let _ = stream.set_nodelay(true);
    let cut = connection.cut();
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
        // First, so that a cut connection answers nothing more.
        biased;
        () = cut.cancelled() => {}
        _ = serving.as_mut() => {}
        () = app.shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = cut.run_until_cancelled(serving).await;
        }
    }
}
