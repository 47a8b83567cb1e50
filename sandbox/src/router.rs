//! The table of routes.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodRouter, delete, get, post, put},
};

use crate::{
    faults::FaultPoint,
    middleware::{inject_fault, limit_rate, loopback_only},
    refusal::Refusal,
    routes::{
        calls, dialer, faults, flows, interactions, media, outage, prompts, qa, simulations, token, voice,
    },
    services::{Service, ServiceContract as _},
    state::AppState,
};

type App = Arc<AppState>;

pub(crate) fn router(app: &App) -> Router {
    let at = |point, service, route: MethodRouter<App>| {
        route.route_layer(from_fn_with_state((Arc::clone(app), point, service), inject_fault))
    };
    let mut all = Router::new();
    for service in Service::ALL {
        let issue = post(move |state: State<App>, request: Request| token::issue(service, state, request));
        let mut routes = Router::new().route(service.token_path(), at(FaultPoint::Token, service, issue));
        for (path, point, route) in routes_of(service) {
            routes = routes.route(path, at(point, service, route));
        }
        let limited = routes.layer(from_fn_with_state((Arc::clone(app), service), limit_rate));
        all = all.nest(&format!("/{}", service.name()), limited);
    }
    all.nest("/sandbox", control_routes())
        .route("/qa/api/v1/test-results", at(FaultPoint::Qa, Service::Flow, post(qa::store)))
        .fallback(async || Refusal::not_found("there is no such route"))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(Arc::clone(app))
}

fn routes_of(service: Service) -> Vec<(&'static str, FaultPoint, MethodRouter<App>)> {
    match service {
        Service::Interactions => {
            vec![("/api/v2/interactions/websocket", FaultPoint::Interactions, get(interactions::open))]
        }
        Service::Voice => vec![
            ("/agent/voice/{call_id}/stream", FaultPoint::Voice, get(voice::open)),
            ("/api/v2/interactions/{interaction_id}/call", FaultPoint::Call, get(voice::call_state)),
        ],
        Service::Flow => vec![
            ("/api/v2/flow/definitions", FaultPoint::Flow, get(flows::list)),
            ("/api/v2/flow/definitions/{flow_id}", FaultPoint::Flow, get(flows::definition)),
            ("/api/v2/flow/simulator", FaultPoint::Simulator, post(simulations::submit)),
            ("/api/v2/flow/simulator/{simulation_id}", FaultPoint::Simulator, get(simulations::result)),
        ],
        Service::Media => vec![
            ("/api/v2/media/sessions", FaultPoint::Media, post(media::submit)),
            ("/api/v2/media/sessions", FaultPoint::Streams, get(media::count)),
            ("/api/v2/analytics/events/custom", FaultPoint::Analytics, post(media::analytics)),
        ],
        Service::Dialer => vec![
            ("/api/v2/dialer/simulations", FaultPoint::Dialer, post(dialer::submit)),
            ("/api/v2/dialer/simulations/{simulation_id}", FaultPoint::Dialer, get(dialer::status)),
            ("/api/v2/dialer/metrics/aggregations", FaultPoint::Metrics, post(dialer::aggregate)),
        ],
    }
}

fn control_routes() -> Router<App> {
    Router::new()
        .route("/calls", post(calls::place))
        .route("/calls/{interaction_id}", delete(calls::hang_up))
        .route("/faults", get(faults::list).post(faults::arm).delete(faults::disarm_all))
        .route("/requests", get(faults::requests))
        .route("/faults/{id}", delete(faults::disarm))
        .route("/faults/seeded", post(faults::seeded))
        .route("/outage", post(outage::begin))
        .route("/qa", get(qa::list))
        .route("/dialer/simulations", get(dialer::list))
        .route("/dialer/metrics", get(dialer::metrics))
        .route("/analytics", get(media::events))
        .route("/media/sessions", get(media::list))
        .route("/media/sessions/{session_id}/audio", get(media::audio))
        .route("/media/prompts", get(prompts::list))
        .route(
            "/media/prompts/{prompt_id}",
            put(prompts::upload).layer(DefaultBodyLimit::max(prompts::MAX_UPLOAD_BYTES)),
        )
        .route("/media/prompts/{prompt_id}/audio", get(prompts::audio))
        .layer(from_fn(loopback_only))
}
