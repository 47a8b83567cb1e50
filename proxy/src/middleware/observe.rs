use std::time::{Duration, Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tower_http::{
    classify::{ServerErrorsAsFailures, SharedClassifier},
    request_id::{MakeRequestId, RequestId},
    trace::{MakeSpan, OnResponse, TraceLayer},
};
use tracing::Span;

use crate::{id, state::AppState};

/// Name of the header that carries a request's correlation id.
const REQUEST_ID_HEADER: &str = "x-request-id";

/// Removes a client's request id where it is no identifier, so that a random one takes its place.
pub(crate) async fn drop_malformed_request_id(mut request: Request) -> Request {
    let is_malformed =
        |value: &HeaderValue| value.to_str().map_or(true, |text| base::ids::check_id(text).is_err());
    if request.headers().get(REQUEST_ID_HEADER).is_some_and(is_malformed) {
        request.headers_mut().remove(REQUEST_ID_HEADER);
    }
    request
}

/// Makes request ids of 128 random bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RandomRequestId;

impl MakeRequestId for RandomRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::try_from(id::random()).ok().map(RequestId::new)
    }
}

/// Layer that logs each request.
type RequestTrace =
    TraceLayer<SharedClassifier<ServerErrorsAsFailures>, RequestSpan, (), LogAnswer, (), (), ()>;

/// Returns the layer that gives each request a span with its id, method and route, and logs its answer. The query, which may
/// hold a token, is not logged.
pub(crate) fn trace() -> RequestTrace {
    TraceLayer::new_for_http()
        .make_span_with(RequestSpan)
        .on_request(())
        .on_response(LogAnswer)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(())
}

/// Makes the span of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestSpan;

impl MakeSpan<Body> for RequestSpan {
    fn make_span(&mut self, request: &Request) -> Span {
        let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
        tracing::info_span!("request", id, method = method_name(request.method()), route = route(request))
    }
}

/// Logs the status of an answer and the time until it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogAnswer;

impl<B> OnResponse<B> for LogAnswer {
    fn on_response(self, response: &axum::http::Response<B>, latency: Duration, span: &Span) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        span.in_scope(|| tracing::debug!(status = response.status().as_u16(), micros, "answered"));
    }
}

/// Counts each request by method, route and status.
pub(crate) async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = method_name(request.method());
    let route = route(&request).to_owned();
    let response = next.run(request).await;
    state.metrics.request(method, &route, response.status().as_u16(), began.elapsed());
    response
}

/// Returns the route's pattern, so that identifiers become neither labels of metrics nor parts of log lines.
fn route(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str)
}

/// Returns the method's name. A client may invent methods; the label of a metric must be one of few.
fn method_name(method: &Method) -> &'static str {
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
