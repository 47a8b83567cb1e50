//! The nodes and edges. Of a large flow those are drawn that are seen, and of one that is seen from afar its outline.

use std::{fmt::Write as _, sync::Arc};

use ivr::{EdgeEnd, EdgeRoute, Layout, Part, Point, Walk};
use leptos::{
    prelude::*,
    task::{spawn_local, tick},
};

use super::{
    edges,
    geometry::{MARGIN, MEASURES, NODE_WIDTH, NodeText, edge_box, laid_out, meet, node_box},
    marks::{Fixed, Mark, Marks},
    model::FlowModel,
    node_options::NodeOptions,
    nodes::{TARGET_CHARS, corner, subtitle},
    state::PictureState,
};

/// Maximum number of nodes that are all drawn, seen or not.
const MAX_ALL_DRAWN: usize = 120;
/// Scale below which a large flow is an outline.
const MIN_DETAIL_SCALE: f64 = 0.3;
/// Side of the squares in which what is seen of a large flow is counted, in the picture's units.
const CELL: f64 = 400.0;

/// The part of a picture that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// All of it, seen or not.
    All,
    /// Its outline.
    Afar,
    /// The nodes and edges in these squares: from the first two numbers to the last two, across and down.
    Squares([i32; 4]),
}

/// The parts of a drawing that never change in it.
pub(crate) struct Plan {
    pub(super) known: FlowModel,
    pub(super) part: Part,
    pub(crate) layout: Layout,
    pub(crate) fixed: Fixed,
}

impl Plan {
    /// Lays out the nodes within so many levels of `centre`, or all of them.
    pub(super) fn new(known: FlowModel, centre: usize, levels: Option<usize>) -> Self {
        let (part, layout) = laid_out(known.flow(), centre, levels);
        let fixed = Fixed::of(known.structure(), &layout.edges);
        Self { known, part, layout, fixed }
    }

    /// Returns the picture's size, its margins included.
    pub(super) fn area(&self) -> Point {
        Point { x: self.layout.width + 2.0 * MARGIN, y: self.layout.height + 2.0 * MARGIN }
    }

    /// Returns the `viewBox` of a picture of all of it.
    pub(super) fn view_box(&self) -> String {
        let area = self.area();
        format!("{0} {0} {1:.0} {2:.0}", -MARGIN, area.x, area.y)
    }

    /// Returns the boxes of the nodes for which `wanted` is true, as a path.
    pub(super) fn outline(&self, wanted: impl Fn(usize) -> bool) -> String {
        let mut path = String::new();
        for node in (0..self.part.drawn.len()).filter(|&node| self.part.drawn[node] && wanted(node)) {
            let (from, to) = node_box(&self.layout, node);
            write!(path, "M{:.0} {:.0}H{:.0}V{:.0}H{:.0}z", from.x, from.y, to.x, to.y, from.x)
                .expect("a string takes any text");
        }
        path
    }

    /// Returns the lines of the edges for which `wanted` is true, as a path.
    pub(super) fn lines(&self, wanted: impl Fn(usize) -> bool) -> String {
        let Layout { nodes, heights, edges, .. } = &self.layout;
        let drawn = |(index, edge): &(usize, &EdgeRoute)| edge.end == EdgeEnd::Drawn && wanted(*index);
        edges
            .iter()
            .enumerate()
            .filter(drawn)
            .map(|(_, edge)| edges::route(edge, nodes, heights, &MEASURES).0)
            .collect()
    }

    /// Returns the nodes and the edges that are in a box, or all.
    fn within(&self, seen: Option<(Point, Point)>) -> (Vec<usize>, Vec<usize>) {
        let is_seen = |corners: (Point, Point)| seen.is_none_or(|seen| meet(corners, seen));
        let nodes = (0..self.part.drawn.len())
            .filter(|&node| self.part.drawn[node] && is_seen(node_box(&self.layout, node)));
        let edges = self.layout.edges.iter().enumerate();
        let edges = edges
            .filter(|(_, edge)| edge.end == EdgeEnd::Drawn && is_seen(edge_box(&self.layout, edge)))
            .map(|(index, _)| index);
        (nodes.collect(), edges.collect())
    }
}

