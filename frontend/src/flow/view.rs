//! The panel's view: the shown run on its flow, another laid over it, and all runs of the flow together.

use std::sync::Arc;

use ivr::analysis::{Coverage, RunAnalysis, analyse};
use leptos::prelude::*;
use scenario::flow::{Expectation, Judgement};
use wire::cxone::SimulationResult;

use super::{
    run::{Record, Run, RunId},
    state::FlowState,
};
use crate::picture::FlowModel;

/// A run that is over, analysed on the flow that it was run on.
#[derive(Clone, Debug)]
pub(super) struct AnalysedRun(Arc<Inner>);

/// The parts of an [`AnalysedRun`].
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) id: RunId,
    pub(super) record: Record,
    pub(super) result: SimulationResult,
    pub(super) expectation: Expectation,
    pub(super) judgement: Judgement,
    pub(super) analysis: RunAnalysis,
    model: FlowModel,
}

impl std::ops::Deref for AnalysedRun {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl PartialEq for AnalysedRun {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl AnalysedRun {
    /// Analyses a run of this flow, if it has a result.
    pub(super) fn at(model: &FlowModel, run: &Run) -> Option<Self> {
        let judged = run.verdict.get()?;
        let record = run.record.get();
        let result = record.result.clone()?;
        Some(Self(Arc::new(Inner {
            id: run.id,
            expectation: judged.expectation,
            judgement: judged.judgement,
            analysis: analyse(model.structure(), &result),
            record,
            result,
            model: model.clone(),
        })))
    }

    /// Returns how many steps its trace has.
    pub(super) fn steps(&self) -> usize {
        self.result.execution_path.len()
    }
}

/// The runs that a weight in the picture counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Weight {
    /// The shown run.
    #[default]
    Run,
    /// All runs of the flow.
    All,
}

/// The flow and the runs that are looked at.
#[derive(Clone, Copy)]
pub(super) struct FlowView {
    /// The flow that is drawn.
    pub(super) flow: Memo<Option<FlowModel>>,
    /// All runs of the flow that are over and have a result, newest first. Each is analysed once.
    pub(super) finished: Memo<Vec<AnalysedRun>>,
    /// The shown run.
    pub(super) shown: Memo<Option<AnalysedRun>>,
    /// The run that is laid over it.
    pub(super) other: Memo<Option<AnalysedRun>>,
    /// Coverage over all runs of the flow.
    pub(super) all: Memo<Option<Coverage>>,
    /// See [`FlowState::step`].
    pub(super) step: RwSignal<Option<usize>>,
    pub(super) weight: RwSignal<Weight>,
    /// The node whose steps alone are listed, with its flow.
    picked: RwSignal<Option<(String, usize)>>,
    id: Memo<String>,
}

impl FlowView {
    pub(super) fn new(state: FlowState) -> Self {
        let id = Memo::new(move |_| state.drawn_flow());
        let flow = Memo::new(move |_| state.flow(&id.get())?.ok());
        let finished = Memo::new(move |old: Option<&Vec<AnalysedRun>>| {
            let (Some(model), flow_id) = (flow.get(), id.get()) else { return Vec::new() };
            let analysed = |run: &Run| {
                // A run that is over changes no more.
                let old = old.and_then(|old| old.iter().find(|old| old.id == run.id && old.model == model));
                let of_flow = || run.record.with(|record| record.draft.flow_id.trim() == flow_id);
                old.cloned().or_else(|| of_flow().then(|| AnalysedRun::at(&model, run)).flatten())
            };
            state.runs.with(|runs| runs.iter().filter_map(analysed).collect())
        });
        let find = move |wanted: Option<RunId>| {
            let wanted = wanted?;
            finished.with(|finished| finished.iter().find(|run| run.id == wanted).cloned())
        };
        let shown = Memo::new(move |_| find(state.chosen.get()));
        let other = Memo::new(move |_| find(state.other.get()));
        let all = Memo::new(move |_| {
            let model = flow.get()?;
            let mut all = Coverage::none(model.structure());
            finished.with(|finished| finished.iter().for_each(|run| all.add(&run.analysis.coverage)));
            Some(all)
        });
        let (weight, picked) = (RwSignal::new(Weight::Run), RwSignal::new(None));
        Self { flow, finished, shown, other, all, step: state.step, weight, picked, id }
    }

    /// Returns the last step that is lit.
    pub(super) fn last_step(self) -> Option<usize> {
        let steps = self.shown.with(|shown| shown.as_ref().map_or(0, AnalysedRun::steps));
        self.step.get().or(steps.checked_sub(1)).filter(|step| *step < steps)
    }

    /// Returns the node of the drawn flow whose steps alone are listed.
    pub(super) fn picked(self) -> Option<usize> {
        let id = self.id.get();
        self.picked.with(|picked| picked.as_ref().filter(|(flow, _)| *flow == id).map(|(_, node)| *node))
    }

    /// Lists the steps of a node of the drawn flow alone, or those of all.
    pub(super) fn pick(self, node: Option<usize>) {
        self.picked.set(node.map(|node| (self.id.get_untracked(), node)));
    }
}
