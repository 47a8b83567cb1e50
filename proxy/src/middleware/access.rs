use std::time::{Duration, Instant};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;
use wire::api::AuditOutcome;

use crate::{
    access::{Access, ShownToken, sign_in_page},
    audit::Entry,
    browser::is_led_here,
    client,
    error::ApiError,
    id,
    state::AppState,
    webhook,
};

/// Time after which a client that guesses too often may come again.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// Refuses requests that do not show the access token, where one is configured.
pub(crate) async fn access(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(access) = &state.access else { return next.run(request).await };
    // CXone has no access token; its events are signed.
    let is_open = matches!(request.uri().path(), "/healthz" | webhook::PATH);
    if is_open || access.has_session(request.headers()) {
        return next.run(request).await;
    }
    let Some(shown) = ShownToken::of(&request) else { return unauthorized(&request) };
    let client = client::address(request.headers(), request.extensions(), &state.config.trusted_proxies);
    if !access.guesses.may_guess(client) {
        let detail = "too many wrong access tokens come from your address; try again in a moment";
        return ApiError::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(BUSY_WAIT).into_response();
    }
    if !access.is_right(&shown) {
        refuse_guess(&state, access, client).await;
        return unauthorized(&request);
    }
    match shown {
        ShownToken::Bearer(_) => next.run(request).await,
        ShownToken::SignIn(_) => access.sign_in(request.headers(), client::is_https(&request, &state.config)),
    }
}

/// Notes a wrong token, and lets its sender wait.
async fn refuse_guess(state: &AppState, access: &Access, client: std::net::IpAddr) {
    let failure = access.guesses.failed(client, Instant::now());
    tracing::warn!(%client, failures = failure.failures, "a wrong access token");
    if failure.is_recorded() {
        state.audit.note(Entry {
            action: "access.refuse".into(),
            correlation: id::random_correlation(),
            outcome: AuditOutcome::Refused,
            detail: json!({ "client": client, "failures": failure.failures }),
        });
    }
    tokio::time::sleep(failure.wait).await;
}

fn unauthorized(request: &Request) -> Response {
    let mut response = if is_led_here(request.headers()) {
        (StatusCode::UNAUTHORIZED, Html(sign_in_page(request.uri()))).into_response()
    } else {
        let detail = "show the access token: Authorization: Bearer …, or open /?access_token=… in a browser";
        ApiError::new(StatusCode::UNAUTHORIZED, detail).into_response()
    };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
