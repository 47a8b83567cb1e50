//! The voice socket's handshake, and the call state request.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State, ws::WebSocketUpgrade},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use wire::cxone::CallStatus;

use crate::{
    auth, calls::CallState, connection::Connection, refusal::Refusal, scope::Scope, services::Service,
    socket, state::AppState, voice::Stream,
};

/// The query of a voice stream. It has the token, as CXone requires, so the addresses of requests are never logged.
#[derive(Deserialize)]
pub(crate) struct StreamQuery {
    access_token: Option<String>,
}

/// WS `/agent/voice/{callId}/stream?access_token=…`: 401 without a valid token, 403 if it lacks the scope or the
/// call is not live.
pub(crate) async fn open(
    State(app): State<Arc<AppState>>,
    Extension(connection): Extension<Connection>,
    Path(call_id): Path<String>,
    Query(query): Query<StreamQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    auth::check(&app.tokens, query.access_token.as_deref(), Service::Voice, &[Scope::AgentVoiceStream])?;
    let call = app
        .calls
        .by_call(&call_id)
        .filter(|call| matches!(call.state(), CallState::Connecting | CallState::Streaming))
        .ok_or_else(|| Refusal::forbidden("there is no such call, or it is over"))?;
    Ok(socket::with_small_buffers(upgrade).on_upgrade(move |socket| async move {
        let tasks = app.tasks.clone();
        let serving = async {
            let Some(link) = call.attach().await else { return };
            let mut stream = Stream::new(&call, link, app.config.fragment_seed);
            socket::serve(socket, &app.socket_context(), &mut stream).await;
        };
        tasks.track_future(connection.until_cut(serving)).await;
    }))
}

/// GET `/api/v2/interactions/{interactionId}/call`
pub(crate) async fn call_state(
    State(app): State<Arc<AppState>>,
    Path(interaction_id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<CallStatus>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Voice, &[Scope::InteractionView])?;
    let call = app
        .calls
        .by_interaction(&interaction_id)
        .ok_or_else(|| Refusal::not_found("there is no such interaction"))?;
    let invariant = "the stand-in's own identifiers are valid";
    Ok(Json(CallStatus {
        interaction_id: call.interaction.parse().expect(invariant),
        call_id: call.id.parse().expect(invariant),
        state: wire::cxone::CallState::from_name(call.state().name())
            .expect("both sides know the same states"),
    }))
}
