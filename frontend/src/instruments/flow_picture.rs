//! The flow, with the place where the call is.

use std::sync::Arc;

use ivr::{
    FlowDefinition,
    graph::{Node, Segment},
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{news, pulse::pulse};
use crate::{
    call::place::{Place, Waiting},
    clock,
    js::field,
    picture::{Find, FlowModel, FramedPicture, Mark, Marks, PictureState, Plan, Shown, Zoom},
};

/// Maximum number of nodes of a flow that is drawn whole at first.
const MAX_WHOLE_NODES: usize = 12;
/// Number of levels around the call's place that are drawn at first of a larger flow.
const NEAR_LEVELS: usize = 2;

/// Shows the picture, the words of the chosen node's prompt or of the current one's, and the countdown to the timeout.
/// `handle` is the frame's, of which this reads `flow`, the definition's text, and `place`; the events `flow` and `place` tell
/// of news.
#[component]
pub(crate) fn FlowPicture(handle: JsValue) -> impl IntoView {
    let (flows, places) = (news(&handle, "flow"), news(&handle, "place"));
    let handle = StoredValue::new_local(handle);
    let flow = Memo::new(move |_| {
        flows.get();
        let text = handle.with_value(|handle| field(handle, "flow").as_string())?;
        serde_json::from_str::<FlowDefinition>(&text).ok().map(FlowModel::new)
    });
    let place = Memo::new(move |_| {
        places.get();
        handle.with_value(|handle| Place::read(&field(handle, "place")))
    });
    let picked = RwSignal::new(None::<usize>);
    Effect::new(move |_| {
        // Another flow has other nodes.
        flow.track();
        picked.set(None);
    });
    let picture = PictureState::new(shown(flow, place, picked));
    let spoken = move || {
        let flow = flow.get()?;
        let node = |index: usize| flow.flow().nodes.get(index);
        match picked.get() {
            Some(picked) => {
                let node = node(picked)?;
                let words = spoken(node).unwrap_or_else(|| "says nothing".to_owned());
                Some(format!("{}: {words}", node.name()))
            }
            None => spoken(node(place.with(Place::index)?)?),
        }
    };
    view! {
        // The timeline's buttons zoom in and out as well.
        <div class="tools"><Find picture /><Zoom picture names=["Smaller picture", "Larger picture"] /></div>
        <div class="framed" role="group" aria-label="Flow picture"><FramedPicture picture /></div>
        <div class="below">
            <p class="prompt" tabindex="0">{spoken}</p>
            <Countdown handle=handle.get_value() place />
        </div>
    }
}

/// Returns what the picture shows: the call's way, and where it is.
fn shown(flow: Memo<Option<FlowModel>>, place: Memo<Place>, picked: RwSignal<Option<usize>>) -> Shown {
    // The place may be told before the flow that it is in.
    let current = Memo::new(move |_| {
        let count = flow.with(|flow| flow.as_ref().map_or(0, |flow| flow.flow().nodes.len()));
        place.with(Place::index).filter(|node| *node < count)
    });
    let marks = move |plan: Arc<Plan>| {
        let lines = &plan.layout.edges;
        let mut marks = Marks::none(plan.fixed.reachable.len(), lines.len());
        place.with(|place| marks.count(&place.visited, lines, |mark| &mut mark.lit));
        marks.current = current.get();
        Some(marks)
    };
    let words = move || {
        let Some(known) = flow.get() else { return String::new() };
        let flow = known.flow();
        let place = current.get().map_or_else(
            || "No call is in it.".to_owned(),
            |node| format!("The call is at {}.", flow.nodes[node].name()),
        );
        format!("Flow {} with {} nodes. {place}", flow.name, flow.nodes.len())
    };
    let notes = |(mark, is_current): (Mark, bool)| {
        let note = if is_current { "the call is here" } else { "the call was here" };
        (is_current || mark.is_lit()).then(|| note.to_owned()).into_iter().collect()
    };
    Shown {
        flow,
        marks: Callback::new(marks),
        words: Signal::derive(words),
        notes: Callback::new(notes),
        current: current.into(),
        picked: picked.into(),
        pick: Callback::new(move |node| picked.set(node)),
        first_levels: |nodes| (nodes > MAX_WHOLE_NODES).then_some(NEAR_LEVELS),
    }
}

fn spoken(node: &Node) -> Option<String> {
    let prompt = node.prompt.as_ref()?;
    let words: Vec<String> = prompt.segments.iter().map(Segment::text).collect();
    Some(format!("“{}”{}", words.join(" "), if prompt.barge_in { "" } else { " (cannot be cut short)" }))
}

/// Shows the time until the menu machine stops waiting for a digit.
#[component]
fn Countdown(handle: JsValue, place: Memo<Place>) -> impl IntoView {
    let waiting = Memo::new(move |_| place.with(|place| place.waiting));
    let speaking = Memo::new(move |_| place.with(|place| place.is_speaking));
    let left = RwSignal::new(None::<(f64, f64)>);
    let show = move || {
        let now = clock::now();
        let waiting = waiting.try_get_untracked().flatten();
        let _ = left
            .try_set(waiting.map(|Waiting { since, until }| {
                ((until - now).as_secs_f64(), (until - since).as_secs_f64())
            }));
    };
    let is_waiting = Signal::derive(move || waiting.with(Option::is_some));
    pulse(handle, is_waiting, move |_| {
        if is_waiting.try_get_untracked() == Some(true) {
            show();
        }
    });
    Effect::new(move |_| {
        waiting.track();
        show();
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
