use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use wire::api::LinkStatus;

use crate::{config::Service, state::AppState};

/// `GET /healthz`: answers while the process runs.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(serde::Serialize)]
struct Readiness {
    ready: bool,
    interactions: LinkStatus,
    configured: Vec<&'static str>,
}

/// `GET /readyz`: answers 200 while requests are served and 503 during the shutdown. CXone's state is shown and does not
/// count, since the page works without CXone and shows its state.
pub(crate) async fn readyz(State(state): State<AppState>) -> Response {
    let ready = !state.shutdown.is_cancelled();
    let configured =
        Service::ALL.into_iter().filter(|service| state.cxone.service(*service).is_ok()).map(Service::name);
    let body = Readiness { ready, interactions: state.hub.link(), configured: configured.collect() };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

/// `GET /metrics`: returns the metrics for Prometheus.
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], state.metrics.text(state.audit.head())).into_response()
}

/// `GET /api/openapi.json`: returns the OpenAPI document.
pub(crate) fn document(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}
