use std::time::Duration;

use axum::http::StatusCode;
use base::ids::MediaSessionId;
use prompt::reply::{SESSION_ID_TAKEN, STREAM_LIMIT, gateway_errors};

use super::gate::GateFull;
use crate::{
    config::Service,
    cxone::UpstreamError,
    error::ApiError,
    retry::{Idempotency, Retryable},
};

/// Failure to have a session made.
#[derive(Debug)]
pub(crate) enum PostError {
    /// Too many posts wait already.
    GateFull(GateFull),
    /// As many streams play as may; `status` is the gateway's, where it was asked for one more.
    StreamLimit { active: Option<u64>, max: u64, status: Option<u16> },
    /// The identifier is another session's.
    IdTaken(MediaSessionId),
    /// A conflict whose meaning cannot be told, because the number of streams is not known.
    Undecided(Option<String>),
    /// Everything else.
    Upstream(UpstreamError),
}

impl From<UpstreamError> for PostError {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream(error)
    }
}

impl From<GateFull> for PostError {
    fn from(full: GateFull) -> Self {
        Self::GateFull(full)
    }
}

impl Retryable for PostError {
    fn is_retryable(&self, idempotency: Idempotency) -> bool {
        match self {
            Self::Upstream(error) => error.is_retryable(idempotency),
            Self::GateFull(_) | Self::StreamLimit { .. } | Self::IdTaken(_) | Self::Undecided(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Upstream(error) => error.retry_after(),
            Self::GateFull(GateFull { wait }) => Some(*wait),
            Self::StreamLimit { .. } | Self::IdTaken(_) | Self::Undecided(_) => None,
        }
    }
}

impl PostError {
    /// Returns the name of the outcome for metrics.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::GateFull(_) => "queue_full",
            Self::StreamLimit { .. } => "stream_limit",
            Self::IdTaken(_) => "id_taken",
            Self::Undecided(_) => "undecided",
            Self::Upstream(UpstreamError::Status { status: 400..=499, .. }) => "refused",
            Self::Upstream(_) => "failed",
        }
    }
}

impl From<PostError> for ApiError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::GateFull(GateFull { wait }) => {
                let detail = "too many media sessions wait to be sent through this proxy; try again later";
                Self::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(wait)
            }
            PostError::StreamLimit { active, max, status } => {
                let active = active.map(|active| format!("{active} are active, and ")).unwrap_or_default();
                let detail =
                    format!("{active}{max} media streams may be active at a time; wait for one to end");
                Self::new(StatusCode::CONFLICT, detail).kind(STREAM_LIMIT, "Stream limit reached").upstream(
                    Service::Media,
                    status,
                    None,
                )
            }
            PostError::IdTaken(id) => {
                let detail = format!(
                    "there is a session {id} already; if it was sent before and its answer was lost, it is that one, and otherwise another identifier is needed"
                );
                Self::new(StatusCode::CONFLICT, detail).kind(SESSION_ID_TAKEN, "Session id taken").upstream(
                    Service::Media,
                    Some(409),
                    None,
                )
            }
            PostError::Undecided(words) => {
                let words = words.map(|words| format!(" ({words})")).unwrap_or_default();
                let detail = format!(
                    "media answered with a conflict{words}, and does not say how many streams are active: either as many as may, or the session's identifier is taken; send the same session again"
                );
                Self::new(StatusCode::CONFLICT, detail).upstream(Service::Media, Some(409), None)
            }
            PostError::Upstream(error) => {
                let errors = if let UpstreamError::Status { status: 400 | 422, complaints, .. } = &error {
                    gateway_errors(complaints.iter().map(String::as_str))
                } else {
                    gateway_errors([])
                };
                Self::from(error).with_errors(errors)
            }
        }
    }
}
