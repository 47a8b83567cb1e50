//! Two runs laid over each other: where they part is the first thing seen.

use leptos::prelude::*;
use shared::{flow::analysis::part_at, wire::NodeExecution};

use super::{
    desk::Desk,
    run::{Run, RunId},
    sight::{Looked, Sight},
};

/// The choice of the other run, and the first difference.
#[component]
pub(super) fn Compare() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let sight = expect_context::<Sight>();
    let others = Memo::new(move |_| {
        let (flow, chosen) = (desk.drawn_flow(), desk.chosen.get());
        let fits = |run: &Run| {
            let same =
                |record: &super::run::Record| record.result.is_some() && record.draft.flow_id.trim() == flow;
            (Some(run.id) != chosen && run.record.with(same)).then(|| (run.id, label(run)))
        };
        desk.runs.with(|runs| runs.iter().filter_map(fits).collect::<Vec<(RunId, String)>>())
    });
    let difference = move || Some(told(&sight.shown.get()?, &sight.other.get()?));
    view! {
        <section class="panel compare" aria-label="Comparison">
            <header><h2>"Comparison"</h2></header>
            <div class="field">
                <label for="flow-other">"Lay over the shown run"</label>
                <select id="flow-other" disabled=move || others.with(Vec::is_empty)
                    on:change=move |change| desk.other.set(event_target_value(&change).parse().ok())>
                    <option value="" prop:selected=move || desk.other.get().is_none()>
                        {move || if others.with(Vec::is_empty) { "no other finished run of this flow" } else { "no run" }}
                    </option>
                    <For each=move || others.get() key=|other| other.clone() let((id, name))>
                        <option value=id.to_string() prop:selected=move || desk.other.get() == Some(id)>{name}</option>
                    </For>
                </select>
            </div>
            <p class="difference" role="status">{difference}</p>
        </section>
    }
}

fn label(run: &Run) -> String {
    run.record.with(|record| {
        format!(
            "Run {}: {}",
            record.number,
            if record.draft.digits.is_empty() { "no digits" } else { &record.draft.digits }
        )
    })
}

/// The first difference in a sentence.
fn told(shown: &Looked, other: &Looked) -> String {
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
