use std::sync::Arc;

use axum::{
    extract::{State, ws::rejection::WebSocketUpgradeRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use base::ids::CallId;
use serde_json::json;
use wire::api::AuditOutcome;

use super::extract::{Correlation, Id};
use crate::{
    error::ApiError,
    relay::Relay,
    socket::{Limits, PageUpgrade},
    state::AppState,
};

/// `WS /ws/voice/{callId}`: relays one call's audio, both ways.
///
/// CXone is dialled before the page's upgrade is accepted, so that a refusal is an HTTP error with its reason. A browser does
/// not show it to the page, which asks again without an upgrade: that request is refused for CXone's reason, if there still
/// is one.
pub(crate) async fn socket(
    State(state): State<AppState>,
    Correlation(correlation): Correlation,
    Id(call): Id<CallId>,
    upgrade: Result<PageUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let slot = Arc::clone(&state.voice_slots).try_acquire_owned().map_err(|_| {
        let detail = format!("{} voice streams are open already", state.config.tuning.max_voice);
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    // Boxed, both: a TLS connection's state is large, and a task holds a value once for every step that takes it over.
    let dialling = Box::pin(async {
        let upstream = Box::new(state.cxone.dial_voice(&call).await?);
        Ok((upstream, json!({})))
    });
    let detail = json!({ "callId": call });
    let upstream = state.recorded_while_asked("voice.open", &correlation, detail, dialling).await?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let tasks = state.tasks.clone();
    Ok(upgrade.serve(Limits::VOICE, &tasks, async move |page| {
        let _slot = slot;
        let _open = state.metrics.socket("voice");
        let relay = Relay::new(page, *upstream, state.cxone.redactor().clone());
        let report = relay.run(&state.config.tuning, &state.shutdown, &state.metrics).await;
        let (end, code) = report.end.describe();
        let detail = json!({
            "callId": call,
            "end": end,
            "closeCode": code,
            "bytesToCxone": report.to_cxone,
            "bytesToPage": report.to_page,
            "framesDroppedToCxone": report.dropped_to_cxone,
            "framesDroppedToPage": report.dropped_to_page,
        });
        if let Err(error) = state.record("voice.close", &correlation, AuditOutcome::Ok, detail).await {
            tracing::error!(error = error.detail(), "a voice stream's end is not recorded");
        }
    }))
}
