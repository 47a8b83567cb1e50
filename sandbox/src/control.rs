//! What CXone has no counterpart for: placing calls, faults, outages. For loopback alone.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Path, Request, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shared::wire::{PlaceCall, PlacedCall};
use tokio::sync::oneshot;

use crate::{
    auth,
    error::Refusal,
    faults::{Rule, SeededFaults},
    server::Connection,
    services::Service,
    state::AppState,
};

type App = State<Arc<AppState>>;
type Body<T> = Result<Json<T>, JsonRejection>;

/// Refuses every peer that is not this machine, and every browser.
pub(crate) async fn local_only(
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    if !connection.peer().ip().to_canonical().is_loopback() {
        return Refusal::forbidden("the control routes answer this machine alone").into_response();
    }
    if request.headers().contains_key(header::ORIGIN) {
        return Refusal::forbidden("the control routes answer no browser").into_response();
    }
    next.run(request).await
}

/// POST `/sandbox/calls`
pub(crate) async fn place_call(
    State(app): App,
    headers: HeaderMap,
    body: Body<PlaceCall>,
) -> Result<Response, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Interactions, &["interactions:read"])?;
    let PlaceCall { flow_id } = read(body)?;
    let flow = app.flows.find(flow_id.as_str()).ok_or_else(|| Refusal::not_found("there is no such flow"))?;
    let call = app
        .calls
        .place(&app, Arc::clone(flow))
        .ok_or_else(|| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "there are too many calls"))?;
    let invariant = "the stand-in's own identifiers are valid";
    let placed = PlacedCall {
        interaction_id: call.interaction.parse().expect(invariant),
        call_id: call.id.parse().expect(invariant),
    };
    Ok((StatusCode::CREATED, Json(placed)).into_response())
}

/// DELETE `/sandbox/calls/{interactionId}`
pub(crate) async fn hang_up(
    State(app): App,
    Path(interaction_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Interactions, &["interactions:read"])?;
    let call = app
        .calls
        .by_interaction(&interaction_id)
        .ok_or_else(|| Refusal::not_found("there is no such interaction"))?;
    call.hang_up().await;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct ArmedAnswer {
    id: u64,
}

/// POST `/sandbox/faults`
pub(crate) async fn arm(State(app): App, body: Body<Rule>) -> Result<Response, Refusal> {
    let rule = read(body)?;
    rule.validate().map_err(|errors| {
        let detail: Vec<String> =
            errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, detail.join("; ")).with_errors(errors)
    })?;
    let id = app.faults.arm(rule);
    Ok((StatusCode::CREATED, Json(ArmedAnswer { id })).into_response())
}

/// GET `/sandbox/requests`: how many requests have come to each point, refused ones and struck ones among them.
pub(crate) async fn requests(State(app): App) -> Response {
    Json(app.faults.came()).into_response()
}

/// GET `/sandbox/faults`
pub(crate) async fn faults(State(app): App) -> Response {
    Json(app.faults.list()).into_response()
}

/// DELETE `/sandbox/faults/{id}`
pub(crate) async fn take_away(State(app): App, Path(id): Path<u64>) -> Result<StatusCode, Refusal> {
    if app.faults.take_away(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("there is no such fault; it may have struck"))
    }
}

/// DELETE `/sandbox/faults`
pub(crate) async fn disarm(State(app): App) -> StatusCode {
    app.faults.disarm();
    StatusCode::NO_CONTENT
}

/// POST `/sandbox/faults/seeded`
pub(crate) async fn seeded(State(app): App, body: Body<SeededFaults>) -> Result<StatusCode, Refusal> {
    let seeded = read(body)?;
    if !(0.0..=1.0).contains(&seeded.rate) {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "rate must be between 0 and 1"));
    }
    app.faults.plan((seeded.rate > 0.0).then_some(seeded));
    Ok(StatusCode::NO_CONTENT)
}

/// The body of POST `/sandbox/outage`.
#[derive(Deserialize)]
pub(crate) struct OutageBody {
    ms: u64,
}

/// POST `/sandbox/outage`: answers, on the one connection that is spared, once the outage has begun.
pub(crate) async fn outage(
    State(app): App,
    Extension(connection): Extension<Connection>,
    body: Body<OutageBody>,
) -> Result<Response, Refusal> {
    /// Ten minutes; longer is a mistake.
    const LONGEST_MS: u64 = 600_000;
    let OutageBody { ms } = read(body)?;
    if ms > LONGEST_MS {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "ms must be at most 600000"));
    }
    begin_outage(&app, Duration::from_millis(ms), Some(connection.id())).await;
    Ok((StatusCode::ACCEPTED, [(header::CONNECTION, "close")]).into_response())
}

/// Begins an outage and returns once every connection but the spared one is cut.
pub(crate) async fn begin_outage(app: &AppState, length: Duration, spared: Option<u64>) {
    let (begun, begins) = oneshot::channel();
    if app.outages.send((length, spared, begun)).await.is_ok() {
        // An error means that the sandbox is stopping, which is an outage too.
        let _ = begins.await;
    }
}

fn read<T>(body: Body<T>) -> Result<T, Refusal> {
    body.map(|Json(body)| body).map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))
}
