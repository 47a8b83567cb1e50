//! The middleware that injects faults into requests and handshakes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    connection::Connection,
    faults::{FaultKind, FaultPoint, RetryAfter},
    services::Service,
    state::AppState,
};

/// Injects the fault that is due for a request, if there is one.
pub(crate) async fn inject_fault(
    State((app, point, service)): State<(Arc<AppState>, FaultPoint, Service)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(kind) = app.faults.take_request_fault(point, service) else { return next.run(request).await };
    let connection =
        request.extensions().get::<Connection>().expect("the server adds it to every request").clone();
    match kind {
        FaultKind::Status { status, retry_after, retry_after_seconds } => {
            answer(status, retry_after, retry_after_seconds)
        }
        FaultKind::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            next.run(request).await
        }
        FaultKind::LoseAnswer => {
            next.run(request).await;
            connection.cut_unanswered().await
        }
        FaultKind::ExpireTokens => {
            app.tokens.revoke_all();
            next.run(request).await
        }
        FaultKind::Garbage => {
            ([(header::CONTENT_TYPE, "application/json")], Body::from(&b"{\"access_token\":\xff\xfe,["[..]))
                .into_response()
        }
        FaultKind::HalfOpen => {
            app.shutdown.cancelled().await;
            connection.cut_unanswered().await
        }
        // Not faults of requests: see `Faults::active_impairment`, `take_job_fault` and `take_webhook_fault`.
        FaultKind::Impair(_)
        | FaultKind::FailRun { .. }
        | FaultKind::NeverEnds
        | FaultKind::Skew { .. }
        | FaultKind::Double
        | FaultKind::Forge => next.run(request).await,
        // `Close` is armed for sockets only, as `FaultRule::validate` has it.
        FaultKind::Drop | FaultKind::Close { .. } => connection.cut_unanswered().await,
    }
}

fn answer(status: u16, form: RetryAfter, seconds: u64) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(serde_json::json!({ "error": "sandbox_fault" }))).into_response();
    let value = match form {
        RetryAfter::None => return response,
        RetryAfter::Seconds => HeaderValue::from(seconds),
        RetryAfter::Date => {
            let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
            HeaderValue::from_str(&date).expect("an HTTP date is visible ASCII")
        }
    };
    response.headers_mut().insert(header::RETRY_AFTER, value);
    response
}
