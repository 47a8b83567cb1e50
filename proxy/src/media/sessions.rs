use std::time::Duration;

use base::ids::MediaSessionId;
use moka::{policy::EvictionPolicy, sync::Cache};
use prompt::{
    control::ControlPayload,
    reply::{ActiveSessions, Confirmation, GatewayReply, PlaybackReply},
};
use serde_json::Value;

use super::{
    conflict::{Conflict, Streams, meaning},
    error::PostError,
    gate::Gate,
};
use crate::{
    config::{Config, Service},
    cxone::{Cxone, UpstreamError, UpstreamRequest},
    error::ApiError,
    metrics::Metrics,
    retry::{Idempotency, RETRY_POLICY, RetriedBy, retry},
};

const SESSIONS: [&str; 4] = ["api", "v2", "media", "sessions"];
/// Maximum number of sessions whose fate is not known that are remembered; the oldest are forgotten first.
const MAX_UNANSWERED: u64 = 4_096;
/// Maximum time that a post waits for the number of active streams; without it the gateway decides alone.
const COUNT_TIMEOUT: Duration = Duration::from_secs(2);

/// Media sessions at CXone.
pub(crate) struct Media {
    gate: Gate,
    streams: Streams,
    /// Sessions that were sent and may have arrived, until an answer says so. That the gateway knows one of them is no
    /// conflict, whoever sends it again.
    unanswered: Cache<MediaSessionId, ()>,
    metrics: Metrics,
}

impl Media {
    pub(crate) fn new(config: &Config, metrics: Metrics) -> Self {
        let (limits, tuning) = (&config.limits, &config.tuning);
        let max_wait = tuning.request_timeout / 4;
        Self {
            gate: Gate::new(limits.media_posts, tuning.max_media_queue, max_wait, metrics.clone()),
            streams: Streams {
                max: u64::try_from(limits.media_streams).unwrap_or(u64::MAX),
                slack: limits.media_posts.into(),
            },
            unanswered: Cache::builder()
                .max_capacity(MAX_UNANSWERED)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            metrics,
        }
    }

    /// Returns the number of sessions that play.
    pub(crate) async fn active(&self, cxone: &Cxone, retried_by: RetriedBy) -> Result<u64, UpstreamError> {
        let query = [("pageSize", "1"), ("status", "active")];
        let request = UpstreamRequest::get(Service::Media, &SESSIONS).query(&query).retried_by(retried_by);
        let ActiveSessions { total_count } = cxone.ask(request).await?.json()?;
        Ok(total_count)
    }

    /// Has a session made: sends `body`, which `payload` was read from, until there is one such session. It carries its own
    /// key, so it may be sent again wherever its answer is missing.
    pub(crate) async fn submit(
        &self,
        cxone: &Cxone,
        payload: &ControlPayload,
        body: &Value,
        retried_by: RetriedBy,
    ) -> Result<PlaybackReply, ApiError> {
        let id = payload.session_id();
        let policy = retried_by.policy(RETRY_POLICY);
        let attempt = |_| self.attempt(cxone, id, body, retried_by);
        let result = retry(policy, Idempotency::Idempotent, attempt).await;
        self.metrics.media_session(match &result {
            Ok(PlaybackReply { confirmed_by: Confirmation::Answer, .. }) => "created",
            Ok(PlaybackReply { confirmed_by: Confirmation::Conflict, .. }) => "confirmed",
            Err(error) => error.name(),
        });
        result.map_err(|error| {
            let error = ApiError::from(error);
            if self.unanswered.contains_key(id) {
                error.adding("the session may be there all the same: send it again with the same sessionId")
            } else {
                error
            }
        })
    }

    async fn attempt(
        &self,
        cxone: &Cxone,
        id: &MediaSessionId,
        body: &Value,
        retried_by: RetriedBy,
    ) -> Result<PlaybackReply, PostError> {
        let pass = self.gate.enter().await?;
        let may_have_arrived = self.unanswered.contains_key(id);
        // A session that may be among the active ones is not held up by itself.
        if !may_have_arrived {
            self.check_place(cxone).await?;
        }
        pass.keep_pace().await;
        // Before it is sent: whoever gives up waiting and sends it again meets it here.
        self.unanswered.insert(id.clone(), ());
        let request = UpstreamRequest::post(Service::Media, &SESSIONS, body).retried_by(RetriedBy::Client);
        let error = match cxone.ask(request).await {
            Ok(answer) if answer.status == 201 => {
                let reply: GatewayReply = answer.json()?;
                self.unanswered.invalidate(id);
                return Ok(PlaybackReply::answered(reply, tenths_of_ms(answer.elapsed)));
            }
            Ok(answer) => {
                let message = format!("HTTP {} where 201 was expected", answer.status);
                UpstreamError::Unreadable { service: Service::Media, message }
            }
            Err(error) => error,
        };
        if !may_have_arrived && !error.is_doubtful() {
            self.unanswered.invalidate(id);
        }
        if let UpstreamError::Status { status: 409, message, .. } = error {
            return self.conflict(cxone, id, may_have_arrived, message, retried_by).await;
        }
        Err(error.into())
    }

    /// Refuses where as many sessions play as may. Where their number is not known, the gateway decides.
    async fn check_place(&self, cxone: &Cxone) -> Result<(), PostError> {
        let counting = tokio::time::timeout(COUNT_TIMEOUT, self.active(cxone, RetriedBy::Client));
        match counting.await {
            Ok(Ok(active)) if active >= self.streams.max => {
                Err(PostError::StreamLimit { active: Some(active), max: self.streams.max, status: None })
            }
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error @ (UpstreamError::NotConfigured { .. } | UpstreamError::Token(_)))) => {
                Err(error.into())
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the number of active media streams is not known");
                Ok(())
            }
            Err(_) => {
                tracing::debug!("the number of active media streams takes too long");
                Ok(())
            }
        }
    }

    async fn conflict(
        &self,
        cxone: &Cxone,
        id: &MediaSessionId,
        may_have_arrived: bool,
        words: Option<String>,
        retried_by: RetriedBy,
    ) -> Result<PlaybackReply, PostError> {
        let active = match self.active(cxone, retried_by).await {
            Ok(active) => Some(active),
            Err(error) => {
                tracing::debug!(%error, "the number of active media streams is not known");
                None
            }
        };
        match meaning(active, words.as_deref(), self.streams) {
            Some(Conflict::StreamLimit) => {
                Err(PostError::StreamLimit { active, max: self.streams.max, status: Some(409) })
            }
            Some(Conflict::IdTaken) if may_have_arrived => {
                self.unanswered.invalidate(id);
                Ok(PlaybackReply::confirmed(Some(id.clone())))
            }
            Some(Conflict::IdTaken) => Err(PostError::IdTaken(id.clone())),
            None => Err(PostError::Undecided(words)),
        }
    }
}

fn tenths_of_ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