/// The picture of a flow, or of the part of it that is around a node.
#[component]
pub(super) fn Drawing(picture: PictureState, plan: Arc<Plan>, marks: Memo<Option<Marks>>) -> impl IntoView {
    let PictureState { shown, viewport, complete, .. } = picture;
    let area = plan.area();
    let is_large = plan.part.len() > MAX_ALL_DRAWN;
    let sight = Memo::new(move |_| {
        if !is_large || complete.get() {
            return Sight::All;
        }
        match viewport.seen.get().filter(|seen| seen.scale >= MIN_DETAIL_SCALE) {
            None => Sight::Afar,
            Some(seen) => {
                let (down, up) = (|at: f64| (at / CELL).floor() as i32, |at: f64| (at / CELL).ceil() as i32);
                Sight::Squares([down(seen.from.x), down(seen.from.y), up(seen.to.x), up(seen.to.y)])
            }
        }
    });
    let rendered = {
        let plan = Arc::clone(&plan);
        Memo::new(move |_| match sight.get() {
            Sight::All => plan.within(None),
            Sight::Afar => (Vec::new(), Vec::new()),
            Sight::Squares([left, top, right, bottom]) => {
                let point = |x: i32, y: i32| Point { x: f64::from(x) * CELL, y: f64::from(y) * CELL };
                plan.within(Some((point(left, top), point(right, bottom))))
            }
        })
    };
    let nodes = Memo::new(move |_| rendered.with(|(nodes, _)| nodes.clone()));
    let full = area.x;
    // As large as its place lets it be, in both directions, and no larger than it is.
    let fitted = format!("min(100cqw, {full:.0}px, 100cqh * {:.4})", area.x / area.y);
    let width =
        move || viewport.zoom.get().map_or_else(|| fitted.clone(), |zoom| format!("{:.0}px", full * zoom));
    let outline = is_large.then(|| view! { <Outline plan=Arc::clone(&plan) marks sight /> });
    let (of_edge, of_node) = (Arc::clone(&plan), Arc::clone(&plan));
    let walk = Walk::of(&plan.layout, &plan.part);
    // The whole picture at first, unless names were too small in it.
    spawn_local(async move {
        tick().await;
        if viewport.zoom.try_get_untracked() == Some(None) {
            viewport.make_readable();
        }
    });
    view! {
        <div class="drawing" style:width=width>
            <svg node_ref=viewport.picture role="img" aria-label=move || shown.words.get() viewBox=plan.view_box()>
                <defs>
                    <marker id="flow-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
                        markerUnits="userSpaceOnUse" orient="auto">
                        <path d="M0 0 L8 4 L0 8 z" />
                    </marker>
                </defs>
                {outline}
                <For each=move || rendered.with(|(_, edges)| edges.clone()) key=|edge| *edge
                    children=move |edge| line(edge, &of_edge, marks) />
                <For each=move || nodes.get() key=|node| *node children=move |index| node(picture, index, &of_node, marks) />
            </svg>
            <NodeOptions picture plan walk nodes marks />
        </div>
    }
}

/// A large flow from afar: its boxes and lines without a word, and the trace.
#[component]
fn Outline(plan: Arc<Plan>, marks: Memo<Option<Marks>>, sight: Memo<Sight>) -> impl IntoView {
    let is_afar = Memo::new(move |_| sight.get() == Sight::Afar);
    move || {
        is_afar.get().then(|| {
            let plan = Arc::clone(&plan);
            let lit = Arc::clone(&plan);
            let is_lit = move |node: usize| {
                marks.with(|marks| marks.as_ref().is_some_and(|all| all.node(node).is_lit()))
            };
            let taken = move |edge: usize| {
                marks.with(|marks| marks.as_ref().is_some_and(|all| all.edge(edge).is_lit()))
            };
            let lines = Arc::clone(&plan);
            view! {
                <g class="outline">
                    <path class="lines" d=plan.lines(|_| true) />
                    <path class="lines lit" d=move || lines.lines(taken) />
                    <path class="boxes" d=plan.outline(|_| true) />
                    <path class="boxes lit" d=move || lit.outline(is_lit) />
                </g>
            }
        })
    }
}

/// Returns a line's width for so many visits.
fn thickness(base: f64, weight: u64) -> String {
    format!("{:.1}", base + (weight.min(8) as f64) * 0.6)
}

