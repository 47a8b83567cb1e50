//! A media session as a job of the panel's.

use prompt::{
    control::ControlPayload,
    job::{PlaybackSession, Sending},
    reply::PlaybackReply,
};
use wire::api::{Limits, Problem};

use crate::{
    kit::jobs::{Accepted, PanelJob, usual_advice},
    net::api,
};

impl PanelJob for PlaybackSession {
    type Draft = Sending;
    /// The stability rate, 0 or 1.
    type Verdict = f64;

    const STORAGE_PREFIX: &'static str = "dialbench.prompts.session.";
    const NOUN: &'static str = "session";
    const SCOPE: &'static str = "the scope media:manage";
    /// The gateway takes five at a time.
    const DEFAULT_MAX_RUNNING: usize = 5;

    async fn submit(request: &ControlPayload, _: bool) -> Result<Accepted<PlaybackReply>, Problem> {
        let reply = api::play_prompt(request).await?;
        let job_id = reply.id.as_ref().unwrap_or(request.session_id()).to_string();
        Ok(Accepted { job_id, reply })
    }

    /// The gateway has no look-up of a single session: its first answer is the last.
    async fn poll(_: &str) -> Result<PlaybackReply, Problem> {
        Ok(PlaybackReply::confirmed(None))
    }

    fn request(sending: &Sending) -> Option<ControlPayload> {
        // It held to the limits when it was sent, and the proxy checks it again.
        sending.request(&Limits { media_streams: usize::MAX, ..Limits::default() })
    }

    fn judge(_: &Sending, reply: &PlaybackReply) -> f64 {
        reply.stability_rate()
    }

    fn failure(reply: &PlaybackReply) -> Option<String> {
        reply.playback_state.as_ref().map(|state| format!("the gateway's state is {state}"))
    }

    fn advice(status: u16) -> String {
        match status {
            404 => "The gateway does not know this prompt: choose another, or upload it first.".into(),
            409 => "The session's identifier is taken by another session: send again, which makes a new one."
                .into(),
            _ => usual_advice::<Self>(status),
        }
    }
}
