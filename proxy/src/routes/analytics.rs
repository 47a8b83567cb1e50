use axum::{Json as Answer, extract::State, http::StatusCode};
use prompt::event::{CheckedEvent, EventReceipt, WebhookCopy, check};
use serde_json::{Value, json};
use shared::wire::Problem;

use super::extract::{Correlation, Json};
use crate::{config::Service, cxone::UpstreamRequest, error::ApiError, retry::RetriedBy, state::AppState};

/// Tells CXone's analytics about a playback, and sends a copy to the configured webhook alone. A webhook that fails is a
/// warning. The proxy's clock replaces a `timestamp` that is empty.
#[utoipa::path(
    post,
    path = "/api/analytics/events",
    params(("x-dialbench" = String, Header, description = "1"), ("x-dialbench-retry" = Option<String>, Header, description = "`client`: the proxy asks CXone once, because the client repeats the request itself")),
    request_body = Object,
    responses(
        (status = 202, body = EventReceipt),
        (status = 422, description = "wrong fields", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "CXone asks for patience", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "media is not configured, or analytics is overloaded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn event(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    retried_by: RetriedBy,
    Json(mut event): Json<Value>,
) -> Result<(StatusCode, Answer<EventReceipt>), ApiError> {
    let CheckedEvent { session_id, is_timed } = check(&event).map_err(ApiError::fields)?;
    if !is_timed {
        event["timestamp"] = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into();
    }
    let timestamp = event["timestamp"].as_str().unwrap_or_default().to_owned();
    let detail = json!({
        "sessionId": session_id,
        "eventType": event["eventType"],
        "latencyMs": event["metrics"]["latencyMs"],
        "playbackState": event["metrics"]["playbackState"],
    });
    let telling = {
        let state = state.clone();
        async move {
            let path = ["api", "v2", "analytics", "events", "custom"];
            let request = UpstreamRequest::post(Service::Media, &path, &event).retried_by(retried_by);
            state.cxone.ask(request).await?;
            let (webhook, warning) = state.event_copies.send(&event).await;
            state.metrics.webhook_copy(webhook.name());
            let mut result = json!({ "webhook": webhook });
            if let (WebhookCopy::Failed, Some(warning)) = (webhook, &warning) {
                result["warning"] = warning.as_str().into();
            }
            let warnings = warning.into_iter().collect();
            Ok((EventReceipt { session_id, timestamp, webhook, warnings }, result))
        }
    };
    let receipt = state.recorded("playback.event", &correlation, detail, telling).await?;
    Ok((StatusCode::ACCEPTED, Answer(receipt)))
}
