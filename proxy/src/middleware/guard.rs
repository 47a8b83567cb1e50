use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use wire::api::{CHANGE_HEADER, CHANGE_HEADER_VALUE};

use crate::{
    error::ApiError,
    names::{LocalAddress, Names},
    state::AppState,
};

/// Refuses foreign hosts (a rebound name), foreign origins (a page of another site) and changes without `X-Dialbench: 1`
/// (a form on another site, which cannot set a header).
pub(crate) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match check(&state.names, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(names: &Names, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    let local = request.extensions().get::<LocalAddress>().copied();
    let host = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| text(headers, &header::HOST));
    if !host.is_some_and(|host| names.has_host(host, local)) {
        let detail = "this host is not served here; configure it with --public-host if it should be";
        return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, detail));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let handshake = headers.contains_key(header::UPGRADE);
    if (!reads || handshake) && headers.contains_key(header::ORIGIN) {
        let allowed = text(headers, &header::ORIGIN).is_some_and(|origin| names.has_origin(origin, local));
        if !allowed {
            let detail = "this origin may not use the proxy; configure it with --allowed-origin if it should";
            return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
        }
    }
    if !reads && request.uri().path().starts_with("/api/") {
        let marked = headers.get(CHANGE_HEADER).is_some_and(|value| value == CHANGE_HEADER_VALUE);
        if !marked {
            let detail = "a request that changes something needs the header X-Dialbench: 1";
            return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
        }
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
