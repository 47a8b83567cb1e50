use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base::text::shortened;
use wire::api::{CHANGE_HEADER, CHANGE_HEADER_VALUE};

use crate::{
    browser::{is_from_unknown_page, is_used_by_another_site},
    error::ApiError,
    names::{LocalAddress, Names},
    state::AppState,
};

/// Maximum number of characters of a foreign name that are quoted.
const MAX_NAME_CHARS: usize = 253;

/// Refuses foreign hosts (a rebound name), foreign origins and other uses by another site's page, changes without
/// `X-Dialbench: 1` (a form on another site, which cannot set a header), and what a page of unknown origin would open at CXone.
pub(crate) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match check(&state.names, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(names: &Names, request: &Request) -> Result<(), ApiError> {
    let (method, headers, path) = (request.method(), request.headers(), request.uri().path());
    let local = request.extensions().get::<LocalAddress>().copied();
    check_host(names, request, local)?;
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let is_handshake = headers.contains_key(header::UPGRADE);
    let origin = text(headers, &header::ORIGIN);
    let is_own = origin.is_some_and(|origin| names.has_origin(origin, local));
    if (!reads || is_handshake) && headers.contains_key(header::ORIGIN) && !is_own {
        return Err(ApiError::new(StatusCode::FORBIDDEN, foreign_origin(origin)));
    }
    if is_used_by_another_site(method, headers) && !is_own {
        let detail = "a page of another site may not use the proxy; configure its origin with --allowed-origin if it should";
        return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
    }
    let is_marked = headers.get(CHANGE_HEADER).is_some_and(|value| value == CHANGE_HEADER_VALUE);
    if !reads && path.starts_with("/api/") && !is_marked {
        let detail = "a request that changes something needs the header X-Dialbench: 1";
        return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
    }
    // A picture's address on another site's page would open a stream at CXone: it has neither handshake nor header.
    let is_vouched_for = is_handshake || is_own || is_marked;
    if path.starts_with("/ws/") && !is_vouched_for && is_from_unknown_page(headers) {
        let detail = "this address takes WebSocket handshakes, or the header X-Dialbench: 1";
        return Err(ApiError::new(StatusCode::UPGRADE_REQUIRED, detail));
    }
    Ok(())
}

fn check_host(names: &Names, request: &Request, local: Option<LocalAddress>) -> Result<(), ApiError> {
    let headers = request.headers();
    if headers.get_all(header::HOST).iter().count() > 1 {
        // Whoever stands between may have gone by the other one.
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "a request has one Host header"));
    }
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let host = authority.or_else(|| text(headers, &header::HOST));
    if host.is_some_and(|host| names.has_host(host, local)) {
        return Ok(());
    }
    let known = host.filter(|host| host.parse::<axum::http::uri::Authority>().is_ok());
    let flag = known.map_or_else(
        || "--public-host NAME".into(),
        |host| format!("--public-host {}", shortened(host, MAX_NAME_CHARS)),
    );
    let detail = format!("this host is not served here; if it should be, start dialbench with {flag}");
    Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, detail))
}

fn foreign_origin(origin: Option<&str>) -> String {
    // "null" is the origin of what has none.
    let named = origin.filter(|origin| origin.contains("://"));
    match named {
        Some(origin) => format!(
            "this origin may not use the proxy; if it should, start dialbench with --allowed-origin {}",
            shortened(origin, MAX_NAME_CHARS)
        ),
        None => "this origin may not use the proxy".into(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
