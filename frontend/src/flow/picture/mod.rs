//! The flow's picture with the trace on it.

mod geometry;
mod marks;
mod node_options;
mod player;
mod save;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use ivr::{EdgeRoute, Layout, Point, Walk, layout};
use leptos::{html, prelude::*, svg::Svg};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use self::{
    geometry::{MARGIN, MEASURES, NODE_HEIGHT, NODE_WIDTH, corner, shortened, subtitle},
    marks::{Fixed, Mark, Marks, describe},
    node_options::NodeOptions,
    player::Player,
};
use super::{
    run::verdict_name,
    state::{FlowModel, FlowState},
    view::{FlowView, Weight},
};
use crate::{
    js::reason,
    ui::{Notice, edges},
};

/// Smallest scale of a picture that is fitted into its place; a larger one is scrolled.
const MIN_FIT_SCALE: f64 = 0.6;
/// Maximum number of nodes that are drawn unasked: each thousand takes the browser a second or two.
const MAX_DRAWN_NODES: usize = 600;
/// Factor of one step of zooming.
const ZOOM_STEP: f64 = 1.25;
/// Distance of one step of scrolling by keyboard.
const SCROLL_STEP_PX: i32 = 60;
/// Scales between which the picture is zoomed.
const ZOOM_RANGE: std::ops::RangeInclusive<f64> = 0.2..=4.0;

/// The picture, its player, and what can be done with it.
#[component]
pub(super) fn Picture() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    let picture = NodeRef::<Svg>::new();
    let zoom = RwSignal::new(None::<f64>);
    // The flow that is drawn although it is large.
    let drawn = RwSignal::new(String::new());
    let title = move || {
        let flow = view.flow.get();
        flow.map_or_else(|| "Flow".to_owned(), |known| known.flow().name.clone())
    };
    let fail = move |error: &wasm_bindgen::JsValue| {
        let notice =
            Notice { title: "The picture was not saved".into(), detail: reason(error), ..Notice::default() };
        let _ = state.notice.try_set(Some(notice));
    };
    let element = move || picture.get_untracked().map(Element::from);
    let name = move || untrack(|| state.drawn_flow());
    let change = move |by: f64| {
        let fitted = || element().and_then(|picture| scale(&picture)).unwrap_or(1.0);
        let now = zoom.get_untracked().unwrap_or_else(fitted);
        zoom.set(Some((now * by).clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end())));
    };
    let frame = NodeRef::<html::Div>::new();
    let keys = move |key: KeyboardEvent| {
        let scrolled = match (key.key().as_str(), key.shift_key()) {
            ("+" | "=", _) => return change(ZOOM_STEP),
            ("-", _) => return change(1.0 / ZOOM_STEP),
            ("0", _) => return zoom.set(None),
            ("ArrowLeft", true) => (-SCROLL_STEP_PX, 0),
            ("ArrowRight", true) => (SCROLL_STEP_PX, 0),
            ("ArrowUp", true) => (0, -SCROLL_STEP_PX),
            ("ArrowDown", true) => (0, SCROLL_STEP_PX),
            _ => return,
        };
        key.prevent_default();
        if let Some(frame) = frame.get_untracked() {
            frame.set_scroll_left(frame.scroll_left() + scrolled.0);
            frame.set_scroll_top(frame.scroll_top() + scrolled.1);
        }
    };
    let dragging = StoredValue::new(None::<(i32, i32)>);
    let drag = move |pointer: PointerEvent| {
        if let (Some((x, y)), Some(frame)) = (dragging.get_value(), frame.get_untracked()) {
            frame.set_scroll_left(frame.scroll_left() + x - pointer.client_x());
            frame.set_scroll_top(frame.scroll_top() + y - pointer.client_y());
            dragging.set_value(Some((pointer.client_x(), pointer.client_y())));
        }
    };
    view! {
        <section class="panel flow-picture" aria-label="Flow picture">
            <header>
                <h2>{title}</h2>
                <Verdict />
                <button type="button" aria-label="Zoom out" on:click=move |_| change(1.0 / ZOOM_STEP)>"−"</button>
                <button type="button" aria-label="Zoom in" on:click=move |_| change(ZOOM_STEP)>"+"</button>
                <button type="button" on:click=move |_| zoom.set(None)>"Fit"</button>
                <button type="button" on:click=move |_| {
                    if let Some(Err(error)) = element().map(|picture| save::svg(&picture, &name())) { fail(&error); }
                }>"Save SVG"</button>
                <button type="button" on:click=move |_| {
                    if let Some(picture) = element() {
                        spawn_local(async move {
                            if let Err(error) = save::png(&picture, &name()).await { fail(&error); }
                        });
                    }
                }>"Save PNG"</button>
            </header>
            <Player />
            <div class="scroll" node_ref=frame on:keydown=keys
                on:pointerdown=move |pointer: PointerEvent| {
                    if pointer.button() == 0 && pointer.pointer_type() == "mouse" {
                        dragging.set_value(Some((pointer.client_x(), pointer.client_y())));
                    }
                }
                on:pointermove=drag
                on:pointerup=move |_| dragging.set_value(None)
                on:pointerleave=move |_| dragging.set_value(None)>
                {move || view.flow.get().map(|known| {
                    let nodes = known.flow().nodes.len();
                    if nodes <= MAX_DRAWN_NODES || drawn.with(|drawn| *drawn == known.flow().flow_id) {
                        view! { <Drawing known picture zoom /> }.into_any()
                    } else {
                        view! {
                            <div class="empty">
                                <p>{format!("This flow has {nodes} nodes. Drawing so many keeps the page busy for a while.")}</p>
                                <button type="button" on:click=move |_| drawn.set(known.flow().flow_id.clone())>"Draw it all the same"</button>
                            </div>
                        }.into_any()
                    }
                })}
            </div>
            <Legend />
        </section>
    }
}

