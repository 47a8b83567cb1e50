//! The payload as JSON, to be read, copied and edited.

use base::draft::Draft;
use leptos::prelude::*;

use super::{Complaint, Form, field::message_id, files::copy, form::check_text};
use crate::ui::Notice;

/// Shows the payload's text. What is typed into it stands in the form as soon as it can be read.
#[component]
pub(crate) fn JsonText<D: Draft>(
    /// The text's `id`, unique in the page.
    id: &'static str,
    label: &'static str,
    form: Form<D>,
    limits: Signal<D::Limits>,
    notice: RwSignal<Option<Notice>>,
) -> impl IntoView
where
    D::Limits: Send + Sync,
{
    let text = Memo::new(move |_| match form.text.get() {
        Some(typed) => typed,
        None => form.draft.with(pretty),
    });
    let error = Signal::derive(move || form.text_error());
    let typed = move |text: String| {
        limits.with_untracked(|limits| {
            if check_text::<D>(&text, limits).is_ok()
                && let Ok(json) = serde_json::from_str(&text)
            {
                form.draft.update(|draft| drop(draft.set_payload(&json, limits)));
            }
        });
        form.text.set(Some(text));
    };
    // A text that can be read stands in the form; from then on the form's own JSON is shown.
    let left = move |_| {
        if untrack(|| error.get()).is_none() {
            form.text.set(None);
        }
    };
    view! {
        <details class="json">
            <summary>{label}</summary>
            <label class="visually-hidden" for=id>{label}</label>
            <textarea id=id class="digits" rows="12" spellcheck="false"
                prop:value=text
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=message_id(id)
                on:input=move |input| typed(event_target_value(&input))
                on:blur=left></textarea>
            <Complaint id=message_id(id) error />
            <div class="buttons">
                <button type="button" on:click=move |_| copy(notice, "The JSON", text.get_untracked())>"Copy JSON"</button>
                <Show when=move || error.with(Option::is_some)>
                    <button type="button" on:click=move |_| form.text.set(None)>"Discard this text"</button>
                </Show>
            </div>
        </details>
    }
}

fn pretty<D: Draft>(draft: &D) -> String {
    serde_json::to_string_pretty(&draft.payload()).expect("a payload has string keys only")
}
