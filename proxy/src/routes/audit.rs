use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::wire::{AuditCheck, AuditFault, AuditPage, FieldError, Problem};

use super::extract::Params;
use crate::{audit::Fault, error::ApiError, state::AppState};

/// Entries of a page where nothing is said.
const USUAL: usize = 100;
/// Entries of the longest page.
const MOST: usize = 1_000;

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

/// The audit trail, oldest first, `limit` (100, at most 1000) entries after number `after`.
#[utoipa::path(
    get,
    path = "/api/audit",
    params(("after" = Option<u64>, Query), ("limit" = Option<usize>, Query)),
    responses(
        (status = 200, body = AuditPage),
        (status = 422, description = "limit is out of range", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn page(
    State(state): State<AppState>,
    Params(query): Params<PageQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let limit = query.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        let message = format!("must be between 1 and {MOST}");
        return Err(ApiError::fields(vec![FieldError::new("limit", message)]));
    }
    let audit = state.audit.clone();
    let read = tokio::task::spawn_blocking(move || audit.page(query.after, limit)).await;
    match read {
        Ok(Ok(page)) => Ok(Json(page)),
        Ok(Err(error)) => {
            let detail = format!("the audit log cannot be read: {error}");
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
        }
        Err(_) => Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "reading the audit log failed")),
    }
}

/// Checks the chain of the whole audit trail.
#[utoipa::path(get, path = "/api/audit/verify", responses((status = 200, body = AuditCheck)))]
pub(crate) async fn verify(State(state): State<AppState>) -> Result<Json<AuditCheck>, ApiError> {
    let audit = state.audit.clone();
    let failed = |detail: String| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail);
    let read = tokio::task::spawn_blocking(move || audit.verify()).await;
    let verdict = read
        .map_err(|_| failed("reading the audit log failed".into()))?
        .map_err(|error| failed(format!("the audit log cannot be read: {error}")))?;
    let fault = |fault: Fault| AuditFault { line: fault.line, reason: fault.reason };
    Ok(Json(AuditCheck {
        entries: verdict.lines,
        last_hash: verdict.last_hash,
        faults: verdict.fault.into_iter().map(fault).collect(),
    }))
}
