//! What is expected of the run; it never leaves the page but as a verdict.

use leptos::prelude::*;
use shared::flow::{Expectation, ExpectationDraft, ExpectedDecision};

use super::{field::TextField, variables::Variables};
use crate::flow::desk::Desk;

/// End node, decisions, actions, variables.
#[component]
pub(super) fn Expect() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let part = move |part: fn(&ExpectationDraft) -> &String| {
        Signal::derive(move || desk.draft.with(|draft| part(&draft.expectation).clone()))
    };
    let nodes = Memo::new(move |_| {
        let flow = desk.flow(&desk.draft.with(|draft| draft.flow_id.trim().to_owned()));
        flow.and_then(Result::ok).map_or_else(Vec::new, |known| {
            known.flow().nodes.iter().map(|node| (node.id.clone(), node.name().to_owned())).collect()
        })
    });
    let count = move || desk.draft.with(|draft| draft.expectation.decisions.len());
    let add = move |_| {
        desk.draft.update(|draft| draft.expectation.decisions.push(ExpectedDecision::default()));
    };
    let seen = move || {
        let run = desk.shown()?;
        run.record.with(|record| record.result.as_ref().map(Expectation::of))
    };
    view! {
        <datalist id="flow-nodes">
            {move || nodes.get().into_iter().map(|(id, name)| view! { <option value=id>{name}</option> }).collect_view()}
        </datalist>
        <TextField id="flow-end" label="Expected end node" list="flow-nodes" placeholder="any"
            value=part(|expectation| &expectation.end_node)
            set=Callback::new(move |text| desk.draft.update(|draft| draft.expectation.end_node = text))
            error=Signal::derive(move || desk.error("expectation.endNode")) />
        <TextField id="flow-actions" label="Expected actions, in order" placeholder="any; separated by commas"
            value=part(|expectation| &expectation.actions)
            set=Callback::new(move |text| desk.draft.update(|draft| draft.expectation.actions = text))
            error=Signal::derive(move || desk.error("expectation.actions")) />
        <div class="rows">
            <For each=move || 0..count() key=|index| *index let:index><Decision index /></For>
            <button type="button" on:click=add>"Add expected decision"</button>
        </div>
        <Variables what="expected variable" path="expectation.variables"
            place=(|draft| &draft.expectation.variables, |draft| &mut draft.expectation.variables) />
        <Show when=move || seen().is_some()>
            <button type="button" on:click=move |_| if let Some(seen) = untrack(seen) {
                desk.draft.update(|draft| draft.expectation = ExpectationDraft::of(&seen));
            }>"Expect what the shown run did"</button>
        </Show>
    }
}

#[component]
fn Decision(index: usize) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let field = move |name: &'static str, part: fn(&mut ExpectedDecision) -> &mut String| {
        let value = Signal::derive(move || {
            let row = desk.draft.with(|draft| draft.expectation.decisions.get(index).cloned());
            row.map(|mut row| std::mem::take(part(&mut row))).unwrap_or_default()
        });
        let set = Callback::new(move |text: String| {
            desk.draft.update(|draft| {
                if let Some(row) = draft.expectation.decisions.get_mut(index) {
                    *part(row) = text;
                }
            });
        });
        let path = format!("expectation.decisions[{index}].{name}");
        (value, set, Signal::derive(move || desk.error(&path)))
    };
    let node = field("node", |row| &mut row.node);
    let decision = field("decision", |row| &mut row.decision);
    let number = index + 1;
    view! {
        <div class="row decision" role="group" aria-label=format!("expected decision {number}")>
            <TextField id=format!("flow-decision-{index}-node") label=format!("expected decision {number} node") bare=true
                list="flow-nodes" placeholder="node" value=node.0 set=node.1 error=node.2 />
            <TextField id=format!("flow-decision-{index}-decision") label=format!("expected decision {number}") bare=true
                placeholder="2, timeout, = gold" value=decision.0 set=decision.1 error=decision.2 />
            <button type="button" class="remove" aria-label=format!("Remove expected decision {number}")
                on:click=move |_| desk.draft.update(|draft| {
                    let rows = &mut draft.expectation.decisions;
                    if index < rows.len() { rows.remove(index); }
                })>"×"</button>
        </div>
    }
}
