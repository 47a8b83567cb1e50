//! What to run next, so that every branch is taken: each suggestion one click from being run.

use leptos::prelude::*;
use shared::flow::{
    Draft,
    analysis::{Suggested, Suggestions, suggest},
};

use super::{desk::Desk, run::Runner, sight::Sight, trace::told};

/// More suggestions than this nobody runs by hand.
const MOST: usize = 60;

/// The runs that cover what no run has covered yet.
#[component]
pub(super) fn Suggest() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let runner = expect_context::<Runner>();
    let sight = expect_context::<Sight>();
    // Only where it is looked at: a large flow takes a while.
    let wanted = RwSignal::new(false);
    let suggestions = Memo::new(move |_| {
        if !wanted.get() {
            return None;
        }
        let (known, all) = (sight.flow.get()?, sight.all.get()?);
        Some(suggest(known.compiled()?, known.structure(), &all, &desk.limits(), MOST))
    });
    let run_all = move |_| {
        for of in suggestions.get_untracked().unwrap_or_default().runs {
            runner.submit(Draft::from_request(&of.request));
        }
    };
    let summary = move || {
        let Some(Suggestions { runs, missed, least }) = suggestions.get() else { return String::new() };
        let beyond = if missed.is_empty() {
            String::new()
        } else {
            format!(" {} branches are out of reach of the limits.", missed.len())
        };
        match runs.len() {
            0 => format!("Every branch that a simulation can take has been taken.{beyond}"),
            count => {
                format!("{count} runs take every branch that is left; no fewer than {least} can.{beyond}")
            }
        }
    };
    view! {
        <section class="panel suggest" aria-label="Suggested runs">
            <header>
                <h2>"Suggested runs"</h2>
                <Show when=move || suggestions.with(|all| all.as_ref().is_some_and(|all| !all.runs.is_empty()))>
                    <button type="button" on:click=run_all>"Run all suggestions"</button>
                </Show>
                <Show when=move || !wanted.get()>
                    <button type="button" on:click=move |_| wanted.set(true)>"Suggest runs"</button>
                </Show>
            </header>
            <p class="fine">{move || if wanted.get() { summary() } else {
                "Digits and variables that take every branch no run has taken yet, in few runs.".to_owned()
            }}</p>
            <ol tabindex="0" aria-label="Suggestions">
                {move || suggestions.get().unwrap_or_default().runs.into_iter().enumerate()
                    .map(|(index, of)| view! { <Suggestion index of /> }).collect_view()}
            </ol>
        </section>
    }
}

#[component]
fn Suggestion(index: usize, of: Suggested) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let runner = expect_context::<Runner>();
    let number = index + 1;
    let Suggested { request, covers } = of;
    let digits = request.digits_text();
    let digits = if digits.is_empty() { "no digits".to_owned() } else { digits };
    let variables = told(request.variables());
    let draft = StoredValue::new(Draft::from_request(&request));
    view! {
        <li>
            <span class="digits">{digits}</span>" "
            <span class="fine">{variables}{format!(" takes {} more", covers.len())}</span>
            <button type="button" aria-label=format!("Run suggestion {number}")
                on:click=move |_| { let _ = runner.submit(draft.get_value()); }>"Run"</button>
            <button type="button" aria-label=format!("Edit suggestion {number}")
                on:click=move |_| { desk.payload.set(None); desk.draft.set(draft.get_value()); }>"Edit"</button>
        </li>
    }
}
