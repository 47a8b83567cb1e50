//! The sources of a prompt: files, the stand-in's recordings, the microphone, and test signals.

use js_sys::{ArrayBuffer, Float32Array};
use leptos::{html::Input, prelude::*};
use prompt::catalogue::PromptList;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File, FileList};

use super::{microphone::Microphone, state::PromptState, test_signal::TestSignal};
use crate::{js::reason, net::api, ui::Notice};

/// Shows where a prompt comes from.
#[component]
pub(super) fn Source() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let input = NodeRef::<Input>::new();
    let is_over = RwSignal::new(false);
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        if let Some(files) = event.data_transfer().and_then(|data| data.files()) {
            open_all(state, &files);
        }
    };
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        if let Some(files) = input.files() {
            open_all(state, &files);
        }
        // The same file can be chosen again.
        input.set_value("");
    };
    view! {
        <div class="source" class:over=move || is_over.get()
            on:dragover=move |event: DragEvent| { event.prevent_default(); is_over.set(true); }
            on:dragleave=move |_| is_over.set(false) on:drop=dropped>
            <label for="prompt-file" class="visually-hidden">"Audio file"</label>
            <input id="prompt-file" type="file" accept="audio/*,.wav,.flac,.mp3,.ogg,.opus,.m4a,.ulaw,.alaw" multiple
                node_ref=input on:change=chosen />
            <div class="buttons">
                <Show when=move || state.has_stand_in()><StandInPrompts /></Show>
                <Microphone />
                <TestSignal />
            </div>
        </div>
    }
}

/// Opens files, in their order.
fn open_all(state: PromptState, files: &FileList) {
    for index in 0..files.length() {
        if let Some(file) = files.get(index) {
            open(state, &file);
        }
    }
}

/// Opens a file. Where the form has no prompt yet, it is named after it.
fn open(state: PromptState, file: &File) {
    let name = file.name();
    propose(state, &name);
    let bytes = file.array_buffer();
    let called = name.clone();
    state.add(name, false, async move |lab, clip| {
        let bytes = JsFuture::from(bytes).await.map_err(|error| reason(&error))?;
        lab.open(clip, &called, bytes.unchecked_into::<ArrayBuffer>()).await
    });
}

/// Fills the form's prompt in, unless something stands there.
pub(super) fn propose(state: PromptState, file_name: &str) {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let id: String = stem
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .collect();
    state.form.draft.update(|draft| {
        if draft.prompt_id.trim().is_empty() {
            draft.prompt_id = id;
        }
    });
}

/// Adds samples that were made in this page.
pub(super) fn add_samples(state: PromptState, name: &str, samples: Vec<Float32Array>, rate: u32) {
    let called = name.to_owned();
    state.add(name.to_owned(), false, async move |lab, clip| {
        lab.open_samples(clip, &called, samples, rate).await
    });
}

/// Shows the stand-in's recordings, to open one.
#[component]
fn StandInPrompts() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let list = RwSignal::new(None::<Result<PromptList, Notice>>);
    spawn_local(async move {
        let answer = api::prompts().await.map_err(Notice::from);
        let _ = list.try_set(Some(answer));
    });
    let open = move |id: String| {
        if id.is_empty() {
            return;
        }
        state.form.draft.update(|draft| draft.prompt_id.clone_from(&id));
        let given = id.clone();
        let clip = state.add(id.clone(), false, async move |lab, clip| {
            let bytes = api::prompt_audio(&id).await.map_err(|problem| Notice::from(problem).detail)?;
            lab.open(clip, &format!("{id}.wav"), bytes).await
        });
        clip.given.set(Some(given));
    };
    let names = move || {
        list.with(|list| match list {
            Some(Ok(list)) => {
                list.prompts.iter().map(|prompt| prompt.prompt_id.to_string()).collect::<Vec<_>>()
            }
            Some(Err(_)) | None => Vec::new(),
        })
    };
    view! {
        <label class="visually-hidden" for="prompt-stand-in">"Stand-in's prompt"</label>
        <select id="prompt-stand-in" on:change=move |change| {
            open(event_target_value(&change));
            if let Some(select) = change.target().and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok()) {
                select.set_value("");
            }
        }>
            <option value="">"Stand-in …"</option>
            {move || names().into_iter().map(|name| {
                let value = name.clone();
                view! { <option value=value>{name}</option> }
            }).collect_view()}
        </select>
        <datalist id="prompt-ids">
            {move || names().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
        </datalist>
    }
}

/// Says why something of the browser's did not work.
pub(super) fn refused(title: &str, error: &JsValue) -> Notice {
    Notice { title: title.into(), detail: reason(error), ..Notice::default() }
}
