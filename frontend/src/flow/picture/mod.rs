//! The flow's picture with the trace on it.

mod marks;
mod player;
mod save;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use std::sync::Arc;

use leptos::{
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::JsValue;
use web_sys::Element;

use self::player::Player;
use super::{
    run::verdict_name,
    state::FlowState,
    view::{AnalysedRun, FlowView, Weight},
};
use crate::{
    js::reason,
    picture::{self, Find, FlowModel, FramedPicture, Mark, PictureState, Plan, Shown, Zoom},
    ui::Notice,
};

/// Maximum number of nodes that are laid out unasked.
const MAX_DRAWN_NODES: usize = 2_000;

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
    let picture = PictureState::new(shown(view, flow));
    view! {
        <section class="panel flow-picture" aria-label="Flow picture">
            <header>
                <h2>{title}</h2>
                <Find picture />
                <Zoom picture />
                <button type="button" on:click=move |_| save(picture, state, false)>"Save SVG"</button>
                <button type="button" on:click=move |_| save(picture, state, true)>"Save PNG"</button>
            </header>
            <div class="playing"><Player /><Verdict /></div>
            <FramedPicture picture>
                {move || is_large().map(|nodes| view! {
                    <div class="empty">
                        <p>{format!("This flow has {nodes} nodes. Laying so many out keeps the page busy for a while.")}</p>
                        <button type="button" on:click=move |_| {
                            view.flow.with_untracked(|known| known.as_ref().map(|known| drawn.set(known.flow().flow_id.clone())));
                        }>"Draw it all the same"</button>
                    </div>
                })}
            </FramedPicture>
            <Legend />
        </section>
    }
}

/// Returns what the picture shows: the runs that are looked at.
fn shown(view: FlowView, flow: Memo<Option<FlowModel>>) -> Shown {
    let marks = move |plan: Arc<Plan>| {
        let (shown, other) = (view.shown.get(), view.other.get());
        let all = view.all.get()?;
        let shown = shown.as_ref().zip(view.last_step());
        Some(marks::of_runs(&plan, shown, other.as_ref(), &all, view.weight.get()))
    };
    let words = move || {
        let Some(known) = flow.get() else { return String::new() };
        let (shown, other) = (view.shown.get(), view.other.get());
        let shown = shown.as_ref().zip(view.last_step());
        marks::describe(known.flow(), known.structure(), shown, other.as_ref())
    };
    let notes = move |(mark, is_current): (Mark, bool)| {
        let visits = |run: Memo<Option<AnalysedRun>>, visits: u64| {
            let number = run.with(|run| run.as_ref().map(|run| run.record.number));
            number.filter(|_| visits > 0).map(|run| format!("visited {} by run {run}", times(visits)))
        };
        let mut notes: Vec<String> =
            [visits(view.shown, mark.lit), visits(view.other, mark.other)].into_iter().flatten().collect();
        notes.extend(mark.missed.then(|| "not reached by any run".to_owned()));
        notes.extend((is_current && view.step.get().is_some()).then(|| "the shown step".to_owned()));
        notes
    };
    let current = move || {
        view.step.get()?;
        let step = view.last_step()?;
        view.shown.with(|shown| shown.as_ref()?.analysis.path.get(step).map(|node| *node as usize))
    };
    Shown {
        flow,
        marks: Callback::new(marks),
        words: Signal::derive(words),
        notes: Callback::new(notes),
        current: Memo::new(move |_| current()).into(),
        picked: Signal::derive(move || view.picked()),
        pick: Callback::new(move |node| view.pick(node)),
        first_levels: |_| None,
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
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
                <p class="fine">{picture::KEYS}" A node that is chosen has its steps listed alone."</p>
            </details>
        </div>
    }
}
