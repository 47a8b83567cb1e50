//! A line of text.

use leptos::prelude::*;

use super::{Field, field::message_id};

/// Shows a line of text with its name and what is wrong with it.
#[component]
pub(crate) fn TextField(
    /// The field's `id`, unique in the page.
    #[prop(into)]
    id: String,
    #[prop(into)] label: Signal<String>,
    /// True when the name is for assistive technology only, where a heading says it for a whole column.
    #[prop(optional)]
    bare: bool,
    field: Field<String>,
    /// The `id` of a list of proposals.
    #[prop(optional)]
    list: Option<&'static str>,
    #[prop(optional, into)] placeholder: Signal<String>,
    #[prop(optional)] disabled: Signal<bool>,
) -> impl IntoView {
    let Field { value, set, error } = field;
    let message = message_id(&id);
    view! {
        <div class="field">
            <label for=id.clone() class:visually-hidden=bare>{label}</label>
            <input id=id type="text" autocomplete="off" spellcheck="false" list=list placeholder=placeholder
                disabled=disabled
                prop:value=value
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=message.clone()
                on:input=move |input| set.run(event_target_value(&input)) />
            <Complaint id=message error />
        </div>
    }
}

/// Shows what is wrong with a field.
#[component]
pub(crate) fn Complaint(#[prop(into)] id: String, error: Signal<Option<String>>) -> impl IntoView {
    view! { <p class="field-error" id=id>{error}</p> }
}
