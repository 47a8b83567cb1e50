//! Starting: one press of the button is one simulation, however often its request is sent.

use leptos::prelude::*;
use scenario::dialer::{DialerDraft, DialerRequest, DialerRun, Dispatch, KeyedRequest};
use wire::cxone::DialerSimulation;

use super::state::DialerState;
use crate::{
    clock,
    js::random_uuid,
    kit::jobs::{JobId, JobRunner},
    ui::Notice,
};

/// Begins what the form holds, and sees it through.
#[derive(Clone, Copy)]
pub(super) struct Starter {
    state: DialerState,
    pub(super) jobs: JobRunner<DialerRun>,
}

impl Starter {
    /// Goes on with the runs that a reload interrupted, each under its own key.
    pub(super) fn new(state: DialerState) -> Self {
        let config = Signal::derive(move || DialerRun::config(&state.limits.get()));
        Self { state, jobs: JobRunner::start(state.runs, config, state.notice) }
    }

    /// Begins a simulation under a key of its own, as soon as there is a place for it, and looks at it.
    pub(super) fn start(self, draft: DialerDraft, request: DialerRequest) {
        let Some(key) = random_uuid().and_then(|uuid| uuid.parse().ok()) else {
            let detail = "The browser has no random numbers, of which each simulation's key is made.".into();
            return self.state.notice.set(Some(Notice { title: "Not started.".into(), detail }));
        };
        let dispatch = Dispatch { key, timestamp: clock::rfc3339(clock::now()), draft };
        let request = KeyedRequest { key: dispatch.key.clone(), request };
        let id = self.jobs.submit(dispatch, request);
        self.state.choose(Some(id));
    }

    /// Hands in what an event told of a simulation by itself.
    #[expect(dead_code, reason = "nothing in the panel hears events yet")]
    pub(super) fn push(self, simulation: DialerSimulation) {
        let is_it = |job_id: &Option<String>| job_id.as_deref().is_some_and(|id| simulation.id == *id);
        let found = self.state.runs.with_untracked(|runs| {
            let of_it = |run: &&super::state::Run| run.record.with_untracked(|record| is_it(&record.job_id));
            runs.iter().find(of_it).map(|run| run.id)
        });
        if let Some(id) = found {
            self.jobs.push(id, &simulation.id.to_string(), simulation);
        }
    }

    /// Forgets a run.
    pub(super) fn remove(self, id: JobId) {
        self.jobs.remove(id);
        if self.state.chosen.get_untracked() == Some(id) {
            self.state.choose(self.state.runs.with_untracked(|runs| runs.first().map(|run| run.id)));
        }
        if self.state.compared.get_untracked() == Some(id) {
            self.state.compared.set(None);
        }
    }
}