/// The shown run and its verdict, where the inspector is folded or on another screen.
#[component]
fn Verdict() -> impl IntoView {
    let view = expect_context::<FlowView>();
    let run =
        move || view.shown.with(|shown| shown.as_ref().map(|run| (run.record.number, run.judgement.clone())));
    move || {
        run().map(|(number, judgement)| {
            let name = verdict_name(judgement.verdict);
            let accuracy = judgement.accuracy.map(|share| format!(", {:.0} %", share * 100.0));
            view! { <p class="badge">{format!("Run {number} ")}<strong data-verdict=name>{name}</strong>{accuracy}</p> }
        })
    }
}

#[component]
fn Legend() -> impl IntoView {
    let view = expect_context::<FlowView>();
    view! {
        <div class="legend">
            <label class="switch">
                <input type="checkbox" role="switch" prop:checked=move || view.weight.get() == Weight::All
                    on:change=move |change| view.weight.set(if event_target_checked(&change) { Weight::All } else { Weight::Run }) />
                "Weigh by all runs of this flow"
            </label>
            <details>
                <summary>"Signs and keys"</summary>
                <p class="fine">
                    "Thick and ×n: visits. Dashed: not reached by any run. Dotted and struck out: no input reaches it. \
                     Second colour: the run that is laid over it."
                </p>
                <p class="fine" id="flow-keys">
                    "Keys in the picture: ↑ and ↓ follow edges, ← and → go from node to node, Home and End to the first and the last; \
                     Enter lists a node's steps alone, Escape all; + and − zoom, 0 fits, Shift with arrows scrolls."
                </p>
            </details>
        </div>
    }
}

/// Returns the scale at which the picture is seen.
fn scale(picture: &Element) -> Option<f64> {
    let area = picture.get_attribute("viewBox")?;
    let full: f64 = area.split(' ').nth(2)?.parse().ok()?;
    Some(picture.get_bounding_client_rect().width() / full).filter(|scale| *scale > 0.0)
}

