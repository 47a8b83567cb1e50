//! The state that the dialer panel's parts share: the draft, the runs, and which of them are looked at.

use base::{field_error::FieldErrors, ids::SimulationId};
use leptos::prelude::*;
use scenario::dialer::{DialerDraft, DialerRequest, DialerRun, Dispatch, verdict::Thresholds};
use wasm_bindgen_futures::spawn_local;
use wire::{
    api::{Limits, Profile, ProfileName},
    cxone::DialerSimulation,
};

use crate::{
    kit::{
        forms::{DraftErrors, Form},
        jobs::{self, JobEntry, JobId},
    },
    net::api,
    ui::Notice,
};

/// A run with its signals.
pub(super) type Run = JobEntry<DialerRun>;

/// A run that is looked at, as far as it has got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FollowedRun {
    /// The press that began it.
    pub(crate) dispatch: Dispatch,
    /// Its identifier at CXone, once it has one.
    pub(crate) simulation: Option<SimulationId>,
    /// CXone's last word on it.
    pub(crate) latest: Option<DialerSimulation>,
    /// True when nothing more will come.
    pub(crate) is_over: bool,
}

/// The signals that the panel's parts share.
#[derive(Clone, Copy)]
pub(super) struct DialerState {
    pub(super) profile: RwSignal<Option<Profile>>,
    pub(super) limits: Memo<Limits>,
    pub(super) form: Form<DialerDraft>,
    pub(super) checked: Memo<Result<(DialerRequest, Thresholds), DraftErrors>>,
    /// Newest first.
    pub(super) runs: RwSignal<Vec<Run>>,
    /// The run that is looked at.
    pub(super) chosen: RwSignal<Option<JobId>>,
    /// The run that is compared with it.
    pub(super) compared: RwSignal<Option<JobId>>,
    /// The run that is looked at, with what is known of it.
    pub(super) followed: Memo<Option<FollowedRun>>,
    pub(super) notice: RwSignal<Option<Notice>>,
}

impl DialerState {
    pub(super) fn new(draft: DialerDraft, runs: Vec<Run>) -> Self {
        let draft = RwSignal::new(draft);
        let profile = RwSignal::new(None::<Profile>);
        let limits = Memo::new(move |_| {
            profile.with(|profile| profile.as_ref().map(|all| all.limits.clone())).unwrap_or_default()
        });
        let (form, checked) = Form::checked(draft, limits.into(), |_| Signal::stored(FieldErrors::new()));
        let compared = RwSignal::new(None);
        let chosen = RwSignal::new(runs.first().map(|run| run.id));
        let runs = RwSignal::new(runs);
        let state = Self {
            profile,
            limits,
            form: form.with_answer(Signal::derive(move || refused_fields(draft, runs))),
            checked,
            runs,
            chosen,
            compared,
            followed: followed(runs, chosen),
            notice: RwSignal::new(None),
        };
        spawn_local(async move {
            match api::profile().await {
                Ok(found) => drop(profile.try_set(Some(found))),
                Err(problem) => drop(state.notice.try_set(Some(problem.into()))),
            }
        });
        state
    }

    /// Returns true where the stand-in is CXone, which knows every campaign; reactive.
    pub(super) fn has_stand_in(self) -> bool {
        self.profile.with(|profile| profile.as_ref().is_some_and(|all| all.profile == ProfileName::Sandbox))
    }

    /// Looks at a run, or at none.
    pub(super) fn choose(self, run: Option<JobId>) {
        let _ = self.chosen.try_set(run);
        let _ = self.compared.try_set(None);
    }

    /// Returns the run that is looked at; reactive.
    pub(super) fn shown(self) -> Option<Run> {
        jobs::find(self.runs, self.chosen.get()?)
    }
}

/// Returns what is known of the run that `which` names.
pub(super) fn followed(
    runs: RwSignal<Vec<Run>>,
    which: RwSignal<Option<JobId>>,
) -> Memo<Option<FollowedRun>> {
    Memo::new(move |_| {
        let run = jobs::find(runs, which.get()?)?;
        let latest = run.latest.get();
        run.record.with(|record| {
            Some(FollowedRun {
                dispatch: record.draft.clone(),
                simulation: record.job_id.as_ref().and_then(|id| id.parse().ok()),
                latest,
                is_over: record.outcome.is_some(),
            })
        })
    })
}

/// Returns the fields for which CXone refused the very draft that the form holds, until it is changed; reactive.
fn refused_fields(draft: RwSignal<DialerDraft>, runs: RwSignal<Vec<Run>>) -> FieldErrors {
    let errors = |run: &Run| {
        run.record.with(|record| {
            let is_it = draft.with(|draft| record.draft.draft == *draft);
            is_it.then(|| record.errors.clone())
        })
    };
    runs.with(|runs| runs.iter().find_map(errors)).unwrap_or_default()
}
