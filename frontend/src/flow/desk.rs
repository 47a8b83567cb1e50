//! What the flow panel's parts share: the draft, what is wrong with it, the flows, and the runs.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use leptos::prelude::*;
use shared::{
    flow::{Expectation, SimulationDraft, SimulationRequest, analysis::Structure, check_depth},
    menu::{CompiledFlow, FlowDefinition},
    wire::{FlowSummary, Limits, Problem, Profile},
};
use wasm_bindgen_futures::spawn_local;

use super::run::{Run, RunId};
use crate::{
    kit::forms::{DraftErrors, Form},
    net::api,
    ui::Notice,
};

/// A flow's definition as it was fetched, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Known(Arc<(Structure, Option<Arc<CompiledFlow>>)>);

impl Known {
    fn new(definition: FlowDefinition) -> Self {
        let structure = Structure::of(&definition);
        Self(Arc::new((structure, CompiledFlow::compile(definition).ok().map(Arc::new))))
    }

    /// What the definition says by itself.
    pub(super) fn structure(&self) -> &Structure {
        &self.0.0
    }

    /// The definition.
    pub(super) fn flow(&self) -> &FlowDefinition {
        self.0.0.flow()
    }

    /// The flow as something that runs, unless it is faulty.
    pub(super) fn compiled(&self) -> Option<&Arc<CompiledFlow>> {
        self.0.1.as_ref()
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Definitions that came, by flow, and what came instead.
type Definitions = HashMap<String, Result<Known, Problem>>;

/// What the form holds, or what is wrong with it.
pub(super) type Checked = Result<(SimulationRequest, Expectation), DraftErrors>;

/// The signals that the panel's parts share.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) profile: RwSignal<Option<Profile>>,
    /// None while they are asked for.
    pub(super) flows: RwSignal<Option<Result<Vec<FlowSummary>, Problem>>>,
    /// By flow.
    known: RwSignal<Definitions>,
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

impl Desk {
    pub(super) fn new(draft: SimulationDraft, runs: Vec<Run>) -> Self {
        let draft = RwSignal::new(draft);
        let (profile, known) = (RwSignal::new(None::<Profile>), RwSignal::new(Definitions::new()));
        let depth = move |(request, _): &(SimulationRequest, Expectation), limits: &Limits| {
            let known = known.with(|known| definition(known, request.flow_id()));
            let flow = known.as_ref().and_then(Known::compiled);
            flow.map_or(Ok(()), |flow| check_depth(flow, request, limits.flow_depth))
        };
        let (form, checked) = Form::checked(draft, Signal::derive(move || limits(profile)), depth);
        let chosen = runs.first().map(|run| run.id);
        let desk = Self {
            profile,
            flows: RwSignal::new(None),
            known,
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
        desk.load();
        desk
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

    /// The proxy's limits; the usual ones until they are known.
    pub(super) fn limits(self) -> Limits {
        limits(self.profile)
    }

    /// A flow's definition, where it is known; see [`Self::want`].
    pub(super) fn flow(self, id: &str) -> Option<Result<Known, Problem>> {
        self.known.with(|known| known.get(id).cloned())
    }

    /// Asks for a flow's definition unless it is there or on its way.
    pub(super) fn want(self, id: &str) {
        let id = id.to_owned();
        if id.is_empty() || self.wanted.try_update_value(|wanted| wanted.insert(id.clone())) != Some(true) {
            return;
        }
        spawn_local(async move {
            let answer = api::flow(&id).await.map(Known::new);
            if answer.is_err() {
                self.wanted.try_update_value(|wanted| wanted.remove(&id));
            }
            self.known.try_update(|known| known.insert(id, answer));
        });
    }

    /// Looks at a run, or at none.
    pub(super) fn choose(self, run: Option<RunId>) {
        self.chosen.set(run);
        self.other.set(None);
        self.step.set(None);
    }

    /// The run that is looked at.
    pub(super) fn shown(self) -> Option<Run> {
        self.run(self.chosen.get()?)
    }

    /// The run that is laid over it.
    pub(super) fn overlaid(self) -> Option<Run> {
        self.run(self.other.get()?)
    }

    fn run(self, id: RunId) -> Option<Run> {
        self.runs.with(|runs| runs.iter().find(|run| run.id == id).cloned())
    }

    /// The flow that is drawn: the shown run's, or the form's.
    pub(super) fn drawn_flow(self) -> String {
        let of_run = self.shown().map(|run| run.record.with(|record| record.draft.flow_id.trim().to_owned()));
        of_run.unwrap_or_else(|| self.draft.with(|draft| draft.flow_id.trim().to_owned()))
    }
}

fn limits(profile: RwSignal<Option<Profile>>) -> Limits {
    profile.with(|profile| profile.as_ref().map(|profile| profile.limits.clone())).unwrap_or_default()
}

fn definition(known: &Definitions, id: &str) -> Option<Known> {
    known.get(id)?.as_ref().ok().cloned()
}
