//! The flow's picture with the trace on it.

mod drawing;
mod geometry;
mod marks;
mod minimap;
mod node_options;
mod player;
mod save;
mod state;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod viewport;

use leptos::{
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::JsValue;
use web_sys::{Element, KeyboardEvent};

use self::{drawing::Drawing, minimap::Minimap, player::Player, state::PictureState, viewport::ZOOM_STEP};
use super::{
    run::verdict_name,
    state::FlowState,
    view::{FlowView, Weight},
};
use crate::{js::reason, ui::Notice};

/// Maximum number of nodes that are laid out unasked.
const MAX_DRAWN_NODES: usize = 2_000;
/// Numbers of levels that may be shown around a node.
const LEVELS: [usize; 3] = [1, 2, 3];

/// The picture, its player, and what can be done with it.
#[component]
pub(super) fn Picture() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    // The flow that is drawn although it is large.
    let drawn = RwSignal::new(String::new());
    let title = move || {
        let flow = view.flow.get();
        flow.map_or_else(|| "Flow".to_owned(), |known| known.flow().name.clone())
    };
    let is_large = move || {
        view.flow.with(|known| {
            let flow = known.as_ref()?.flow();
            let asked = drawn.with(|drawn| *drawn == flow.flow_id);
            Some(flow.nodes.len()).filter(|nodes| *nodes > MAX_DRAWN_NODES && !asked)
        })
    };
    let flow = Memo::new(move |_| view.flow.get().filter(|_| is_large().is_none()));
    let picture = PictureState::new(view, flow);
    provide_context(picture);
    drawing::follow(picture, view);
    let (viewport, marks) = (picture.viewport, picture.marks);
    view! {
        <section class="panel flow-picture" aria-label="Flow picture">
            <header>
                <h2>{title}</h2>
                <Verdict />
                <Find />
                <button type="button" aria-label="Zoom out" on:click=move |_| viewport.zoom_by(1.0 / ZOOM_STEP)>"−"</button>
                <button type="button" aria-label="Zoom in" on:click=move |_| viewport.zoom_by(ZOOM_STEP)>"+"</button>
                <button type="button" on:click=move |_| viewport.fit()>"Fit"</button>
                <button type="button" on:click=move |_| save(picture, state, false)>"Save SVG"</button>
                <button type="button" on:click=move |_| save(picture, state, true)>"Save PNG"</button>
            </header>
            <Player />
            <div class="held">
                <div class="scroll" node_ref=viewport.frame
                    on:keydown=move |key| viewport.key(&key)
                    on:scroll=move |_| viewport.measure()
                    on:wheel=move |wheel| viewport.wheel(&wheel)
                    on:pointerdown=move |pointer| viewport.press(&pointer)
                    on:pointermove=move |pointer| viewport.drag(&pointer)
                    on:pointerup=move |pointer| viewport.release(&pointer)
                    on:pointercancel=move |pointer| viewport.release(&pointer)
                    on:pointerleave=move |pointer| viewport.release(&pointer)>
                    {move || picture.plan.get().map(|plan| view! { <Drawing plan marks /> })}
                    {move || is_large().map(|nodes| view! {
                        <div class="empty">
                            <p>{format!("This flow has {nodes} nodes. Laying so many out keeps the page busy for a while.")}</p>
                            <button type="button" on:click=move |_| {
                                view.flow.with_untracked(|known| known.as_ref().map(|known| drawn.set(known.flow().flow_id.clone())));
                            }>"Draw it all the same"</button>
                        </div>
                    })}
                </div>
                {move || picture.plan.get().map(|plan| view! { <Minimap plan marks /> })}
            </div>
            <Legend />
        </section>
    }
}

/// Looks for nodes by name, and chooses how much is drawn around the one that is looked at.
#[component]
fn Find() -> impl IntoView {
    let picture = expect_context::<PictureState>();
    let view = expect_context::<FlowView>();
    let keys = move |key: KeyboardEvent| match key.key().as_str() {
        "Enter" => {
            key.prevent_default();
            picture.go_to_found(key.shift_key());
        }
        "Escape" => picture.wanted.set(String::new()),
        _ => {}
    };
    let said = move || {
        let wanted = picture.wanted.with(|wanted| !wanted.trim().is_empty());
        wanted.then(|| match picture.found.with(Vec::len) {
            0 => "no node".to_owned(),
            1 => "1 node".to_owned(),
            count => format!("{count} nodes"),
        })
    };
    let choose = move |change| {
        let levels: Option<usize> = event_target_value(&change).parse().ok();
        // Around what is shown, where that is known better than by the keyboard.
        let step = untrack(|| view.step.get().and_then(|_| view.last_step()));
        let node = step.and_then(|step| {
            view.shown
                .with_untracked(|shown| shown.as_ref()?.analysis.path.get(step).map(|node| *node as usize))
        });
        let node = node.unwrap_or_else(|| picture.active.get_untracked());
        picture.centre.set(node);
        picture.levels.set(levels);
        picture.viewport.fit();
        picture.target.set(Some(node));
    };
    view! {
        <div class="find">
            <input type="search" aria-label="Find a node" placeholder="Find a node" title="Enter goes to the next, Shift+Enter to the one before"
                prop:value=move || picture.wanted.get()
                on:input=move |input| picture.wanted.set(event_target_value(&input)) on:keydown=keys />
            <p class="fine" role="status">{said}</p>
            <select aria-label="Part that is shown" on:change=choose
                prop:value=move || picture.levels.get().map_or_else(String::new, |levels| levels.to_string())>
                <option value="">"All nodes"</option>
                {LEVELS.into_iter().map(|levels| {
                    let text = if levels == 1 { "±1 level".to_owned() } else { format!("±{levels} levels") };
                    view! { <option value=levels.to_string()>{text}</option> }
                }).collect_view()}
            </select>
        </div>
    }
}

/// Saves all of the picture, also what is out of sight.
fn save(picture: PictureState, state: FlowState, as_png: bool) {
    let name = untrack(|| state.drawn_flow());
    picture.complete.set(true);
    spawn_local(async move {
        tick().await;
        let element = picture.viewport.picture.try_get_untracked().flatten().map(Element::from);
        let saved = match &element {
            None => Err(JsValue::from_str("the page shows another panel")),
            Some(element) if as_png => save::png(element, &name).await,
            Some(element) => save::svg(element, &name),
        };
        let _ = picture.complete.try_set(false);
        if let Err(error) = saved {
            let notice = Notice {
                title: "The picture was not saved".into(),
                detail: reason(&error),
                ..Notice::default()
            };
            let _ = state.notice.try_set(Some(notice));
        }
    });
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
                     Second colour: the run that is laid over it. An arrow in a box: that edge leads to an exit which many nodes \
                     share, or, with a broken arrow, to a node that is not shown."
                </p>
                <p class="fine" id="flow-keys">
                    "Keys in the picture: ↑ and ↓ follow edges, ← and → go from node to node, Home and End to the first and the last; \
                     Enter lists a node's steps alone, Escape all; + and − zoom, 0 fits, Shift with arrows scrolls. The wheel and two \
                     fingers zoom, dragging moves."
                </p>
            </details>
        </div>
    }
}
