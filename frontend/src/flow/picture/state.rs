//! What of the flow is drawn, and which of its nodes somebody looks for.

use std::sync::Arc;

use leptos::prelude::*;

use super::{drawing::Plan, marks::Marks, viewport::Viewport};
use crate::flow::{state::FlowModel, view::FlowView};

/// State that the parts of the picture share.
#[derive(Clone, Copy)]
pub(super) struct PictureState {
    pub(super) viewport: Viewport,
    /// The node that the keyboard is at.
    pub(super) active: RwSignal<usize>,
    /// The drawing; none before a flow is known.
    pub(super) plan: Memo<Option<Arc<Plan>>>,
    /// The marks that runs left in it.
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
    pub(super) complete: RwSignal<bool>,
}

impl PictureState {
    /// Begins with all of `flow`.
    pub(super) fn new(view: FlowView, flow: Memo<Option<FlowModel>>) -> Self {
        let wanted = RwSignal::new(String::new());
        let found = Memo::new(move |_| {
            let wanted = wanted.with(|wanted| wanted.trim().to_lowercase());
            view.flow.with(|known| {
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
        let marks = Memo::new(move |_| {
            let (shown, other) = (view.shown.get(), view.other.get());
            let (plan, all) = (plan.get()?, view.all.get()?);
            let shown = shown.as_ref().zip(view.last_step());
            Some(Marks::of(&plan.fixed, &plan.layout.edges, shown, other.as_ref(), &all, view.weight.get()))
        });
        let this = Self {
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
        // Another flow is begun at its start.
        Effect::new(move |_| {
            let start = flow.with(|known| known.as_ref().and_then(start)).unwrap_or(0);
            this.viewport.fit();
            this.active.set(start);
            this.centre.set(start);
        });
        this
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

/// Returns the node at which calls begin.
pub(super) fn start(known: &FlowModel) -> Option<usize> {
    known.structure().edges().node(&known.flow().start)
}
