//! The JSON bodies of requests.

use axum::{Json, extract::rejection::JsonRejection};

use crate::refusal::Refusal;

/// A JSON body, or the reason why it cannot be read.
pub(super) type Body<T> = Result<Json<T>, JsonRejection>;

/// Returns the body, or a refusal with axum's status and reason.
pub(super) fn read<T>(body: Body<T>) -> Result<T, Refusal> {
    body.map(|Json(body)| body).map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))
}
