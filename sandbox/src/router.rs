//! The one table of routes.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, delete, get, post},
};

use crate::{
    control,
    error::Refusal,
    faults::{Point, strike},
    flows, interactions, oauth, qa,
    server::Connection,
    services::{Offer as _, Service},
    simulator,
    state::AppState,
    voice,
};

type App = Arc<AppState>;

pub(crate) fn router(app: &App) -> Router {
    let at = |point, service, route: MethodRouter<App>| {
        route.route_layer(from_fn_with_state((Arc::clone(app), point, service), strike))
    };
    let mut all = Router::new();
    for service in Service::ALL {
        let token = post(move |state: State<App>, request: Request| oauth::token(service, state, request));
        let mut routes = Router::new().route(service.token_path(), at(Point::Token, service, token));
        for (path, point, route) in routes_of(service) {
            routes = routes.route(path, at(point, service, route));
        }
        let limited = routes.layer(from_fn_with_state((Arc::clone(app), service), limit));
        all = all.nest(&format!("/{}", service.name()), limited);
    }
    all.nest("/sandbox", control_routes())
        .route("/qa/api/v1/test-results", at(Point::Qa, Service::Flow, post(qa::take)))
        .fallback(async || Refusal::not_found("there is no such route"))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(Arc::clone(app))
}

fn routes_of(service: Service) -> Vec<(&'static str, Point, MethodRouter<App>)> {
    match service {
        Service::Interactions => {
            vec![("/api/v2/interactions/websocket", Point::Interactions, get(interactions::open))]
        }
        Service::Voice => vec![
            ("/agent/voice/{call_id}/stream", Point::Voice, get(voice::open)),
            ("/api/v2/interactions/{interaction_id}/call", Point::Call, get(voice::call_state)),
        ],
        Service::Flow => vec![
            ("/api/v2/flow/definitions", Point::Flow, get(flows::list)),
            ("/api/v2/flow/definitions/{flow_id}", Point::Flow, get(flows::definition)),
            ("/api/v2/flow/simulator", Point::Simulator, post(simulator::submit)),
            ("/api/v2/flow/simulator/{simulation_id}", Point::Simulator, get(simulator::state)),
        ],
        Service::Dialer | Service::Media => Vec::new(),
    }
}

fn control_routes() -> Router<App> {
    Router::new()
        .route("/calls", post(control::place_call))
        .route("/calls/{interaction_id}", delete(control::hang_up))
        .route("/faults", get(control::faults).post(control::arm).delete(control::disarm))
        .route("/requests", get(control::requests))
        .route("/faults/{id}", delete(control::take_away))
        .route("/faults/seeded", post(control::seeded))
        .route("/outage", post(control::outage))
        .route("/qa", get(qa::list))
        .layer(from_fn(control::local_only))
}

/// The limit that every service has.
async fn limit(
    State((app, service)): State<(App, Service)>,
    connection: axum::Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let client = connection.peer().ip();
    if app.rate_limit.admit(client, service, tokio::time::Instant::now()) {
        next.run(request).await
    } else {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many requests in a second").into_response()
    }
}
