//! Runs that are suggested, so that every branch is taken: each suggestion one click from being run.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use ivr::analysis::{PathLimits, Suggested, Suggester, Suggestions};
use leptos::prelude::*;
use scenario::flow::{SimulationDraft, SimulationRequest};
use wasm_bindgen_futures::spawn_local;

use super::{run::Runner, state::FlowState, trace::describe_values, view::FlowView};
use crate::clock;

/// Maximum number of suggestions; once they have been run, more are made.
const MAX_SUGGESTIONS: usize = 60;
/// Time after which the search lets the page do something else, unless a single run takes longer.
const SLICE_TIME: Duration = Duration::from_millis(20);

/// Suggests runs that cover what no run has covered yet.
#[component]
pub(super) fn Suggest() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let runner = expect_context::<Runner>();
    let view = expect_context::<FlowView>();
    // Only where it is looked at: a large flow takes a while.
    let wanted = RwSignal::new(false);
    let found = RwSignal::new(Found::default());
    look(wanted, found);
    let suggestions = move || found.with(|found| found.suggestions.clone());
    let run_all = move |_| {
        let runs = untrack(suggestions).unwrap_or_default().runs;
        runner.submit_all(untrack(|| runs.iter().map(|run| request_of(view, run)).collect()));
    };
    // They would be suggested, and run, a second time.
    let waiting =
        Memo::new(move |_| state.runs.with(|runs| runs.iter().any(|run| run.position.with(Option::is_some))));
    let summary = move || {
        if let Some(count) = found.with(|found| found.so_far) {
            return format!("Looking for runs … {count} found so far.");
        }
        let Some(Suggestions { runs, missed, least }) = suggestions() else { return String::new() };
        let left = missed.len();
        let beyond = match left {
            0 => String::new(),
            1 => " One branch is out of reach of the limits.".to_owned(),
            left => format!(" {left} branches are out of reach of the limits."),
        };
        match runs.len() {
            0 => format!("Every branch that a simulation can take has been taken.{beyond}"),
            1 => format!("One run takes every branch that is left.{beyond}"),
            count if count >= MAX_SUGGESTIONS && left > 0 => format!(
                "The first {count} runs: they leave {left} branches. No fewer than {least} runs take every branch; \
                 once these have been made, more are suggested."
            ),
            count => {
                format!("{count} runs take every branch that is left; no fewer than {least} can.{beyond}")
            }
        }
    };
    view! {
        <section class="panel suggest" aria-label="Suggested runs">
            <header>
                <h2>"Suggested runs"</h2>
                <Show when=move || suggestions().is_some_and(|all| !all.runs.is_empty())>
                    <button type="button" disabled=move || waiting.get() on:click=run_all>"Run all suggestions"</button>
                </Show>
                <Show when=move || !wanted.get()>
                    <button type="button" on:click=move |_| wanted.set(true)>"Suggest runs"</button>
                </Show>
            </header>
            <p class="fine" role="status">{move || if wanted.get() { summary() } else {
                "Digits and variables that take every branch no run has taken yet, in few runs.".to_owned()
            }}</p>
            <ol tabindex="0" aria-label="Suggestions">
                {move || suggestions().unwrap_or_default().runs.into_iter().enumerate()
                    .map(|(index, suggested)| view! { <Suggestion index suggested /> }).collect_view()}
            </ol>
        </section>
    }
}

/// The suggestions that were found.
#[derive(Clone, Default)]
struct Found {
    suggestions: Option<Suggestions>,
    /// While it is looked for: how many runs there are already.
    so_far: Option<usize>,
}

/// Looks for suggestions, once they are wanted and whenever something new was covered. A large flow takes seconds, so the
/// page is let do something else after every slice.
fn look(wanted: RwSignal<bool>, found: RwSignal<Found>) {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    // What was covered last counts; a search for less is given up.
    let latest = StoredValue::new(0u32);
    Effect::new(move |_| {
        let (true, Some(model), Some(all)) = (wanted.get(), view.flow.get(), view.all.get()) else {
            return;
        };
        let limits = state.limits();
        latest.update_value(|latest| *latest += 1);
        let mine = latest.get_value();
        spawn_local(async move {
            let Some(flow) = model.compiled() else { return drop(found.try_set(Found::default())) };
            let mut suggester =
                Suggester::new(model.structure(), &all, PathLimits::from(&limits), MAX_SUGGESTIONS);
            let mut since = clock::now();
            while suggester.step(flow, model.structure()) {
                if clock::now().saturating_since(since) >= SLICE_TIME {
                    let so_far = Some(suggester.found());
                    found.try_update(|found| *found = Found { suggestions: None, so_far });
                    TimeoutFuture::new(0).await;
                    if latest.try_get_value() != Some(mine) {
                        return;
                    }
                    since = clock::now();
                }
            }
            let suggestions = Some(suggester.finish(model.structure()));
            let _ = found.try_set(Found { suggestions, so_far: None });
        });
    });
}

/// Returns a suggested run as a request for the flow that is drawn.
fn request_of(view: FlowView, run: &Suggested) -> SimulationRequest {
    let flow_id = view.flow.with(|flow| flow.as_ref().map(|flow| flow.flow().flow_id.clone()));
    SimulationRequest::suggested(&flow_id.unwrap_or_default(), run)
}

#[component]
fn Suggestion(index: usize, suggested: Suggested) -> impl IntoView {
    let state = expect_context::<FlowState>();
    let runner = expect_context::<Runner>();
    let number = index + 1;
    let request = untrack(|| request_of(expect_context::<FlowView>(), &suggested));
    let digits = request.digits_text();
    let digits = if digits.is_empty() { "no digits".to_owned() } else { digits };
    let variables = describe_values(request.variables());
    let request = StoredValue::new(request);
    let draft = move || request.with_value(SimulationDraft::from_request);
    view! {
        <li>
            <span class="digits">{digits}</span>" "
            <span class="fine">{variables}{format!(" takes {} more", suggested.covers.len())}</span>
            <button type="button" aria-label=format!("Run suggestion {number}")
                on:click=move |_| runner.submit(draft(), request.get_value())>"Run"</button>
            <button type="button" aria-label=format!("Edit suggestion {number}")
                on:click=move |_| { state.payload.set(None); state.draft.set(draft()); }>"Edit"</button>
        </li>
    }
}
