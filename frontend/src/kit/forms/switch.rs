//! Something that is on or off.

use leptos::prelude::*;

use super::Field;

/// Shows a switch with its name.
#[component]
pub(crate) fn SwitchField(#[prop(into)] label: String, field: Field<bool>) -> impl IntoView {
    view! {
        <label class="switch">
            <input type="checkbox" prop:checked=field.value
                on:change=move |change| field.set.run(event_target_checked(&change)) />
            {label}
        </label>
    }
}
