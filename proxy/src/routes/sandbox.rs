//! The guard of routes that only the sandbox profile has.

use axum::http::StatusCode;

use crate::{config::ProfileName, error::ApiError, state::AppState};

/// Refuses in any other profile than the sandbox; `instead` says what to do there.
pub(super) fn sandbox_only(state: &AppState, instead: &str) -> Result<(), ApiError> {
    match state.config.profile {
        ProfileName::Sandbox => Ok(()),
        ProfileName::Tutorial => Err(ApiError::new(StatusCode::CONFLICT, instead)),
    }
}
