//! Pages' sockets.

use axum::{
    body::Body,
    extract::{FromRequestParts, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{handshake::derive_accept_key, protocol::Role};
use tokio_util::task::TaskTracker;

use super::{Limits, Socket};
use crate::server::ClientStream;

/// Socket of a page.
pub(crate) type PageSocket = Socket<TcpStream>;

/// Handshake of a page, which axum has checked. The socket is not axum's: that one replaces close codes and cannot be told
/// to read on after a fault.
#[derive(Debug)]
pub(crate) struct PageUpgrade {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl<S: Send + Sync> FromRequestParts<S> for PageUpgrade {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let on_upgrade = parts.extensions.get::<OnUpgrade>().cloned();
        let _checked = WebSocketUpgrade::from_request_parts(parts, state).await?;
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY);
        Ok(Self {
            on_upgrade: on_upgrade.expect("axum refuses a connection that cannot be upgraded"),
            accept: derive_accept_key(key.expect("axum refuses a handshake without a key").as_bytes())
                .try_into()
                .expect("base64 is a header's text"),
        })
    }
}

impl PageUpgrade {
    /// Accepts the handshake and serves the socket in a task of its own.
    pub(crate) fn serve<F: Future<Output = ()> + Send + 'static>(
        self,
        limits: Limits,
        tasks: &TaskTracker,
        serve: impl FnOnce(PageSocket) -> F + Send + 'static,
    ) -> Response {
        let on_upgrade = self.on_upgrade;
        tasks.spawn(async move {
            let Ok(upgraded) = on_upgrade.await else { return };
            let Ok(parts) = upgraded.downcast::<TokioIo<ClientStream>>() else {
                tracing::error!("a page's connection is none that this server accepted");
                return;
            };
            let stream = parts.io.into_inner().into_upgraded();
            limits.bound_send_buffer(&stream);
            serve(Socket::after_handshake(stream, parts.read_buf.into(), Role::Server, limits).await).await;
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        response
    }
}
