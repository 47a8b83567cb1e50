//! Starting: one press of the button is one simulation, however often its request is sent.

use base::ids::SimulationId;
use leptos::prelude::*;
use scenario::dialer::{DialerDraft, DialerRequest, DialerRun, Dispatch, KeyedRequest};
use wasm_bindgen_futures::spawn_local;

use super::state::{DialerState, Run};
use crate::{
    clock,
    js::random_uuid,
    kit::jobs::{JobId, JobRunner},
    net::api,
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
            return self.state.notice.set(Some(Notice {
                title: "Not started.".into(),
                detail,
                ..Notice::default()
            }));
        };
        let dispatch = Dispatch { key, timestamp: clock::rfc3339(clock::now()), draft };
        let request = KeyedRequest { key: dispatch.key.clone(), request };
        let id = self.jobs.submit(dispatch, request);
        self.state.choose(Some(id));
    }

    /// Looks at a simulation at once, because an event told of it: CXone's own answer has the counts and errors that the
    /// event lacks.
    pub(super) fn look(self, simulation: SimulationId) {
        let is_it = |run: &&Run| {
            run.record.with_untracked(|record| record.job_id.as_deref().is_some_and(|id| simulation == *id))
        };
        let Some(id) = self.state.runs.with_untracked(|runs| runs.iter().find(is_it).map(|run| run.id))
        else {
            return;
        };
        spawn_local(async move {
            // Where no answer comes, the next look does as well.
            if let Ok(reply) = api::dialer_simulation(simulation.as_str()).await {
                self.jobs.push(id, simulation.as_str(), reply);
            }
        });
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
