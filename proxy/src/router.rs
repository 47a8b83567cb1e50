//! The one table of routes.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    middleware::{from_fn_with_state, map_request, map_response},
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
    sensitive_headers::SetSensitiveHeadersLayer,
    timeout::TimeoutLayer,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use crate::{
    middleware,
    routes::{
        analytics, app, audit, calls, dialer, dialer_events, events, flow, health, media, profile, prompts,
        qa, simulate, simulations, voice, webhook,
    },
    state::AppState,
};

/// Returns the router of everything that the proxy serves.
pub(crate) fn router(state: &AppState) -> Router {
    let (api, _) = api().split_for_parts();
    let document = crate::openapi::document(openapi(), &state.config.limits).to_string();
    api.route("/api/openapi.json", get(move || async move { health::document(document) }))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/simulate/dtmf", post(simulate::dtmf))
        .route(
            crate::webhook::PATH,
            post(webhook::take).layer(DefaultBodyLimit::max(webhook::MAX_EVENT_BYTES)),
        )
        .route("/ws/interactions", get(events::socket))
        .route("/ws/voice/{callId}", get(voice::socket))
        .fallback(app::file)
        // From here on, each layer is outside those above it.
        .layer(DefaultBodyLimit::max(state.config.tuning.max_body))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            state.config.tuning.request_timeout,
        ))
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(from_fn_with_state(state.clone(), middleware::problems))
        .layer(from_fn_with_state(state.clone(), middleware::guard))
        .layer(from_fn_with_state(state.clone(), middleware::access))
        .layer(from_fn_with_state(state.clone(), middleware::count))
        .layer(middleware::trace())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(middleware::RandomRequestId))
        .layer(map_request(middleware::drop_malformed_request_id))
        .layer(map_response(middleware::security_headers))
        .layer(SetSensitiveHeadersLayer::new([header::AUTHORIZATION, header::COOKIE, header::SET_COOKIE]))
        .with_state(state.clone())
}

fn api() -> OpenApiRouter<AppState> {
    let info = utoipa::openapi::InfoBuilder::new()
        .title("Dialbench's proxy")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Routes for the page and for scripts. Errors are problem documents (RFC 9457). Failed requests to CXone are repeated by the proxy where that is safe; a client that repeats them itself sends `X-Dialbench-Retry: client`, and CXone is asked once.",
        ))
        .build();
    OpenApiRouter::with_openapi(utoipa::openapi::OpenApiBuilder::new().info(info).build())
        .routes(routes!(profile::profile))
        .routes(routes!(calls::place))
        .routes(routes!(calls::hang_up))
        .routes(routes!(calls::state))
        .routes(routes!(flow::definitions))
        .routes(routes!(flow::definition))
        .routes(routes!(simulations::submit))
        .routes(routes!(simulations::result))
        .routes(routes!(dialer::submit))
        .routes(routes!(dialer::simulation))
        .routes(routes!(dialer::metrics))
        .routes(routes!(dialer_events::follow))
        .routes(routes!(qa::export))
        .routes(routes!(media::submit, media::active))
        .routes(routes!(media::audio))
        .routes(routes!(analytics::event))
        .routes(routes!(prompts::list))
        // Its body is read with a limit of its own.
        .routes(routes!(prompts::upload).layer(DefaultBodyLimit::disable()))
        .routes(routes!(prompts::audio))
        .routes(routes!(audit::page))
        .routes(routes!(audit::head))
        .routes(routes!(audit::file))
        .routes(routes!(audit::verify))
}

/// Returns what the routes themselves say for the OpenAPI document.
pub(crate) fn openapi() -> OpenApi {
    api().into_openapi()
}
