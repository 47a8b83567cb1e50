//! The player of the trace.

use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::flow::{
    state::FlowState,
    view::{AnalysedRun, FlowView},
};

/// Time that a step is shown while the trace plays.
const STEP_DURATION_MS: u32 = 700;

/// The buttons and the slider that go through the trace.
#[component]
pub(super) fn Player() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    let steps = move || view.shown.with(|shown| shown.as_ref().map_or(0, AnalysedRun::steps));
    let last = move || steps().saturating_sub(1);
    let at = move || view.last_step().unwrap_or(0);
    let playing = StoredValue::new_local(None::<Interval>);
    let plays = RwSignal::new(false);
    let halt = move || {
        playing.set_value(None);
        plays.set(false);
    };
    let go = move |step: usize| {
        halt();
        view.step.set(Some(step.min(untrack(last))));
    };
    let play = move || {
        if plays.get_untracked() {
            return halt();
        }
        let begin = if untrack(at) >= untrack(last) { 0 } else { untrack(at) };
        view.step.set(Some(begin));
        plays.set(true);
        let run = state.chosen.get_untracked();
        playing.set_value(Some(Interval::new(STEP_DURATION_MS, move || {
            let next = untrack(at) + 1;
            if next <= untrack(last) && state.chosen.get_untracked() == run {
                view.step.set(Some(next));
            } else {
                plays.set(false);
            }
        })));
    };
    // A timer must not be dropped by what it calls.
    Effect::new(move |_| {
        if !plays.get() {
            playing.set_value(None);
        }
    });
    on_cleanup(move || drop(playing.try_update_value(Option::take)));
    let words = move || {
        let step = view.last_step()?;
        view.shown.with(|shown| {
            let of = shown.as_ref()?.result.execution_path.get(step)?;
            let decision = of.decision.as_ref().map(|decision| format!(": {decision}"));
            Some(format!("Step {} of {}: {}{}", step + 1, steps(), of.node_id, decision.unwrap_or_default()))
        })
    };
    view! {
        <div class="player" role="group" aria-label="Trace player">
            <button type="button" aria-label="First step" disabled=move || steps() == 0 on:click=move |_| go(0)>"|◀"</button>
            <button type="button" aria-label="Previous step" disabled=move || steps() == 0
                on:click=move |_| go(untrack(at).saturating_sub(1))>"◀"</button>
            <button type="button" disabled=move || steps() == 0 on:click=move |_| play()>
                {move || if plays.get() { "Pause" } else { "Play" }}
            </button>
            <button type="button" aria-label="Next step" disabled=move || steps() == 0
                on:click=move |_| go(untrack(at) + 1)>"▶"</button>
            <button type="button" disabled=move || steps() == 0
                on:click=move |_| { halt(); view.step.set(None); }>"Whole trace"</button>
            <input type="range" aria-label="Step" min="1" max=move || steps().max(1) disabled=move || steps() == 0
                prop:value=move || (at() + 1).to_string()
                aria-valuetext=words
                on:input=move |input| {
                    if let Ok(step) = event_target_value(&input).parse::<usize>() { go(step.saturating_sub(1)); }
                } />
            <span class="fine">{words}</span>
        </div>
    }
}
