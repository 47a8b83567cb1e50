//! What is expected of the run; it never leaves the page but as a verdict.

use leptos::prelude::*;
use scenario::flow::{Expectation, ExpectationDraft, ExpectedDecision, SimulationDraft};

use super::variables::Variables;
use crate::{
    flow::state::FlowState,
    kit::forms::{Row, Rows, TextField, lens},
};

/// Shows end node, decisions, actions and variables.
#[component]
pub(super) fn Expect() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let form = state.form;
    let nodes = Memo::new(move |_| {
        let flow = state.flow(&state.draft.with(|draft| draft.flow_id.trim().to_owned()));
        flow.and_then(Result::ok).map_or_else(Vec::new, |known| {
            known.flow().nodes.iter().map(|node| (node.id.clone(), node.name().to_owned())).collect()
        })
    });
    let seen = move || {
        let run = state.shown()?;
        run.record.with(|record| record.result.as_ref().map(Expectation::from_result))
    };
    view! {
        <datalist id="flow-nodes">
            {move || nodes.get().into_iter().map(|(id, name)| view! { <option value=id>{name}</option> }).collect_view()}
        </datalist>
        <TextField id="flow-end" label="Expected end node" list="flow-nodes" placeholder="any"
            field=form.field(lens!(expectation.end_node), "expectation.endNode") />
        <TextField id="flow-actions" label="Expected actions, in order" placeholder="any; separated by commas"
            field=form.field(lens!(expectation.actions), "expectation.actions") />
        <Rows id="flow-decision" what="expected decision" class="decision"
            list=form.list(lens!(expectation.decisions), "expectation.decisions") row=decision />
        <Variables id="flow-expectation.variables" what="expected variable"
            list=form.list(lens!(expectation.variables), "expectation.variables") />
        <Show when=move || seen().is_some()>
            <button type="button" on:click=move |_| if let Some(seen) = untrack(seen) {
                state.draft.update(|draft| draft.expectation = ExpectationDraft::from_expectation(&seen));
            }>"Expect what the shown run did"</button>
        </Show>
    }
}

fn decision(row: Row<SimulationDraft, ExpectedDecision>, name: String) -> impl IntoView {
    let index = row.index;
    view! {
        <TextField id=format!("flow-decision-{index}-node") label=format!("{name} node") bare=true
            list="flow-nodes" placeholder="node" field=row.field(lens!(node), "node") />
        <TextField id=format!("flow-decision-{index}-decision") label=name bare=true
            placeholder="2, timeout, = gold" field=row.field(lens!(decision), "decision") />
    }
}
