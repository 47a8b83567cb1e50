//! The flow, with the place where the call is.

use std::sync::Arc;

use gloo_timers::callback::Interval;
use ivr::{
    CompiledFlow, Layout, Measures,
    graph::{NodeKind, Segment},
    layout,
};
use leptos::prelude::*;

use super::{CallContext, store::Waiting};
use crate::{clock, ui::edges};

const NODE_WIDTH: f64 = 148.0;
const NODE_HEIGHT: f64 = 46.0;
const MEASURES: Measures =
    Measures { node_width: NODE_WIDTH, node_height: NODE_HEIGHT, gap: 26.0, layer_gap: 52.0 };
const MARGIN: f64 = 14.0;
/// Smallest scale of a picture; one that needs more room is scrolled.
const MIN_SCALE: f64 = 0.85;
/// Interval at which the countdown is drawn.
const COUNTDOWN_INTERVAL_MS: u32 = 100;

/// Shows the picture, the current prompt's words, and the countdown to the timeout.
#[component]
pub(super) fn FlowPicture() -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    view! {
        <section class="panel picture" aria-labelledby="flow-title">
            <header>
                <h2 id="flow-title">{move || store.flow.get().map_or_else(|| "Flow".to_owned(), |flow| flow.definition().name.clone())}</h2>
                <Countdown />
            </header>
            <div class="scroll" tabindex="0" role="group" aria-label="Flow picture">
                {move || store.flow.get().map(|flow| view! { <Drawing flow /> })}
            </div>
            <p class="prompt" tabindex="0">{move || spoken(store.flow.get()?.as_ref(), store.place()?)}</p>
        </section>
    }
}

fn spoken(flow: &CompiledFlow, node: ivr::NodeIx) -> Option<String> {
    let prompt = flow.node(node).prompt.as_ref()?;
    let words: Vec<String> = prompt.segments.iter().map(Segment::text).collect();
    Some(format!("“{}”{}", words.join(" "), if prompt.barge_in { "" } else { " (cannot be cut short)" }))
}

