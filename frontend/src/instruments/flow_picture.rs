//! The flow, with the place where the call is.

use std::sync::Arc;

use gloo_timers::callback::Interval;
use ivr::{
    FlowDefinition, Layout, Measures,
    graph::{Node, Segment},
    layout,
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::news;
use crate::{
    call::place::{Place, Waiting},
    clock,
    js::field,
    ui::{
        edges,
        nodes::{corner, shortened, subtitle},
    },
};

const NODE_WIDTH: f64 = 148.0;
const NODE_HEIGHT: f64 = 46.0;
const MEASURES: Measures =
    Measures { node_width: NODE_WIDTH, node_height: NODE_HEIGHT, gap: 26.0, layer_gap: 52.0 };
const MARGIN: f64 = 14.0;
/// Smallest scale of a picture; one that needs more room is scrolled.
const MIN_SCALE: f64 = 0.85;
/// Interval at which the countdown is drawn.
const COUNTDOWN_INTERVAL_MS: u32 = 100;

/// Shows the countdown to the timeout, the picture, and the current prompt's words. `handle` is the frame's, of which this
/// reads `flow`, the definition's text, and `place`; the events `flow` and `place` tell of news.
#[component]
pub(crate) fn FlowPicture(handle: JsValue) -> impl IntoView {
    let (flows, places) = (news(&handle, "flow"), news(&handle, "place"));
    let handle = StoredValue::new_local(handle);
    let flow = Memo::new(move |_| {
        flows.get();
        let text = handle.with_value(|handle| field(handle, "flow").as_string())?;
        serde_json::from_str::<FlowDefinition>(&text).ok().map(Arc::new)
    });
    let place = Memo::new(move |_| {
        places.get();
        handle.with_value(|handle| Place::read(&field(handle, "place")))
    });
    let spoken = move || {
        let flow = flow.get()?;
        spoken(flow.nodes.get(place.with(Place::index)?)?)
    };
    view! {
        <Countdown place />
        <div class="scroll" tabindex="0" role="group" aria-label="Flow picture">
            {move || flow.get().map(|flow| view! { <Drawing flow place /> })}
        </div>
        <p class="prompt" tabindex="0">{spoken}</p>
    }
}

fn spoken(node: &Node) -> Option<String> {
    let prompt = node.prompt.as_ref()?;
    let words: Vec<String> = prompt.segments.iter().map(Segment::text).collect();
    Some(format!("“{}”{}", words.join(" "), if prompt.barge_in { "" } else { " (cannot be cut short)" }))
}

#[component]
fn Drawing(flow: Arc<FlowDefinition>, place: Memo<Place>) -> impl IntoView {
    let Layout { nodes, heights, edges, width, height } = layout(&flow, MEASURES);
    let picture = NodeRef::<leptos::svg::Svg>::new();
    let (places, count) = (nodes.clone(), nodes.len());
    // The place may be told before the flow that it is in.
    let current = Memo::new(move |_| place.with(Place::index).filter(|node| *node < count));
    let visited = Memo::new(move |_| {
        place.with(|place| place.visited.iter().map(|&node| node as usize).collect::<Vec<_>>())
    });
    let described = {
        let flow = Arc::clone(&flow);
        move || {
            let place = current.get().map_or_else(
                || "No call is in it.".to_owned(),
                |node| format!("The call is at {}.", flow.nodes[node].name()),
            );
            format!("Flow {} with {count} nodes. {place}", flow.name)
        }
    };
    let view_box = format!("{0} {0} {1:.0} {2:.0}", -MARGIN, width + 2.0 * MARGIN, height + 2.0 * MARGIN);
    let drawn_edges = edges
        .iter()
        .map(|edge| {
            let (line, label) = edges::route(edge, &nodes, &heights, &MEASURES);
            let (from, to) = (edge.from, edge.to);
            let taken = move || visited.with(|visited| visited.windows(2).any(|pair| pair == [from, to]));
            view! {
                <g class="edge" class:taken=taken>
                    <path d=line marker-end="url(#arrow)" />
                    <text x=label.x y=label.y>{edge.label.clone()}</text>
                </g>
            }
        })
        .collect_view();
    let drawn_nodes = flow
        .nodes
        .iter()
        .zip(&nodes)
        .enumerate()
        .map(|(index, (node, place))| {
            view! {
                <g
                    class=format!("node {}", node.type_name())
                    class:current=move || current.get() == Some(index)
                    class:visited=move || visited.with(|visited| visited.contains(&index))
                    transform=format!("translate({:.1} {:.1})", place.x - NODE_WIDTH / 2.0, place.y - NODE_HEIGHT / 2.0)
                >
                    <rect width=NODE_WIDTH height=NODE_HEIGHT rx=corner(node) />
                    <text class="name" x=NODE_WIDTH / 2.0 y="20">{shortened(node.name(), 20)}</text>
                    <text class="type" x=NODE_WIDTH / 2.0 y="36">{subtitle(node)}</text>
                </g>
            }
        })
        .collect_view();
    let full = width + 2.0 * MARGIN;
    // Only the picture's own frame is scrolled: the page must not move under whoever presses keys.
    Effect::new(move |_| {
        let place = current.get().map(|node| places[node]);
        if let Some((place, picture)) = place.zip(picture.get()) {
            edges::scroll_to(&picture, place, MARGIN, full);
        }
    });
    view! {
        <svg node_ref=picture role="img" aria-label=described viewBox=view_box
            style=("--ratio", format!("{:.3}", full / (height + 2.0 * MARGIN)))
            style:min-width=format!("{:.0}px", full * MIN_SCALE)
            style:max-width=format!("{full:.0}px")>
            <defs>
                <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                    <path d="M0 0 L8 4 L0 8 z" />
                </marker>
            </defs>
            {drawn_edges}
            {drawn_nodes}
        </svg>
    }
}

/// Shows the time until the menu machine stops waiting for a digit.
#[component]
fn Countdown(place: Memo<Place>) -> impl IntoView {
    let waiting = Memo::new(move |_| place.with(|place| place.waiting));
    let speaking = Memo::new(move |_| place.with(|place| place.is_speaking));
    let left = RwSignal::new(None::<(f64, f64)>);
    let ticking = StoredValue::new_local(None::<Interval>);
    Effect::new(move |_| {
        let tick = waiting.get().map(|Waiting { since, until }| {
            let whole = (until - since).as_secs_f64();
            let show = move || left.set(Some(((until - clock::now()).as_secs_f64(), whole)));
            show();
            Interval::new(COUNTDOWN_INTERVAL_MS, show)
        });
        if tick.is_none() {
            left.set(None);
        }
        ticking.set_value(tick);
    });
    view! {
        <p class="countdown" data-waiting=move || left.get().is_some().to_string()>
            {move || match left.get() {
                Some((seconds, whole)) => view! {
                    <progress aria-label="Time to the timeout" max=whole value=seconds></progress>
                    <span>{format!("timeout in {seconds:.1} s")}</span>
                }.into_any(),
                None if speaking.get() => view! { <span>"prompt playing"</span> }.into_any(),
                None => view! { <span></span> }.into_any(),
            }}
        </p>
    }
}
