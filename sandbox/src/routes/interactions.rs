//! The interactions socket's handshake.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{State, ws::WebSocketUpgrade},
    http::HeaderMap,
    response::Response,
};

use crate::{
    auth,
    connection::Connection,
    interactions::Listener,
    refusal::Refusal,
    services::{Service, ServiceContract as _},
    socket,
    state::AppState,
};

/// WS `/api/v2/interactions/websocket`
pub(crate) async fn open(
    State(app): State<Arc<AppState>>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Interactions, Service::Interactions.scopes())?;
    Ok(socket::with_small_buffers(upgrade).on_upgrade(move |socket| async move {
        let tasks = app.tasks.clone();
        let serving = async {
            socket::serve(socket, &app.socket_context(), &mut Listener::new(&app.hub)).await;
        };
        tasks.track_future(connection.until_cut(serving)).await;
    }))
}
