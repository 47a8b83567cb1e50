//! Something that is on or off.

use leptos::prelude::*;

use super::{Complaint, Field, field::message_id};

/// Shows a switch with its name and what is wrong with it.
#[component]
pub(crate) fn SwitchField(
    #[prop(into)] label: String,
    field: Field<bool>,
    /// The switch's `id`, unique in the page, where something can be wrong with it.
    #[prop(optional)]
    id: Option<&'static str>,
) -> impl IntoView {
    let Field { value, set, error } = field;
    let message = id.map(message_id);
    view! {
        <label class="switch">
            <input type="checkbox" role="switch" id=id prop:checked=value
                aria-invalid=id.map(|_| move || error.with(Option::is_some).to_string())
                aria-describedby=message.clone()
                on:change=move |change| set.run(event_target_checked(&change)) />
            {label}
        </label>
        {message.map(|id| view! { <Complaint id error /> })}
    }
}
