use std::io;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::{field_error::FieldErrors, ids::check_id};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;
use wire::api::{AuditCheck, AuditFault, AuditHead, AuditPage, Problem};

use super::extract::Params;
use crate::{
    audit::{AuditQuery, Fault, MAX_LISTED_FAULTS, Page},
    error::ApiError,
    state::AppState,
};

/// Number of entries of a page where no limit is given.
const DEFAULT_PAGE_ENTRIES: usize = 100;
/// Maximum length of a text to look for in characters.
const MAX_TEXT_CHARS: usize = 256;
/// Maximum number of entries of a page.
const MAX_PAGE_ENTRIES: usize = 1_000;

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    after: Option<u64>,
    before: Option<u64>,
    limit: Option<usize>,
    correlation: Option<String>,
    action: Option<String>,
    text: Option<String>,
}

/// Returns a page of the audit trail: the newest entries first, or with `after` the entries after that number, the oldest
/// first. `before` goes on towards the beginning, with a page's `nextBefore`; filters apply to the whole trail.
#[utoipa::path(
    get,
    path = "/api/audit",
    params(
        ("after" = Option<u64>, Query, description = "entries after this number, the oldest first"),
        ("before" = Option<u64>, Query, description = "entries before this number"),
        ("limit" = Option<usize>, Query, description = "maximum number of entries: 1 to 1000, 100 by default"),
        ("correlation" = Option<String>, Query, description = "entries of this correlation id alone"),
        ("action" = Option<String>, Query, description = "entries of this action alone, such as `call.place`"),
        ("text" = Option<String>, Query, description = "entries that contain this text, in whatever case; at most 256 characters"),
    ),
    responses(
        (status = 200, body = AuditPage),
        (status = 422, description = "limit is out of range, correlation or action is no identifier, or text is too long", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn page(
    State(state): State<AppState>,
    Params(query): Params<PageQuery>,
) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_ENTRIES);
    let mut errors = FieldErrors::new();
    if !(1..=MAX_PAGE_ENTRIES).contains(&limit) {
        errors.refuse("limit", format!("must be between 1 and {MAX_PAGE_ENTRIES}"));
    }
    for (name, id) in [("correlation", &query.correlation), ("action", &query.action)] {
        if let Some(Err(error)) = id.as_deref().map(check_id) {
            errors.refuse(name, error.to_string());
        }
    }
    if query.text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT_CHARS) {
        errors.refuse("text", format!("must have at most {MAX_TEXT_CHARS} characters"));
    }
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    let query = AuditQuery {
        after: query.after,
        before: query.before,
        limit,
        correlation: query.correlation,
        action: query.action,
        text: query.text.filter(|text| !text.is_empty()),
    };
    let (page, first) = read_on(state.audit.page(query)).await.map_err(|error| unreadable(&error))?;
    let first = first.unwrap_or_default();
    let body = if page.is_over() {
        Body::from(first)
    } else {
        let rest = stream::try_unfold(page, |page| async {
            let (page, piece) = read_on(page).await?;
            Ok::<_, io::Error>(piece.map(|piece| (piece, page)))
        });
        Body::from_stream(stream::once(async { Ok(first) }).chain(rest))
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Reads the next piece of a page.
async fn read_on(mut page: Page) -> io::Result<(Page, Option<Vec<u8>>)> {
    blocking(move || page.next_piece().map(|piece| (page, piece))).await
}

async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

fn unreadable(error: &io::Error) -> ApiError {
    let detail = format!("the audit log cannot be read: {error}");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
}

/// Returns the number and hash of the newest entry. Kept elsewhere, it shows later whether the trail's end was cut off.
#[utoipa::path(get, path = "/api/audit/head", responses((status = 200, body = AuditHead)))]
pub(crate) async fn head(State(state): State<AppState>) -> Json<AuditHead> {
    Json(state.audit.head())
}

/// Returns the whole audit trail as it is on disk: a JSON object a line, for `dialbench audit verify` and other programs.
#[utoipa::path(
    get,
    path = "/api/audit/file",
    responses((status = 200, body = String, content_type = "application/x-ndjson")),
)]
pub(crate) async fn file(State(state): State<AppState>) -> Result<Response, ApiError> {
    let audit = state.audit.clone();
    let (file, length) = blocking(move || audit.whole()).await.map_err(|error| unreadable(&error))?;
    let lines = ReaderStream::new(tokio::fs::File::from_std(file).take(length));
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"dialbench-audit.jsonl\""),
    ];
    Ok((headers, [(header::CONTENT_LENGTH, length)], Body::from_stream(lines)).into_response())
}

/// Checks the chain of the whole audit trail.
#[utoipa::path(get, path = "/api/audit/verify", responses((status = 200, body = AuditCheck)))]
pub(crate) async fn verify(State(state): State<AppState>) -> Result<Json<AuditCheck>, ApiError> {
    let audit = state.audit.clone();
    let mut verdict = blocking(move || audit.verify()).await.map_err(|error| unreadable(&error))?;
    let unlisted_faults = verdict.faults.len().saturating_sub(MAX_LISTED_FAULTS);
    verdict.faults.truncate(MAX_LISTED_FAULTS);
    let fault = |Fault { line, kind, reason }| AuditFault { line, kind, reason };
    Ok(Json(AuditCheck {
        entries: verdict.lines,
        last_hash: verdict.last_hash,
        faults: verdict.faults.into_iter().map(fault).collect(),
        unlisted_faults: unlisted_faults as u64,
    }))
}