fn line(index: usize, plan: &Plan, marks: Memo<Option<Marks>>) -> impl IntoView + use<> {
    let Layout { nodes, heights, edges, .. } = &plan.layout;
    let edge = &edges[index];
    let (path, label) = edges::route(edge, nodes, heights, &MEASURES);
    let mark = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().map_or_else(Mark::default, |all| all.edge(index)))
    });
    let structure = plan.known.structure();
    let words = plan.fixed.edges[index]
        .iter()
        .enumerate()
        .map(|(place, &branch)| {
            let cut = !structure.reach.by_caller[branch];
            let from = &structure.flow().nodes[edge.from].id;
            let text = structure.describe(branch).strip_prefix(&format!("{from}: ")).map(str::to_owned);
            let joint = (place > 0).then_some(" · ");
            view! { {joint}<tspan class:cut=cut>{text}</tspan> }
        })
        .collect_view();
    let cut = !plan.fixed.passable[index];
    view! {
        <g class="edge" class:cut=cut
            class:lit=move || mark.get().is_lit()
            class:other=move || mark.get().is_other()
            class:missed=move || mark.get().missed>
            <path d=path marker-end="url(#flow-arrow)" style:stroke-width=move || thickness(1.2, mark.get().weight) />
            <text x=label.x y=label.y>{words}</text>
        </g>
    }
}

fn node(
    picture: PictureState,
    index: usize,
    plan: &Plan,
    marks: Memo<Option<Marks>>,
) -> impl IntoView + use<> {
    let mark = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().map_or_else(Mark::default, |all| all.node(index)))
    });
    let current = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().is_some_and(|marks| marks.current == Some(index)))
    });
    let parting = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().is_some_and(|marks| marks.parting == Some(index)))
    });
    let found = move || picture.found.with(|found| found.contains(&index));
    let flow = plan.known.flow();
    let of = &flow.nodes[index];
    let cut = !plan.fixed.reachable[index];
    let below = if cut { "no input reaches it".to_owned() } else { subtitle(of, TARGET_CHARS) };
    let count = move || match mark.get().weight {
        0 | 1 => String::new(),
        visits => format!("×{visits}"),
    };
    let edges = plan.layout.edges.iter().enumerate();
    let leaving: Vec<(usize, &EdgeRoute)> =
        edges.filter(|(_, edge)| edge.from == index && edge.end != EdgeEnd::Drawn).collect();
    let routes: Vec<&EdgeRoute> = leaving.iter().map(|(_, edge)| *edge).collect();
    let text = NodeText::new(flow, of, below, &routes);
    let middle = NODE_WIDTH / 2.0;
    let names = text
        .name
        .into_iter()
        .map(|line| view! { <tspan x=middle y=line.y>{line.text}</tspan> })
        .collect_view();
    let exits = text.edges.into_iter().zip(leaving).map(|(lines, (edge, _))| {
        let mark = Memo::new(move |_| {
            marks.with(|marks| marks.as_ref().map_or_else(Mark::default, |all| all.edge(edge)))
        });
        let lines = lines
            .into_iter()
            .map(|line| view! { <tspan x=middle y=line.y>{line.text}</tspan> })
            .collect_view();
        view! {
            <text class="exit" class:cut=!plan.fixed.passable[edge]
                class:lit=move || mark.get().is_lit() class:other=move || mark.get().is_other()>{lines}</text>
        }
    });
    let exits = exits.collect_view();
    let (corners, height) = (node_box(&plan.layout, index).0, plan.layout.heights[index]);
    view! {
        <g class="node" class:cut=cut
            class:lit=move || mark.get().is_lit()
            class:other=move || mark.get().is_other()
            class:missed=move || mark.get().missed
            class:current=move || current.get()
            class:found=found
            transform=format!("translate({:.1} {:.1})", corners.x, corners.y)>
            <rect width=NODE_WIDTH height=height rx=corner(of) style:stroke-width=move || thickness(1.2, mark.get().weight) />
            <text class="name">{names}</text>
            <text class="type" x=middle y=text.kind.y>{text.kind.text}</text>
            {exits}
            <text class="parting" x="4" y="-5">{move || parting.get().then_some("they part here")}</text>
            <text class="count" x=NODE_WIDTH - 4.0 y="-5">{count}</text>
        </g>
    }
}