#[component]
fn Drawing(flow: Arc<CompiledFlow>) -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    let Layout { nodes, heights, edges, width, height } = layout(flow.definition(), MEASURES);
    let picture = NodeRef::<leptos::svg::Svg>::new();
    let places = nodes.clone();
    let current = Memo::new(move |_| store.place().map(ivr::NodeIx::index));
    let visited = Memo::new(move |_| store.visited.get().iter().map(|node| node.index()).collect::<Vec<_>>());
    let described = {
        let flow = Arc::clone(&flow);
        move || {
            let count = flow.definition().nodes.len();
            let place = current.get().map_or_else(
                || "No call is in it.".to_owned(),
                |node| format!("The call is at {}.", flow.definition().nodes[node].name()),
            );
            format!("Flow {} with {count} nodes. {place}", flow.definition().name)
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
        .definition()
        .nodes
        .iter()
        .zip(&nodes)
        .enumerate()
        .map(|(index, (node, place))| {
            view! {
                <g
                    class=format!("node {}", kind(&node.kind))
                    class:current=move || current.get() == Some(index)
                    class:visited=move || visited.with(|visited| visited.contains(&index))
                    transform=format!("translate({:.1} {:.1})", place.x - NODE_WIDTH / 2.0, place.y - NODE_HEIGHT / 2.0)
                >
                    <rect width=NODE_WIDTH height=NODE_HEIGHT rx=corner(&node.kind) />
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

const fn kind(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Prompt => "prompt",
        NodeKind::Menu(_) => "menu",
        NodeKind::Collect { .. } => "collect",
        NodeKind::Decision { .. } => "decision",
        NodeKind::Transfer { .. } => "transfer",
        NodeKind::Hangup => "hangup",
    }
}

const fn corner(kind: &NodeKind) -> &'static str {
    if matches!(kind, NodeKind::Transfer { .. } | NodeKind::Hangup) { "23" } else { "7" }
}

fn subtitle(node: &ivr::graph::Node) -> String {
    match &node.kind {
        NodeKind::Collect { min_digits, max_digits, .. } => {
            format!("collect {min_digits}–{max_digits} digits")
        }
        NodeKind::Decision { variable } => format!("decision on {variable}"),
        NodeKind::Transfer { target } => format!("transfer to {}", shortened(target, 12)),
        NodeKind::Prompt | NodeKind::Menu(_) | NodeKind::Hangup => kind(&node.kind).to_owned(),
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Shows the time until the menu machine stops waiting for a digit.
#[component]
fn Countdown() -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    let waiting = Memo::new(move |_| {
        store.position.with(|position| position.as_ref().filter(|at| !at.ended).and_then(|at| at.waiting))
    });
    let speaking =
        Memo::new(move |_| store.position.with(|position| position.as_ref().is_some_and(|at| at.speaking)));
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use std::time::Duration;

    use super::*;
    use crate::{
        call::testing::{digit, follow, mount_in_call},
        testing::{Page, until},
    };
    use wire::cxone::CallState;

    fn picture() -> (Page, CallContext) {
        mount_in_call(|| view! { <FlowPicture /> })
    }

    #[wasm_bindgen_test]
    async fn the_picture_says_where_the_call_is_and_marks_its_way() {
        let (page, context) = picture();
        page.one("img", "Flow Support line with 7 nodes. No call is in it.").await;
        follow(context);
        page.one("img", "Flow Support line with 7 nodes. The call is at Main menu.").await;
        context.driver().drive(|menu| menu.digit(clock::now(), digit('2')));
        page.one("img", "Flow Support line with 7 nodes. The call is at Support menu.").await;
        let count =
            |selector: &str| page.with_role("img").remove(0).query_selector_all(selector).unwrap().length();
        until("the marks", || {
            count(".node.current") == 1 && count(".node.visited") == 2 && count(".edge.taken") == 1
        })
        .await;
    }

    #[wasm_bindgen_test]
    async fn the_prompt_is_written_out() {
        let (page, context) = picture();
        follow(context);
        until("the prompt", || page.text().contains("“Thank you for calling Brightwater.")).await;
        context.driver().drive(|menu| menu.digit(clock::now(), digit('1')));
        until("the next", || page.text().contains("our sales team.” (cannot be cut short)")).await;
    }

    #[wasm_bindgen_test]
    async fn a_timeout_counts_down_and_goes_when_nothing_is_waited_for() {
        let (page, context) = picture();
        follow(context);
        let progress = page.one("progressbar", "Time to the timeout").await;
        let left = || crate::js::field(&progress, "value").as_f64().unwrap_or_default();
        assert!((4.0..=5.0).contains(&left()), "{}", left());
        let before = left();
        until("less time", || left() < before).await;
        context.store.position.update(|position| {
            if let Some(position) = position {
                position.waiting = None;
                position.speaking = true;
            }
        });
        page.none("progressbar", "Time to the timeout").await;
        assert!(page.text().contains("prompt playing"));
        let until_then = clock::now() + Duration::from_secs(2);
        context.store.position.update(|position| {
            if let Some(position) = position {
                position.waiting = Some(Waiting { since: clock::now(), until: until_then });
            }
        });
        page.one("progressbar", "Time to the timeout").await;
        context.driver().reset_menu();
        page.none("progressbar", "Time to the timeout").await;
    }

    #[wasm_bindgen_test]
    async fn after_the_call_nothing_is_lit_or_spoken() {
        let (page, context) = picture();
        context.store.set_call_state(clock::now(), CallState::Connecting);
        follow(context);
        until("the call's place", || page.select(".node.current").is_some()).await;
        until("its prompt", || page.text().contains('“')).await;
        context.driver().call_over(clock::now());
        until("no place", || page.select(".node.current").is_none()).await;
        assert!(!page.text().contains('“') && !page.text().contains("prompt playing"), "{}", page.text());
    }
}
