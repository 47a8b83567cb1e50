//! The protection of the control routes.

use axum::{
    Extension,
    extract::Request,
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{connection::Connection, refusal::Refusal};

/// Refuses requests from other machines and from browsers.
pub(crate) async fn loopback_only(
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
