use std::sync::Arc;

use axum::{
    extract::{State, WebSocketUpgrade},
    http::StatusCode,
    response::Response,
};

use crate::{config::Service, cxone::SocketLimits, error::ApiError, relay, state::AppState};

/// A page says no more than where it was.
const LONGEST_PAGE_MESSAGE: usize = 4 << 10;

/// `WS /ws/interactions`: CXone's events, from one subscription that all pages share.
pub(crate) async fn socket(
    State(state): State<AppState>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    state.cxone.service(Service::Interactions)?;
    let slot = Arc::clone(&state.page_slots).try_acquire_owned().map_err(|_| {
        let detail = format!("{} pages are open already", state.config.tuning.max_pages);
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    state.hub.start();
    let hub = state.hub.clone();
    let tracker = state.tasks.clone();
    let upgrade = upgrade
        .read_buffer_size(SocketLimits::EVENTS.buffer)
        .write_buffer_size(SocketLimits::EVENTS.buffer)
        .max_write_buffer_size(SocketLimits::EVENTS.write_bound())
        .max_message_size(LONGEST_PAGE_MESSAGE)
        .max_frame_size(LONGEST_PAGE_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| {
        tracker.track_future(async move {
            relay::serve_page(socket, hub).await;
            drop(slot);
        })
    }))
}
