use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};

use crate::{
    config::Service,
    error::ApiError,
    relay,
    socket::{Limits, PageUpgrade},
    state::AppState,
};

/// `WS /ws/interactions`: sends CXone's events, from one subscription that all pages share.
pub(crate) async fn socket(
    State(state): State<AppState>,
    upgrade: PageUpgrade,
) -> Result<Response, ApiError> {
    state.cxone.service(Service::Interactions)?;
    let slot = Arc::clone(&state.page_slots).try_acquire_owned().map_err(|_| {
        let detail = format!("{} pages are open already", state.config.tuning.max_pages);
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    state.hub.want_connection();
    let (hub, context) = (state.hub.clone(), state.relay_context());
    Ok(upgrade.serve(Limits::PAGE, &state.tasks, async move |socket| {
        relay::serve_page(socket, hub, context).await;
        drop(slot);
    }))
}
