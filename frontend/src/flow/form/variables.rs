//! Variables with typed values, for the request and for what is expected of it.

use leptos::prelude::*;
use scenario::flow::{SimulationDraft, VariableDraft, VariableKind};

use crate::{
    flow::state::FlowState,
    kit::forms::{ChoiceField, List, Row, Rows, TextField, lens},
};

/// Shows rows of name, type and value.
#[component]
pub(super) fn Variables(
    /// The beginning of the fields' `id`s.
    id: &'static str,
    /// What a row is called.
    what: &'static str,
    list: List<SimulationDraft, VariableDraft>,
) -> impl IntoView {
    view! { <Rows id what class="variable" list row=fields /> }
}

fn fields(row: Row<SimulationDraft, VariableDraft>, name: String) -> impl IntoView {
    let path = row.list.path();
    let form = row.list.form();
    let variable = Memo::new(move |_| row.get());
    // Errors are named by the variable. They are the value's where the value is wrong, else the name's.
    let of_value = move || variable.with(|variable| variable.value().err());
    let of_name = move || {
        let field = variable.with(|variable| format!("{path}.{}", variable.name.trim()));
        let value = of_value();
        let errors = form.errors_under(&field);
        let mine =
            errors.iter().filter(|error| error.field == field && Some(&error.message) != value.as_ref());
        let messages: Vec<&str> = mine.map(|error| &*error.message).collect();
        (!messages.is_empty()).then(|| messages.join("; "))
    };
    let kind = row.field(lens!(kind), "kind").by_name(VariableKind::ALL, VariableKind::tag);
    let kinds = VariableKind::ALL.map(|kind| (kind.tag().to_owned(), kind.name().to_owned())).to_vec();
    let id = format!("flow-{path}-{}", row.index);
    let state = expect_context::<FlowState>();
    let advice = Memo::new(move |_| {
        let model = state.draft.with(|draft| state.flow(draft.flow_id.trim()))?.ok()?;
        variable.with(|variable| variable.advice(model.flow()))
    });
    view! {
        <TextField id=format!("{id}-name") label=format!("{name} name") bare=true placeholder="name"
            field=row.field(lens!(name), "name").with_error(of_name) />
        <ChoiceField id=format!("{id}-type") label=format!("{name} type") bare=true field=kind options=kinds />
        <TextField id=format!("{id}-value") label=name + " value" bare=true placeholder="value"
            field=row.field(lens!(text), "text").with_error(of_value)
            disabled=Signal::derive(move || variable.with(|variable| variable.kind == VariableKind::Null)) />
        <p class="advice" role="status">{advice}</p>
    }
}
