use axum::{Json, extract::State};
use wire::api::{Profile, ServiceStatus};

use crate::state::AppState;

/// Returns the kind of CXone that the proxy talks to, the configured services and the limits.
#[utoipa::path(get, path = "/api/profile", responses((status = 200, body = Profile)))]
pub(crate) async fn profile(State(state): State<AppState>) -> Json<Profile> {
    let services = state.config.services.values().map(|service| ServiceStatus {
        name: service.service,
        configured: service.missing.is_empty(),
        missing: service.missing.clone(),
    });
    Json(Profile {
        profile: state.config.profile,
        version: env!("CARGO_PKG_VERSION").into(),
        services: services.collect(),
        limits: state.config.limits.clone(),
        qa_configured: state.config.qa_endpoint.is_some(),
        analytics_webhook_configured: state.config.analytics_webhook.is_some(),
        webhook: state.door.status(),
    })
}
