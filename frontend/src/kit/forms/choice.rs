//! One of several values.

use leptos::prelude::*;

use super::{Complaint, Field, field::message_id};

/// Shows a list to choose one value from. A value that is not in it is shown as such.
#[component]
pub(crate) fn ChoiceField(
    /// The field's `id`, unique in the page.
    #[prop(into)]
    id: String,
    #[prop(into)] label: Signal<String>,
    /// True when the name is for assistive technology only.
    #[prop(optional)]
    bare: bool,
    field: Field<String>,
    /// Values and their names.
    options: Vec<(String, String)>,
    /// Text in place of an empty value that is not in the list.
    #[prop(default = "choose one")]
    empty: &'static str,
    /// Text about the chosen value, between the list and its errors.
    #[prop(optional, into)]
    hint: Option<Signal<Option<String>>>,
) -> impl IntoView {
    let Field { value, set, error } = field;
    let message = message_id(&id);
    let known: Vec<String> = options.iter().map(|(value, _)| value.clone()).collect();
    let unlisted = move || {
        let value = value.get();
        let name = if value.is_empty() { empty.to_owned() } else { format!("{value} (not in the list)") };
        (!known.contains(&value)).then(|| view! { <option value=value selected>{name}</option> })
    };
    let options = options
        .into_iter()
        .map(|(option, name)| {
            let chosen = option.clone();
            view! { <option value=option prop:selected=move || value.with(|value| *value == chosen)>{name}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone() class:visually-hidden=bare>{label}</label>
            <select id=id
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=message.clone()
                on:change=move |change| set.run(event_target_value(&change))>
                {unlisted}
                {options}
            </select>
            {hint.map(|hint| view! { <p class="fine">{hint}</p> })}
            <Complaint id=message error />
        </div>
    }
}
