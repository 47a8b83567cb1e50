//! What of the flow is drawn, and which of its nodes somebody looks for.

use std::sync::Arc;

use leptos::prelude::*;

use super::{
    drawing::Plan,
    marks::{Mark, Marks},
    model::FlowModel,
    viewport::Viewport,
};

/// The things that a panel shows on a flow's picture, and what it does with a node that is chosen there.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// The flow that is drawn.
    pub(crate) flow: Memo<Option<FlowModel>>,
    /// Returns the marks on a drawing.
    pub(crate) marks: Callback<Arc<Plan>, Option<Marks>>,
    /// The picture in words.
    pub(crate) words: Signal<String>,
    /// Returns what a node's marks say, in words; true where it is the current one.
    pub(crate) notes: Callback<(Mark, bool), Vec<String>>,
    /// The node that is looked at: the player's, or the call's. It is brought into the frame's middle.
    pub(crate) current: Signal<Option<usize>>,
    /// The node that is chosen.
    pub(crate) picked: Signal<Option<usize>>,
    pub(crate) pick: Callback<Option<usize>>,
    /// Returns the number of levels that are drawn at first of a flow with so many nodes; none where all of it is.
    pub(crate) first_levels: fn(usize) -> Option<usize>,
}

/// State that the parts of the picture share.
#[derive(Clone, Copy)]
pub(crate) struct PictureState {
    pub(super) shown: Shown,
    pub(crate) viewport: Viewport,
    /// The node that the keyboard is at.
    pub(super) active: RwSignal<usize>,
    /// The drawing; none before a flow is known.
    pub(super) plan: Memo<Option<Arc<Plan>>>,
    /// The marks in it.
    pub(super) marks: Memo<Option<Marks>>,
    /// Number of levels that are drawn around a node; none where the whole flow is.
    pub(super) levels: RwSignal<Option<usize>>,
    /// The node around which they are drawn.
    pub(super) centre: RwSignal<usize>,
    /// Text that is looked for in the nodes' names.
    pub(super) wanted: RwSignal<String>,
    /// The nodes whose names have it.
    pub(super) found: Memo<Vec<usize>>,
    /// A node that is to be brought into the frame's middle.
    pub(super) target: RwSignal<Option<usize>>,
    /// True while all is drawn, seen or not, because the picture is saved.
    pub(crate) complete: RwSignal<bool>,
}

impl PictureState {
    /// Begins each flow at its start.
    pub(crate) fn new(shown: Shown) -> Self {
        let flow = shown.flow;
        let wanted = RwSignal::new(String::new());
        let found = Memo::new(move |_| {
            let wanted = wanted.with(|wanted| wanted.trim().to_lowercase());
            flow.with(|known| {
                known
                    .as_ref()
                    .filter(|_| !wanted.is_empty())
                    .map_or_else(Vec::new, |known| having(known, &wanted))
            })
        });
        let (levels, centre) = (RwSignal::new(None), RwSignal::new(0));
        let plan = Memo::new_with_compare(
            move |_| {
                let levels = levels.get();
                let centre = if levels.is_some() { centre.get() } else { 0 };
                flow.get().map(|known| Arc::new(Plan::new(known, centre, levels)))
            },
            // Plans cannot be compared.
            |_, _| true,
        );
        let marks = Memo::new(move |_| shown.marks.run(plan.get()?));
        let this = Self {
            shown,
            viewport: Viewport::new(),
            active: RwSignal::new(0),
            plan,
            marks,
            levels,
            centre,
            wanted,
            found,
            target: RwSignal::new(None),
            complete: RwSignal::new(false),
        };
        Effect::new(move |_| {
            let start = flow.with(|known| known.as_ref().and_then(FlowModel::start)).unwrap_or(0);
            let nodes = flow.with(|known| known.as_ref().map_or(0, |known| known.flow().nodes.len()));
            this.levels.set((shown.first_levels)(nodes));
            this.viewport.fit();
            this.active.set(start);
            this.centre.set(start);
        });
        this.follow();
        this
    }

    /// Brings into the frame's middle what is looked at: the current node, or where two runs part, or else the start.
    fn follow(self) {
        let parting = Memo::new(move |_| self.marks.with(|marks| marks.as_ref()?.parting));
        Effect::new(move |_| {
            let start = self.shown.flow.with(|known| known.as_ref().and_then(FlowModel::start));
            let Some(node) = self.shown.current.get().or(parting.get()).or(start) else { return };
            if self.levels.get_untracked().is_some() && self.centre.get_untracked() != node {
                self.centre.set(node);
            }
            self.target.set(Some(node));
        });
        Effect::new(move |_| {
            let Some(node) = self.target.get() else { return };
            self.plan.with(|plan| {
                if let Some(plan) = plan
                    && plan.part.drawn.get(node) == Some(&true)
                {
                    self.viewport.centre(plan.layout.nodes[node]);
                }
            });
        });
    }

    /// Draws so many levels around what is looked at, or around the node that the keyboard is at; or all.
    pub(super) fn draw_levels(self, levels: Option<usize>) {
        let node = self.shown.current.get_untracked().unwrap_or_else(|| self.active.get_untracked());
        self.centre.set(node);
        self.levels.set(levels);
        self.viewport.fit();
        self.target.set(Some(node));
    }

    /// Brings a node into the frame's middle, with what is around it where only that is drawn.
    pub(super) fn go_to(self, node: usize) {
        self.active.set(node);
        if self.levels.get_untracked().is_some() {
            self.centre.set(node);
        }
        self.viewport.make_readable();
        self.target.set(Some(node));
    }

    /// Goes to the next of the nodes that were found, or the one before.
    pub(super) fn go_to_found(self, backwards: bool) {
        let (at, found) = (self.active.get_untracked(), self.found.get_untracked());
        let next = if backwards {
            found.iter().rev().find(|node| **node < at).or(found.last())
        } else {
            found.iter().find(|node| **node > at).or(found.first())
        };
        if let Some(&node) = next {
            self.go_to(node);
        }
    }
}

fn having(known: &FlowModel, wanted: &str) -> Vec<usize> {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    let nodes = known.flow().nodes.iter().enumerate();
    nodes.filter(|(_, node)| has(node.name()) || has(&node.id)).map(|(index, _)| index).collect()
}
