use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{error::ApiError, state::AppState, webhook};

/// Refuses requests that do not show the access token, where one is configured.
pub(crate) async fn access(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(access) = &state.access else { return next.run(request).await };
    // CXone has no access token; its events are signed.
    let is_open = matches!(request.uri().path(), "/healthz" | webhook::PATH);
    if is_open || access.admits(request.headers()) {
        return next.run(request).await;
    }
    if let Some(signed_in) = access.sign_in(&request) {
        return signed_in;
    }
    let detail = "show the access token: Authorization: Bearer …, or open /?access_token=… in a browser";
    let mut response = ApiError::new(StatusCode::UNAUTHORIZED, detail).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
