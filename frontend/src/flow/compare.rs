//! Two runs laid over each other: where they part is the first thing seen.

use ivr::analysis::part_at;
use leptos::prelude::*;
use wire::cxone::NodeExecution;

use super::{
    run::RunId,
    state::FlowState,
    view::{AnalysedRun, FlowView},
};

/// The choice of the other run, and the first difference.
#[component]
pub(super) fn Compare() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    let others = Memo::new(move |_| {
        let chosen = state.chosen.get();
        view.finished.with(|finished| {
            let others = finished.iter().filter(|run| Some(run.id) != chosen);
            others.map(|run| (run.id, label(run))).collect::<Vec<(RunId, String)>>()
        })
    });
    let difference = move || match (view.shown.get(), view.other.get(), state.overlaid()) {
        (Some(shown), Some(other), _) if shown == other => Some("This is the shown run itself.".to_owned()),
        (Some(shown), Some(other), _) => Some(describe(&shown, &other)),
        (_, None, Some(run)) => {
            Some(format!("Run {} is of another flow, or its flow is not known yet.", run.number()))
        }
        (None, Some(_), _) | (_, None, None) => None,
    };
    view! {
        <section class="panel compare" aria-label="Comparison">
            <header><h2>"Comparison"</h2></header>
            <div class="field">
                <label for="flow-other">"Lay over the shown run"</label>
                <select id="flow-other" disabled=move || others.with(Vec::is_empty)
                    on:change=move |change| state.other.set(event_target_value(&change).parse().ok())>
                    <option value="" prop:selected=move || state.other.get().is_none()>
                        {move || if others.with(Vec::is_empty) { "no other finished run of this flow" } else { "no run" }}
                    </option>
                    <For each=move || others.get() key=|other| other.clone() let((id, name))>
                        <option value=id.to_string() prop:selected=move || state.other.get() == Some(id)>{name}</option>
                    </For>
                </select>
            </div>
            <p class="difference" role="status">{difference}</p>
        </section>
    }
}

fn label(run: &AnalysedRun) -> String {
    let digits = &run.record.draft.digits;
    format!("Run {}: {}", run.record.number, if digits.is_empty() { "no digits" } else { digits })
}

/// Returns the first difference in a sentence.
fn describe(shown: &AnalysedRun, other: &AnalysedRun) -> String {
    let (a, b) = (shown.record.number, other.record.number);
    let Some(at) = part_at(&shown.result, &other.result) else {
        return format!("Runs {a} and {b} went the same way, step by step.");
    };
    let (mine, theirs) = (shown.result.execution_path.get(at), other.result.execution_path.get(at));
    let went = |step: Option<&NodeExecution>| match step {
        None => "was over".to_owned(),
        Some(NodeExecution { node_id, decision: None, .. }) => format!("was at {node_id}"),
        Some(NodeExecution { node_id, decision: Some(decision), .. }) => {
            format!("went {decision} at {node_id}")
        }
    };
    format!("They part at step {}: run {a} {}, run {b} {}.", at + 1, went(mine), went(theirs))
}