#[component]
fn Drawing(known: FlowModel, picture: NodeRef<Svg>, zoom: RwSignal<Option<f64>>) -> impl IntoView {
    let view = expect_context::<FlowView>();
    let laid = layout(known.flow(), MEASURES);
    let walk = Walk::of(&laid);
    let Layout { nodes, edges, width, height } = laid;
    let fixed = Fixed::of(known.structure(), &edges);
    let marks = {
        let (fixed, edges) = (fixed.clone(), edges.clone());
        Memo::new(move |_| {
            let (shown, other) = (view.shown.get(), view.other.get());
            let all = view.all.get()?;
            let shown = shown.as_ref().zip(view.last_step());
            Some(Marks::of(&fixed, &edges, shown, other.as_ref(), &all, view.weight.get()))
        })
    };
    let words = {
        let known = known.clone();
        move || {
            let (shown, other) = (view.shown.get(), view.other.get());
            describe(known.flow(), known.structure(), shown.as_ref().zip(view.last_step()), other.as_ref())
        }
    };
    let full = width + 2.0 * MARGIN;
    let start = known.structure().edges().node(&known.flow().start);
    follow(marks, start, nodes.clone(), picture, full);
    let lines =
        edges.iter().enumerate().map(|(index, edge)| line(index, edge, &known, &fixed, &nodes, marks));
    let lines = lines.collect_view();
    let boxes = (0..nodes.len()).map(|index| node(index, &known, &fixed, nodes[index], marks)).collect_view();
    let area = Point { x: full, y: height + 2.0 * MARGIN };
    // As large as its place lets it be, in both directions, and no larger than it is.
    let fitted = format!("min(100cqw, {full:.0}px, 100cqh * {:.4})", area.x / area.y);
    let view_box = format!("{0} {0} {1:.0} {2:.0}", -MARGIN, area.x, area.y);
    view! {
        <div class="drawing"
            style:width=move || zoom.get().map_or_else(|| fitted.clone(), |zoom| format!("{:.0}px", full * zoom))
            style:min-width=move || zoom.get().map_or_else(|| format!("{:.0}px", full * MIN_FIT_SCALE), |_| "0".to_owned())>
        <svg node_ref=picture role="img" aria-label=words viewBox=view_box>
            <defs>
                <marker id="flow-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
                    markerUnits="userSpaceOnUse" orient="auto">
                    <path d="M0 0 L8 4 L0 8 z" />
                </marker>
            </defs>
            {lines}
            {boxes}
        </svg>
        <NodeOptions known walk cut=fixed.reachable.iter().map(|can| !can).collect() places=nodes area marks picture />
        </div>
    }
}

/// Scrolls the picture to the player's node; the page itself does not move.
fn follow(
    marks: Memo<Option<Marks>>,
    start: Option<usize>,
    places: Vec<Point>,
    picture: NodeRef<Svg>,
    full: f64,
) {
    let view = expect_context::<FlowView>();
    Effect::new(move |_| {
        let (current, parting) =
            marks.with(|marks| marks.as_ref().map_or((None, None), |all| (all.current, all.parting)));
        // The whole trace is seen from its beginning, two of them from where they part.
        let node = current.filter(|_| view.step.get().is_some()).or(parting).or(start);
        let place = node.and_then(|node| places.get(node).copied());
        if let Some((place, picture)) = place.zip(picture.get()) {
            edges::scroll_to(&picture, place, MARGIN, full);
        }
    });
}

/// Returns a line's width for so many visits.
fn thickness(base: f64, weight: u64) -> String {
    format!("{:.1}", base + (weight.min(8) as f64) * 0.6)
}

fn line(
    index: usize,
    edge: &EdgeRoute,
    known: &FlowModel,
    fixed: &Fixed,
    nodes: &[Point],
    marks: Memo<Option<Marks>>,
) -> impl IntoView + use<> {
    let (path, label) = edges::route(edge, nodes, &MEASURES);
    let mark = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().map_or_else(Mark::default, |all| all.edges[index]))
    });
    let structure = known.structure();
    let words = fixed.edges[index]
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
    let cut = !fixed.passable[index];
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
    index: usize,
    known: &FlowModel,
    fixed: &Fixed,
    place: Point,
    marks: Memo<Option<Marks>>,
) -> impl IntoView + use<> {
    let mark = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().map_or_else(Mark::default, |all| all.nodes[index]))
    });
    let current = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().is_some_and(|marks| marks.current == Some(index)))
    });
    let parting = Memo::new(move |_| {
        marks.with(|marks| marks.as_ref().is_some_and(|marks| marks.parting == Some(index)))
    });
    let of = &known.flow().nodes[index];
    let cut = !fixed.reachable[index];
    let below = if cut { "no input reaches it".to_owned() } else { subtitle(of) };
    let count = move || match mark.get().weight {
        0 | 1 => String::new(),
        visits => format!("×{visits}"),
    };
    view! {
        <g class="node" class:cut=cut
            class:lit=move || mark.get().is_lit()
            class:other=move || mark.get().is_other()
            class:missed=move || mark.get().missed
            class:current=move || current.get()
            transform=format!("translate({:.1} {:.1})", place.x - NODE_WIDTH / 2.0, place.y - NODE_HEIGHT / 2.0)>
            <rect width=NODE_WIDTH height=NODE_HEIGHT rx=corner(of) style:stroke-width=move || thickness(1.2, mark.get().weight) />
            <text class="name" x=NODE_WIDTH / 2.0 y="21">{shortened(of.name(), 21)}</text>
            <text class="type" x=NODE_WIDTH / 2.0 y="37">{below}</text>
            <text class="parting" x="4" y="-5">{move || parting.get().then_some("they part here")}</text>
            <text class="count" x=NODE_WIDTH - 4.0 y="-5">{count}</text>
        </g>
    }
}
