//! What is looked at: the shown run on its flow, another laid over it, and all runs of the flow together.

use std::sync::Arc;

use leptos::prelude::*;
use shared::{
    flow::{
        Expectation, Judgement,
        analysis::{Coverage, RunAnalysis, analyse},
    },
    wire::SimulationResult,
};

use super::{
    desk::{Desk, Known},
    run::{Record, Run, RunId},
};

/// A run that is over, analysed.
#[derive(Clone, Debug)]
pub(super) struct Looked(Arc<Inner>);

/// The parts of a [`Looked`].
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) id: RunId,
    pub(super) record: Record,
    pub(super) result: SimulationResult,
    pub(super) expectation: Expectation,
    pub(super) judgement: Judgement,
    pub(super) analysis: RunAnalysis,
}

impl std::ops::Deref for Looked {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl PartialEq for Looked {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Looked {
    /// A run of this flow, if it has a result.
    pub(super) fn at(known: &Known, run: &Run) -> Option<Self> {
        let record = run.record.get();
        let result = record.result.clone().filter(|_| record.outcome.is_some())?;
        Some(Self(Arc::new(Inner {
            id: run.id,
            expectation: record.draft.expectation.parse().unwrap_or_default(),
            judgement: record.judgement()?,
            analysis: analyse(known.structure(), &result),
            record,
            result,
        })))
    }

    /// How many steps its trace has.
    pub(super) fn steps(&self) -> usize {
        self.result.execution_path.len()
    }
}

/// What a weight in the picture counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Weight {
    /// The shown run.
    #[default]
    Run,
    /// All runs of the flow.
    All,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Sight {
    /// The flow that is drawn.
    pub(super) flow: Memo<Option<Known>>,
    /// The shown run.
    pub(super) shown: Memo<Option<Looked>>,
    /// The run that is laid over it.
    pub(super) other: Memo<Option<Looked>>,
    /// Over all runs of the flow.
    pub(super) all: Memo<Option<Coverage>>,
    /// See [`Desk::step`].
    pub(super) step: RwSignal<Option<usize>>,
    pub(super) weight: RwSignal<Weight>,
    /// The node whose steps alone are listed, with its flow.
    picked: RwSignal<Option<(String, usize)>>,
    id: Memo<String>,
}

impl Sight {
    pub(super) fn new(desk: Desk) -> Self {
        let id = Memo::new(move |_| desk.drawn_flow());
        let flow = Memo::new(move |_| desk.flow(&id.get())?.ok());
        let shown = Memo::new(move |_| Looked::at(&flow.get()?, &desk.shown()?));
        let other = Memo::new(move |_| {
            let run = desk
                .overlaid()
                .filter(|run| run.record.with(|record| record.draft.flow_id.trim() == id.get()))?;
            Looked::at(&flow.get()?, &run)
        });
        let all = Memo::new(move |_| {
            let known = flow.get()?;
            let mut all = Coverage::none(known.structure());
            for run in desk.runs.get() {
                run.record.with(|record| {
                    if let Some(result) =
                        record.result.as_ref().filter(|_| record.draft.flow_id.trim() == id.get())
                    {
                        all.add(&Coverage::of(known.structure(), result));
                    }
                });
            }
            Some(all)
        });
        let (weight, picked) = (RwSignal::new(Weight::Run), RwSignal::new(None));
        Self { flow, shown, other, all, step: desk.step, weight, picked, id }
    }

    /// The last step that is lit.
    pub(super) fn last_step(self) -> Option<usize> {
        let steps = self.shown.with(|shown| shown.as_ref().map_or(0, Looked::steps));
        self.step.get().or(steps.checked_sub(1)).filter(|step| *step < steps)
    }

    /// The node of the drawn flow whose steps alone are listed.
    pub(super) fn picked(self) -> Option<usize> {
        let id = self.id.get();
        self.picked.with(|picked| picked.as_ref().filter(|(flow, _)| *flow == id).map(|(_, node)| *node))
    }

    /// Lists the steps of a node of the drawn flow alone, or those of all.
    pub(super) fn pick(self, node: Option<usize>) {
        self.picked.set(node.map(|node| (self.id.get_untracked(), node)));
    }
}
