use std::{collections::VecDeque, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use prompt::control::ControlPayload;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use wire::{api::Limits, cxone::Service};

use super::{
    analytics::Analytics,
    audio,
    prompts::{MediaPrompts, StoredPrompt},
};
use crate::{
    clock::Clock,
    faults::JobFault,
    jobs::{Job, JobEnd, JobQueueConfig, JobRefused, JobState, Jobs, Schedule},
    prompts::Prompts,
    rate_limit::RateLimit,
};

/// Maximum number of sessions that can be looked up; older identifiers are free again.
const MAX_SESSIONS: usize = 1_000;

/// The media gateway.
#[derive(Debug)]
pub(crate) struct MediaGateway {
    jobs: Jobs<Session>,
    posts: RateLimit,
    pub(crate) prompts: MediaPrompts,
    analytics: Analytics,
}

/// A media session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) payload: ControlPayload,
    prompt: Arc<StoredPrompt>,
}

/// State of a session's playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaybackState {
    Playing,
    Completed,
    Failed,
}

impl PlaybackState {
    /// Returns the state's name in answers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Playing => "playing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

impl From<JobState> for PlaybackState {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued | JobState::Running => Self::Playing,
            JobState::Completed => Self::Completed,
            JobState::Failed | JobState::Cancelled => Self::Failed,
        }
    }
}

impl MediaGateway {
    pub(crate) fn new(clock: Clock, limits: &Limits, prompts: Arc<Prompts>) -> Self {
        let config = JobQueueConfig {
            id_prefix: "",
            seed: 0,
            min_time: Duration::ZERO,
            max_time: Duration::ZERO,
            max_active: Some(limits.media_streams),
            max_kept: MAX_SESSIONS,
        };
        Self {
            jobs: Jobs::new(clock, config),
            posts: RateLimit::new(limits.media_posts),
            prompts: MediaPrompts::new(prompts),
            analytics: Analytics::default(),
        }
    }

    /// Returns true if another post of this client is within the limit of a second.
    pub(crate) fn admit(&self, client: IpAddr) -> bool {
        self.posts.admit(client, Service::Media, tokio::time::Instant::now())
    }

    /// Plays a prompt in a session that meets `fault`, and returns its state.
    pub(crate) fn play(
        &self,
        payload: ControlPayload,
        prompt: Arc<StoredPrompt>,
        fault: Option<&JobFault>,
    ) -> Result<PlaybackState, JobRefused> {
        let (end, length) = match fault {
            Some(JobFault::Fail { .. }) => (JobEnd::Failed, Duration::ZERO),
            Some(JobFault::NeverEnds) => (JobEnd::Never, prompt.duration()),
            // The dialer's alone.
            Some(JobFault::Skew { .. }) | None => (JobEnd::Completed, prompt.duration()),
        };
        let id = payload.session_id().to_string();
        let schedule = Schedule { runs_after: Duration::ZERO, ends_after: length };
        self.jobs.submit_as(&id, schedule, end, Session { payload, prompt })?;
        Ok(match end {
            JobEnd::Failed => PlaybackState::Failed,
            JobEnd::Completed | JobEnd::Never => PlaybackState::Playing,
        })
    }

    /// Returns the number of sessions that play.
    pub(crate) fn active(&self) -> usize {
        self.jobs.active()
    }

    /// Returns every session that is kept, the oldest first.
    pub(crate) fn sessions(&self) -> Vec<Job<Session>> {
        self.jobs.all()
    }

    /// Returns what is played in a session, as a WAV file; None where there is no such session.
    pub(crate) fn played(&self, id: &str) -> Option<Result<Bytes, String>> {
        let session = self.jobs.job(id)?.payload;
        Some(audio::played(session.prompt.wav(), session.payload.playback_config()))
    }

    /// Stores an event.
    pub(crate) fn tell(&self, event: Value) {
        self.analytics.store(event);
    }

    /// Returns the stored events, oldest first.
    pub(crate) fn events(&self) -> VecDeque<Value> {
        self.analytics.all()
    }

    /// Logs every change of a session's state until `shutdown`, which ends those that play.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) {
        let log = |job: Job<Session>| {
            tracing::debug!(session = &*job.id, state = ?job.state, "media session");
        };
        self.jobs.run(shutdown, log).await;
    }
}
