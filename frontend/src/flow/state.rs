//! The state that the flow panel's parts share: the draft, what is wrong with it, the flows, and the runs.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use scenario::flow::{Expectation, SimulationDraft, SimulationRequest, check_depth};
use wasm_bindgen_futures::spawn_local;
use wire::api::{FlowSummary, Limits, Problem, Profile};

use super::run::{Run, RunId};
use crate::{
    kit::{
        forms::{DraftErrors, Form},
        jobs,
    },
    net::api,
    picture::FlowModel,
    ui::Notice,
};

/// Definitions that came, by flow, and what came instead.
type Definitions = HashMap<String, Result<FlowModel, Problem>>;

/// The form's content, if it can be sent.
pub(super) type Checked = Result<(SimulationRequest, Expectation), DraftErrors>;

/// The signals that the panel's parts share.
#[derive(Clone, Copy)]
pub(super) struct FlowState {
    pub(super) profile: RwSignal<Option<Profile>>,
    /// None while they are asked for.
    pub(super) flows: RwSignal<Option<Result<Vec<FlowSummary>, Problem>>>,
    models: RwSignal<Definitions>,
    /// The flows whose definitions are there or on their way.
    wanted: StoredValue<HashSet<String>>,
    pub(super) draft: RwSignal<SimulationDraft>,
    /// The request's JSON while it is being typed.
    pub(super) payload: RwSignal<Option<String>>,
    pub(super) checked: Memo<Checked>,
    /// The draft with what is wrong with its fields.
    pub(super) form: Form<SimulationDraft>,
    /// Newest first.
    pub(super) runs: RwSignal<Vec<Run>>,
    /// The run that is looked at.
    pub(super) chosen: RwSignal<Option<RunId>>,
    /// The run that is laid over it.
    pub(super) other: RwSignal<Option<RunId>>,
    /// The step of the shown run's trace that the player stands at; none shows the whole trace.
    pub(super) step: RwSignal<Option<usize>>,
    pub(super) notice: RwSignal<Option<Notice>>,
}

impl FlowState {
    pub(super) fn new(draft: SimulationDraft, runs: Vec<Run>) -> Self {
        let draft = RwSignal::new(draft);
        let (profile, models) = (RwSignal::new(None::<Profile>), RwSignal::new(Definitions::new()));
        let (form, checked) = check(draft, models, profile);
        let chosen = runs.first().map(|run| run.id);
        let state = Self {
            profile,
            flows: RwSignal::new(None),
            models,
            wanted: StoredValue::new(HashSet::new()),
            draft,
            payload: form.text,
            checked,
            form,
            runs: RwSignal::new(runs),
            chosen: RwSignal::new(chosen),
            other: RwSignal::new(None),
            step: RwSignal::new(None),
            notice: RwSignal::new(None),
        };
        state.load();
        state
    }

    /// Asks for the profile and the flows, again where they did not come.
    pub(super) fn load(self) {
        self.flows.set(None);
        spawn_local(async move {
            match api::profile().await {
                Ok(profile) => drop(self.profile.try_set(Some(profile))),
                Err(problem) => drop(self.notice.try_set(Some(problem.into()))),
            }
        });
        spawn_local(async move {
            let flows = api::flows().await.map(|list| list.flows);
            if let Ok([first, ..]) = flows.as_deref()
                && self.draft.try_with_untracked(|draft| draft.flow_id.is_empty()) == Some(true)
            {
                self.draft.try_update(|draft| draft.flow_id.clone_from(&first.flow_id));
            }
            let _ = self.flows.try_set(Some(flows));
        });
    }

    /// Returns the proxy's limits; the usual ones until they are known.
    pub(super) fn limits(self) -> Limits {
        limits(self.profile)
    }

    /// Returns a flow's definition, where it is known; see [`Self::want`].
    pub(super) fn flow(self, id: &str) -> Option<Result<FlowModel, Problem>> {
        self.models.with(|models| models.get(id).cloned())
    }

    /// Asks for a flow's definition unless it is there or on its way.
    pub(super) fn want(self, id: &str) {
        let id = id.to_owned();
        if id.is_empty() || self.wanted.try_update_value(|wanted| wanted.insert(id.clone())) != Some(true) {
            return;
        }
        spawn_local(async move {
            let answer = api::flow(&id).await.map(FlowModel::new);
            if answer.is_err() {
                self.wanted.try_update_value(|wanted| wanted.remove(&id));
            }
            self.models.try_update(|models| models.insert(id, answer));
        });
    }

