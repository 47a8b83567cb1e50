//! Routes for this machine alone.

use axum::{
    Extension,
    extract::Request,
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{connection::Connection, refusal::Refusal};

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
