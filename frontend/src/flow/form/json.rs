//! The request as JSON, editable, and the draft as a file or a link.

use leptos::{html::Input, prelude::*};
use shared::flow::{Draft, SimulationRequest};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::field::Complaint;
use crate::{
    flow::{
        desk::{Desk, told},
        link,
    },
    js::reason,
    ui::{Notice, download},
};

/// The text, and what can be done with it.
#[component]
pub(super) fn Json() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = Memo::new(move |_| match desk.payload.get() {
        Some(typed) => typed,
        None => desk.draft.with(pretty),
    });
    let complaint = Signal::derive(move || desk.text_error());
    let typed = move |text: String| {
        if let Ok(request) = SimulationRequest::parse(&text, &desk.limits()) {
            take(desk, &request);
        }
        desk.payload.set(Some(text));
    };
    // Text that can be read stands in the form; from then on the form's own JSON is shown.
    let left = move || {
        if untrack(|| complaint.get()).is_none() {
            desk.payload.set(None);
        }
    };
    view! {
        <details class="json">
            <summary>"Request as JSON"</summary>
            <label class="visually-hidden" for="flow-json">"Request as JSON"</label>
            <textarea id="flow-json" class="digits" rows="12" spellcheck="false"
                prop:value=text
                aria-invalid=move || complaint.with(Option::is_some).then_some("true")
                aria-describedby=move || complaint.with(Option::is_some).then_some("flow-json-error")
                on:input=move |input| typed(event_target_value(&input))
                on:blur=move |_| left()></textarea>
            <Complaint id="flow-json-error".to_owned() error=complaint />
            <div class="buttons">
                <button type="button" on:click=move |_| copy(desk, "The JSON", text.get_untracked())>"Copy JSON"</button>
                <Show when=move || complaint.with(Option::is_some)>
                    <button type="button" on:click=move |_| desk.payload.set(None)>"Discard this text"</button>
                </Show>
            </div>
        </details>
        <Files />
    }
}

#[component]
fn Files() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let input = NodeRef::<Input>::new();
    let save = move |_| {
        let draft = desk.draft.get_untracked();
        let text = serde_json::to_string_pretty(&draft).expect("a draft has string keys only");
        if let Err(error) = download(&format!("simulation-{}.json", draft.flow_id), "application/json", &text)
        {
            desk.notice.set(Some(Notice { title: "The file was not saved".into(), detail: reason(&error) }));
        }
    };
    let open = move |file: File| {
        spawn_local(async move {
            let name = file.name();
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            match text.ok_or("it cannot be read".to_owned()).and_then(|text| read(desk, &text)) {
                Ok(draft) => {
                    let _ = desk.payload.try_set(None);
                    let _ = desk.draft.try_set(draft);
                }
                Err(why) => {
                    let notice = Notice { title: format!("{name} holds no simulation"), detail: why };
                    let _ = desk.notice.try_set(Some(notice));
                }
            }
        });
    };
    view! {
        <div class="buttons">
            <button type="button" on:click=move |_| copy(desk, "The link", desk.draft.with_untracked(link::link))>"Copy link"</button>
            <button type="button" on:click=save>"Save draft"</button>
            <button type="button" on:click=move |_| if let Some(input) = input.get_untracked() { input.click(); }>"Open draft"</button>
            <button type="button" on:click=move |_| {
                desk.payload.set(None);
                desk.draft.update(|draft| *draft = Draft { flow_id: std::mem::take(&mut draft.flow_id), ..Draft::default() });
            }>"Clear"</button>
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

/// A file's draft: one that was saved here, or a request's body.
fn read(desk: Desk, text: &str) -> Result<Draft, String> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("It is no JSON: {error}."))?;
    if value.get("dtmfSequence").is_none() && value.get("flowId").is_some() {
        return serde_json::from_value(value).map_err(|error| format!("{error}."));
    }
    SimulationRequest::from_json(&value, &untrack(|| desk.limits()))
        .map(|request| Draft::from_request(&request))
        .map_err(|errors| {
            let told: Vec<String> = errors.iter().map(told).collect();
            format!("{}.", told.join("; "))
        })
}

fn take(desk: Desk, request: &SimulationRequest) {
    desk.draft.update(|draft| {
        let expectation = std::mem::take(&mut draft.expectation);
        *draft = Draft { expectation, ..Draft::from_request(request) };
    });
}

fn pretty(draft: &Draft) -> String {
    serde_json::to_string_pretty(&draft.to_json().0).expect("a request has string keys only")
}

fn copy(desk: Desk, what: &'static str, text: String) {
    spawn_local(async move {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
        if let Err(error) = copied {
            let notice = Notice { title: format!("{what} was not copied"), detail: reason(&error) };
            let _ = desk.notice.try_set(Some(notice));
        }
    });
}
