//! What to run next, so that every branch is taken: each suggestion one click from being run.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::flow::{
    Draft, SimulationRequest,
    analysis::{PathLimits, Suggested, Suggester, Suggestions},
};
use wasm_bindgen_futures::spawn_local;

use super::{desk::Desk, run::Runner, sight::Sight, trace::describe_values};
use crate::clock;

/// More suggestions than this nobody runs by hand.
const MOST: usize = 60;
/// The page answers at least this often while it looks for runs, unless a single one takes longer.
const SLICE: Duration = Duration::from_millis(20);

/// The runs that cover what no run has covered yet.
#[component]
pub(super) fn Suggest() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let sight = expect_context::<Sight>();
    // Only where it is looked at: a large flow takes a while.
    let wanted = RwSignal::new(false);
    let found = RwSignal::new(Found::default());
    look(wanted, found);
    let suggestions = move || found.with(|found| found.suggestions.clone());
    let run_all = move |_| {
        for run in untrack(suggestions).unwrap_or_default().runs {
            runner.submit(untrack(|| draft_of(sight, &run)));
        }
    };
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
            count if count >= MOST && left > 0 => format!(
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
                    <button type="button" on:click=run_all>"Run all suggestions"</button>
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
                    .map(|(index, of)| view! { <Suggestion index of /> }).collect_view()}
            </ol>
        </section>
    }
}

/// What there is to suggest.
#[derive(Clone, Default)]
struct Found {
    suggestions: Option<Suggestions>,
    /// While it is looked for: how many runs there are already.
    so_far: Option<usize>,
}

/// Looks for suggestions, once they are wanted and whenever something new was covered. A large flow takes seconds, so the
/// page is let do something else after every slice.
fn look(wanted: RwSignal<bool>, found: RwSignal<Found>) {
    let desk = expect_context::<Desk>();
    let sight = expect_context::<Sight>();
    // What was covered last counts; a search for less is given up.
    let latest = StoredValue::new(0u32);
    Effect::new(move |_| {
        let (true, Some(known), Some(all)) = (wanted.get(), sight.flow.get(), sight.all.get()) else {
            return;
        };
        let limits = desk.limits();
        latest.update_value(|latest| *latest += 1);
        let mine = latest.get_value();
        spawn_local(async move {
            let Some(flow) = known.compiled() else { return drop(found.try_set(Found::default())) };
            let mut suggester = Suggester::new(known.structure(), &all, PathLimits::from(&limits), MOST);
            let mut since = clock::now();
            while suggester.step(flow, known.structure()) {
                if clock::now().saturating_since(since) >= SLICE {
                    let so_far = Some(suggester.found());
                    found.try_update(|found| *found = Found { suggestions: None, so_far });
                    TimeoutFuture::new(0).await;
                    if latest.try_get_value() != Some(mine) {
                        return;
                    }
                    since = clock::now();
                }
            }
            let suggestions = Some(suggester.finish(known.structure()));
            let _ = found.try_set(Found { suggestions, so_far: None });
        });
    });
}

/// Returns a suggested run as a draft for the flow that is drawn.
fn draft_of(sight: Sight, run: &Suggested) -> Draft {
    let flow_id = sight.flow.with(|flow| flow.as_ref().map(|flow| flow.flow().flow_id.clone()));
    Draft::from_request(&SimulationRequest::suggested(&flow_id.unwrap_or_default(), run))
}

#[component]
fn Suggestion(index: usize, of: Suggested) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let runner = expect_context::<Runner>();
    let number = index + 1;
    let digits: String = of.digits.iter().map(|digit| digit.as_char()).collect();
    let digits = if digits.is_empty() { "no digits".to_owned() } else { digits };
    let variables = describe_values(&of.variables);
    let draft = StoredValue::new(untrack(|| draft_of(expect_context::<Sight>(), &of)));
    view! {
        <li>
            <span class="digits">{digits}</span>" "
            <span class="fine">{variables}{format!(" takes {} more", of.covers.len())}</span>
            <button type="button" aria-label=format!("Run suggestion {number}")
                on:click=move |_| { let _ = runner.submit(draft.get_value()); }>"Run"</button>
            <button type="button" aria-label=format!("Edit suggestion {number}")
                on:click=move |_| { desk.payload.set(None); desk.draft.set(draft.get_value()); }>"Edit"</button>
        </li>
    }
}
