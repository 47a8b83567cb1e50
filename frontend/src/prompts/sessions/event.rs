//! Playback events: each session that was made is told to analytics once.

use std::collections::{BTreeMap, HashSet};

use leptos::prelude::*;
use prompt::event::{EventReceipt, WebhookCopy, playback_event};
use wasm_bindgen_futures::spawn_local;

use super::super::state::{PromptState, Session};
use crate::{clock, kit::jobs::JobId, net::api, ui::Notice};

/// The sessions' events, and the answers to them.
#[derive(Clone, Copy)]
pub(in super::super) struct Events {
    told: RwSignal<BTreeMap<JobId, Result<EventReceipt, String>>>,
}

impl Events {
    /// Tells every session that comes to its end from now on; those that were over before have been told.
    pub(in super::super) fn new(state: PromptState) -> Self {
        let told = RwSignal::new(BTreeMap::new());
        let is_over = |session: &Session| session.record.with_untracked(|record| record.outcome.is_some());
        let sessions = state.sessions.get_untracked();
        let before = sessions.iter().filter(|session| is_over(session)).map(|session| session.id);
        let begun = StoredValue::new(before.collect::<HashSet<JobId>>());
        Effect::new(move |_| {
            for session in state.sessions.get() {
                let reply =
                    session.record.with(|record| record.result.clone().filter(|_| record.outcome.is_some()));
                let Some(reply) = reply else { continue };
                if begun.try_update_value(|begun| begun.insert(session.id)) != Some(true) {
                    continue;
                }
                let sending = session.record.with_untracked(|record| record.draft.clone());
                let now = clock::rfc3339(clock::now());
                let Some(event) = playback_event(&sending.session_id, &reply, &now) else { continue };
                spawn_local(async move {
                    let answer =
                        api::playback_event(&event).await.map_err(|problem| Notice::from(problem).detail);
                    let _ = told.try_update(|told| told.insert(session.id, answer));
                });
            }
        });
        Self { told }
    }

    /// Returns what became of a session's event, for people; reactive.
    pub(super) fn state(self, session: &Session) -> String {
        self.told.with(|told| match told.get(&session.id) {
            None => "–".to_owned(),
            Some(Err(why)) => format!("not told: {why}"),
            Some(Ok(receipt)) => match receipt.webhook {
                WebhookCopy::Sent => "told, copy sent".to_owned(),
                WebhookCopy::NotConfigured => "told".to_owned(),
                WebhookCopy::Failed => format!("told; {}", receipt.warnings.join(" ")),
            },
        })
    }
}
