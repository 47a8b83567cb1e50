//! The way from a panel to what the audit trail says of it.

use leptos::prelude::*;

/// Beginning of the fragment with which `/audit` opens with its filter filled in.
pub(crate) const TRAIL_FILTER: &str = "#filter=";

/// A link to the entries that contain a text, such as a simulation's identifier; nothing where there is none.
#[component]
pub(crate) fn TrailLink(#[prop(into)] text: Signal<Option<String>>) -> impl IntoView {
    move || {
        let text = text.get().filter(|text| !text.is_empty())?;
        let address = format!("/audit{TRAIL_FILTER}{}", String::from(js_sys::encode_uri_component(&text)));
        Some(view! { <p class="fine"><a href=address>"Its entries in the audit trail"</a></p> })
    }
}
