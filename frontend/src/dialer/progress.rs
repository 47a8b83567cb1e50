//! The run that is looked at, as far as it has got.

use leptos::prelude::*;

use super::{job::describe_errors, state::DialerState};

/// Shows the calls of the run that is looked at, counted by CXone.
#[component]
pub(super) fn Progress() -> impl IntoView {
    let state = expect_context::<DialerState>();
    let calls = move || {
        let run = state.followed.get()?;
        Some((run.latest.map_or(0, |latest| latest.calls_completed), run.dispatch.draft.calls))
    };
    let words = move || match calls() {
        None => "No run yet. Fill in the form, and start a simulation.".to_owned(),
        Some((completed, all)) => format!("{completed} of {all} calls completed"),
    };
    let errors = move || {
        let run = state.followed.get()?;
        describe_errors(run.latest.as_ref()?)
    };
    view! {
        <section class="panel dialer-progress" aria-label="Simulation progress">
            <Show when=move || calls().is_some()>
                <progress aria-label="Calls completed" max=move || calls().map(|(_, all)| all)
                    value=move || calls().map(|(completed, _)| completed.to_string())></progress>
            </Show>
            <p role="status">{words}</p>
            <p class="wrong">{errors}</p>
        </section>
    }
}