    /// Looks at a run, or at none.
    pub(super) fn choose(self, run: Option<RunId>) {
        self.chosen.set(run);
        self.other.set(None);
        self.step.set(None);
    }

    /// Returns the run that is looked at.
    pub(super) fn shown(self) -> Option<Run> {
        self.run(self.chosen.get()?)
    }

    /// Returns the run that is laid over it.
    pub(super) fn overlaid(self) -> Option<Run> {
        self.run(self.other.get()?)
    }

    fn run(self, id: RunId) -> Option<Run> {
        jobs::find(self.runs, id)
    }

    /// Returns the flow that is drawn: the shown run's, or the form's.
    pub(super) fn drawn_flow(self) -> String {
        let of_run = self.shown().map(|run| run.record.with(|record| record.draft.flow_id.trim().to_owned()));
        of_run.unwrap_or_else(|| self.draft.with(|draft| draft.flow_id.trim().to_owned()))
    }
}

fn limits(profile: RwSignal<Option<Profile>>) -> Limits {
    profile.with(|profile| profile.as_ref().map(|profile| profile.limits.clone())).unwrap_or_default()
}

/// Makes a form of the draft, and the draft's request, checked by the code that the proxy runs again. The draft is read when
/// it changes, and its request executed when the request changes.
fn check(
    draft: RwSignal<SimulationDraft>,
    models: RwSignal<Definitions>,
    profile: RwSignal<Option<Profile>>,
) -> (Form<SimulationDraft>, Memo<Checked>) {
    let limits = Memo::new(move |_| limits(profile));
    Form::checked(draft, limits.into(), move |checked| {
        let request =
            Memo::new(move |_| checked.with(|checked| checked.as_ref().map(|(request, _)| request.clone())));
        let model = Memo::new(move |_| {
            let flow =
                request.with(|request| request.as_ref().map(|request| request.flow_id().to_owned()))?;
            models.with(|models| models.get(&flow)?.as_ref().ok().cloned())
        });
        let too_deep = Memo::new(move |_| {
            let (model, depth) = (model.get()?, limits.with(|limits| limits.flow_depth));
            request.with(|request| check_depth(model.compiled()?, request.as_ref()?, depth).err())
        });
        let lacking = Memo::new(move |_| {
            let model = model.get()?;
            let flow = model.compiled()?.definition();
            checked.with(|checked| Some(checked.as_ref()?.1.check(flow).nested("expectation")))
        });
        Signal::derive(move || {
            let mut errors = too_deep.get().unwrap_or_default();
            errors.extend(lacking.get().unwrap_or_default());
            errors
        })
    })
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_the_form_holds_is_checked_whenever_it_changes() {
        let owner = Owner::new();
        owner.set();
        let draft = RwSignal::new(SimulationDraft {
            flow_id: "support-line".into(),
            digits: "1x".into(),
            ..SimulationDraft::default()
        });
        let (models, profile) = (RwSignal::new(Definitions::new()), RwSignal::new(None::<Profile>));
        let (form, checked) = check(draft, models, profile);
        let fields = || untrack(|| form.errors()).into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert_eq!(fields(), ["dtmfSequence[1]"]);
        draft.update(|draft| draft.digits = "99".into());
        let (request, _) = checked.get_untracked().expect("it can be sent");
        assert_eq!(request.digits_text(), "99");
        form.text.set(Some("{".into()));
        assert!(checked.get_untracked().is_err());
        assert!(untrack(|| form.text_error()).is_some_and(|error| error.starts_with("is no JSON")));
        form.text.set(None);
        assert_eq!(fields(), [""; 0]);
        let flow = FlowModel::new(ivr::support_line().definition().clone());
        models.update(|models| drop(models.insert("support-line".into(), Ok(flow))));
        assert_eq!(fields(), [""; 0], "two nodes are no more than 200");
        let limits = Limits { flow_depth: 3, ..Limits::default() };
        profile.set(Some(Profile {
            profile: wire::api::ProfileName::Sandbox,
            version: String::new(),
            services: Vec::new(),
            limits,
            qa_configured: false,
            analytics_webhook_configured: false,
            webhook: wire::api::WebhookDoor::default(),
        }));
        draft.update(|draft| draft.digits = "9 2 2".into());
        assert_eq!(fields(), ["dtmfSequence"], "too deep");
        draft.update(|draft| draft.digits = "1".into());
        assert_eq!(fields(), [""; 0]);
    }
}
