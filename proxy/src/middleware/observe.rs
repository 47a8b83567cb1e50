use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;

use crate::{id::CorrelationId, state::AppState};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives every request a correlation id, counts it and logs it: its route, never its query, which may hold a token.
pub(crate) async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let correlation = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .and_then(CorrelationId::from_header)
        .unwrap_or_else(CorrelationId::random);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(correlation.clone());
    let span = tracing::info_span!("request", id = %correlation.0, method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    state.metrics.request(method, &route, status, took);
    span.in_scope(|| {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status, micros, "answered");
    });
    if let Ok(value) = HeaderValue::try_from(correlation.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A client may invent methods; a metric's label must be one of few.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
