use std::sync::Arc;

use axum::{
    extract::{State, WebSocketUpgrade},
    http::StatusCode,
    response::Response,
};

use crate::{config::Service, cxone::SocketLimits, error::ApiError, relay, state::AppState};

/// Maximum size of a page's message, which is a `resume` at most.
const MAX_PAGE_MESSAGE_BYTES: usize = 4 << 10;

/// `WS /ws/interactions`: sends CXone's events, from one subscription that all pages share.
pub(crate) async fn socket(
    State(state): State<AppState>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    state.cxone.service(Service::Interactions)?;
    let slot = Arc::clone(&state.page_slots).try_acquire_owned().map_err(|_| {
        let detail = format!("{} pages are open already", state.config.tuning.max_pages);
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    state.hub.want_connection();
    let (hub, context) = (state.hub.clone(), state.relay_context());
    let tracker = state.tasks.clone();
    let upgrade = upgrade
        .read_buffer_size(SocketLimits::EVENTS.buffer)
        .write_buffer_size(SocketLimits::EVENTS.buffer)
        .max_write_buffer_size(SocketLimits::EVENTS.write_bound())
        .max_message_size(MAX_PAGE_MESSAGE_BYTES)
        .max_frame_size(MAX_PAGE_MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(move |socket| {
        tracker.track_future(async move {
            relay::serve_page(socket, hub, context).await;
            drop(slot);
        })
    }))
}
