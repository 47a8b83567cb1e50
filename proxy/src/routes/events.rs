use axum::{extract::State, response::Response};

use crate::{
    client::ClientAddress,
    config::Service,
    error::ApiError,
    relay,
    socket::{Limits, PageUpgrade},
    state::AppState,
};

/// `WS /ws/interactions`: sends CXone's events, from one subscription that all pages share.
pub(crate) async fn socket(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    upgrade: PageUpgrade,
) -> Result<Response, ApiError> {
    state.cxone.service(Service::Interactions)?;
    let slot = state.page_slots.take(client)?;
    state.hub.want_connection();
    let (hub, context) = (state.hub.clone(), state.relay_context());
    Ok(upgrade.serve(Limits::PAGE, &state.tasks, async move |socket| {
        relay::serve_page(socket, hub, context).await;
        drop(slot);
    }))
}
