//! A field with its name and what is wrong with it.

use leptos::prelude::*;

/// A line of text.
#[component]
pub(super) fn TextField(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    #[prop(into)] label: Signal<String>,
    /// Whether the name is for assistive technology only, where a heading says it for a whole column.
    #[prop(optional)]
    bare: bool,
    value: Signal<String>,
    set: Callback<String>,
    error: Signal<Option<String>>,
    /// The identifier of a list of proposals.
    #[prop(optional)]
    list: Option<&'static str>,
    #[prop(optional)] placeholder: &'static str,
    #[prop(optional)] disabled: Signal<bool>,
) -> impl IntoView {
    let message = format!("{id}-error");
    let described = {
        let message = message.clone();
        move || error.with(Option::is_some).then(|| message.clone())
    };
    view! {
        <div class="field">
            <label for=id.clone() class:visually-hidden=bare>{label}</label>
            <input id=id type="text" autocomplete="off" spellcheck="false" list=list placeholder=placeholder
                disabled=disabled
                prop:value=value
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=described
                on:input=move |input| set.run(event_target_value(&input)) />
            <Complaint id=message error />
        </div>
    }
}

/// What is wrong with a field.
#[component]
pub(super) fn Complaint(id: String, error: Signal<Option<String>>) -> impl IntoView {
    view! { <p class="field-error" id=id>{error}</p> }
}

/// One of several values.
#[component]
pub(super) fn Choice(
    #[prop(into)] label: Signal<String>,
    value: Signal<String>,
    set: Callback<String>,
    /// Value and name.
    options: Vec<(String, String)>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(option, name)| {
            let chosen = option.clone();
            view! { <option value=option prop:selected=move || value.with(|value| *value == chosen)>{name}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <select aria-label=label on:change=move |change| set.run(event_target_value(&change))>{options}</select>
        </div>
    }
}
