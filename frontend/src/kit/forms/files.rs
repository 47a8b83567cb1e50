//! A draft as a link and as a file.

use base::draft::{self, Draft};
use leptos::{html::Input, prelude::*};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::Form;
use crate::{
    js::reason,
    kit::share,
    ui::{Notice, save_text},
};

/// Shows buttons that copy the draft's link, save it to a file, open one, and clear the form.
#[component]
pub(crate) fn DraftFiles<D: Draft>(
    form: Form<D>,
    limits: Signal<D::Limits>,
    notice: RwSignal<Option<Notice>>,
) -> impl IntoView
where
    D::Limits: Send + Sync,
{
    let input = NodeRef::<Input>::new();
    let save = move |_| {
        let (name, text) = form.draft.with_untracked(|draft| {
            let text = serde_json::to_string_pretty(draft).expect("a draft has string keys only");
            (format!("{}-{}.json", D::NOUN, draft.title()), text)
        });
        save_text(&name, "application/json", &text, notice);
    };
    let open = move |file: File| {
        spawn_local(async move {
            let name = file.name();
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            let text = text.ok_or_else(|| "it cannot be read".to_owned());
            let limits = |text: String| limits.try_with_untracked(|limits| draft::open::<D>(&text, limits));
            match text.map(limits) {
                Err(detail) | Ok(Some(Err(detail))) => {
                    let title = format!("{name} holds no {}", D::NOUN);
                    let _ = notice.try_set(Some(Notice {
                        title,
                        detail: format!("{detail}."),
                        ..Notice::default()
                    }));
                }
                Ok(Some(Ok((draft, errors)))) => {
                    form.replace(draft);
                    let damaged = (!errors.is_empty()).then(|| Notice {
                        title: format!("{name} could not be read as a whole:"),
                        detail: format!("{errors}. What could be read is in the form."),
                        ..Notice::default()
                    });
                    if damaged.is_some() {
                        let _ = notice.try_set(damaged);
                    }
                }
                // The panel is gone.
                Ok(None) => {}
            }
        });
    };
    view! {
        <div class="buttons">
            <button type="button" on:click=move |_| copy(notice, "The link", form.draft.with_untracked(share::link))>"Copy link"</button>
            <button type="button" on:click=save>"Save draft"</button>
            <button type="button" on:click=move |_| if let Some(input) = input.get_untracked() { input.click(); }>"Open draft"</button>
            <button type="button" on:click=move |_| form.replace(form.draft.with_untracked(Draft::cleared))>"Clear"</button>
            <input class="visually-hidden" type="file" accept="application/json,.json" tabindex="-1" aria-label="Draft to open" node_ref=input
                on:change=move |_| {
                    let file = input.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
                    if let Some(file) = file { open(file); }
                    // So that the same file can be opened again.
                    if let Some(input) = input.get_untracked() { input.set_value(""); }
                } />
        </div>
    }
}

/// Puts a text on the clipboard, or says that it is not there.
pub(super) fn copy(notice: RwSignal<Option<Notice>>, what: &'static str, text: String) {
    spawn_local(async move {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
        if let Err(error) = copied {
            let failed = Notice {
                title: format!("{what} was not copied"),
                detail: reason(&error),
                ..Notice::default()
            };
            let _ = notice.try_set(Some(failed));
        }
    });
}
