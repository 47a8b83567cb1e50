//! Starts runs, and keeps what is looked at right when they go.

use leptos::prelude::*;
use scenario::flow::{FlowSimulation, SimulationDraft, SimulationRequest};

use super::RunId;
use crate::{flow::state::FlowState, kit::jobs::JobRunner};

/// Starts runs and sees them through.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Runner {
    state: FlowState,
    pub(super) jobs: JobRunner<FlowSimulation>,
}

impl Runner {
    /// Goes on with the runs that a reload interrupted.
    pub(in crate::flow) fn new(state: FlowState) -> Self {
        let config = Signal::derive(move || FlowSimulation::config(&state.limits()));
        Self { state, jobs: JobRunner::start(state.runs, config, state.notice) }
    }

    /// Runs a draft whose request was checked, as soon as there is a place for it, and shows it.
    pub(in crate::flow) fn submit(self, draft: SimulationDraft, request: SimulationRequest) {
        let id = self.jobs.submit(draft, request);
        self.state.choose(Some(id));
    }

    /// Runs all of these, each as soon as there is a place for it, and shows the first: it is over first.
    pub(in crate::flow) fn submit_all(self, requests: Vec<SimulationRequest>) {
        let submit = |request| self.jobs.submit(SimulationDraft::from_request(&request), request);
        let ids: Vec<RunId> = requests.into_iter().map(submit).collect();
        if let [first, ..] = *ids {
            self.state.choose(Some(first));
        }
    }

    /// Forgets a run.
    pub(in crate::flow) fn remove(self, id: RunId) {
        self.jobs.remove(id);
        if self.state.chosen.get_untracked() == Some(id) {
            self.state.choose(self.state.runs.with_untracked(|runs| runs.first().map(|run| run.id)));
        }
        if self.state.other.get_untracked() == Some(id) {
            self.state.other.set(None);
        }
    }

    /// Forgets all runs that are over.
    pub(in crate::flow) fn remove_finished(self) {
        for run in self.state.runs.get_untracked() {
            if untrack(|| run.is_over()) {
                self.remove(run.id);
            }
        }
    }
}
