//! Variables with typed values, for the request and for what is expected of it.

use leptos::prelude::*;
use shared::flow::{Draft, VariableDraft, VariableKind};

use super::field::{Choice, Complaint, TextField};
use crate::flow::desk::Desk;

/// Where a list of variables stands in a draft.
pub(super) type Place = (fn(&Draft) -> &Vec<VariableDraft>, fn(&mut Draft) -> &mut Vec<VariableDraft>);

/// Rows of name, type and value.
#[component]
pub(super) fn Variables(
    /// What a row is called.
    what: &'static str,
    /// The fields' path in errors: `variableStateMatrix`.
    path: &'static str,
    place: Place,
) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let count = move || desk.draft.with(|draft| place.0(draft).len());
    let add = move |_| desk.draft.update(|draft| place.1(draft).push(VariableDraft::default()));
    view! {
        <div class="rows">
            <For each=move || 0..count() key=|index| *index let:index>
                <Row what path place index />
            </For>
            <Complaint id=format!("flow-{path}-error") error=Signal::derive(move || desk.error(path)) />
            <button type="button" on:click=add>{format!("Add {what}")}</button>
        </div>
    }
}

#[component]
fn Row(what: &'static str, path: &'static str, place: Place, index: usize) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let row =
        Memo::new(move |_| desk.draft.with(|draft| place.0(draft).get(index).cloned()).unwrap_or_default());
    let change = move |change: &dyn Fn(&mut VariableDraft)| {
        desk.draft.update(|draft| {
            if let Some(row) = place.1(draft).get_mut(index) {
                change(row);
            }
        });
    };
    // A field's messages are about its value where the value is wrong, else about its name.
    let of_value = move || row.with(|row| row.value().err());
    let of_name = move || {
        let field = row.with(|row| format!("{path}.{}", row.name.trim()));
        let value = of_value();
        let messages = desk.errors(|name| name == field).into_iter().map(|error| error.message);
        let messages: Vec<String> = messages.filter(|message| Some(message) != value.as_ref()).collect();
        (!messages.is_empty()).then(|| messages.join("; "))
    };
    let kinds = VariableKind::ALL.map(|kind| (tag(kind), kind.name().to_owned())).to_vec();
    let set_kind = move |text: String| {
        if let Some(kind) = VariableKind::ALL.into_iter().find(|kind| tag(*kind) == text) {
            change(&|row| row.kind = kind);
        }
    };
    let number = index + 1;
    view! {
        <div class="row variable" role="group" aria-label=format!("{what} {number}")>
            <TextField id=format!("flow-{path}-{index}-name") label=format!("{what} {number} name") bare=true placeholder="name"
                value=Signal::derive(move || row.with(|row| row.name.clone()))
                set=Callback::new(move |text: String| change(&|row| row.name.clone_from(&text)))
                error=Signal::derive(of_name) />
            <Choice label=format!("{what} {number} type") options=kinds
                value=Signal::derive(move || row.with(|row| tag(row.kind))) set=Callback::new(set_kind) />
            <TextField id=format!("flow-{path}-{index}-value") label=format!("{what} {number} value") bare=true placeholder="value"
                value=Signal::derive(move || row.with(|row| row.text.clone()))
                set=Callback::new(move |text: String| change(&|row| row.text.clone_from(&text)))
                error=Signal::derive(of_value)
                disabled=Signal::derive(move || row.with(|row| row.kind == VariableKind::Null)) />
            <button type="button" class="remove" aria-label=format!("Remove {what} {number}")
                on:click=move |_| desk.draft.update(|draft| {
                    let rows = place.1(draft);
                    if index < rows.len() { rows.remove(index); }
                })>"×"</button>
        </div>
    }
}

fn tag(kind: VariableKind) -> String {
    serde_json::to_value(kind).ok().and_then(|tag| tag.as_str().map(str::to_owned)).unwrap_or_default()
}
