//! Following a call that exists already.

use leptos::{ev::SubmitEvent, prelude::*};

use super::CallContext;

/// The form for profiles that place no calls of their own.
#[component]
pub(super) fn Attach() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let interaction = RwSignal::new(String::new());
    let call = RwSignal::new(String::new());
    let flow = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let missing = move |field: RwSignal<String>| tried.get() && field.get().trim().is_empty();
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        tried.set(true);
        let value = |field: RwSignal<String>| field.get_untracked().trim().to_owned();
        if !value(interaction).is_empty() && !value(call).is_empty() {
            context.attach(value(interaction), value(call), value(flow));
        }
    };
    let elsewhere =
        move || store.profile.with(|profile| matches!(profile, Some(Ok(_)))) && !store.is_sandbox();
    view! {
        <Show when=move || elsewhere()>
            <form class="panel attach" aria-label="Attach to a call" on:submit=submit novalidate>
                <h2>"Attach to a call"</h2>
                <Field id="attach-interaction" label="Interaction ID" value=interaction
                    error=Signal::derive(move || missing(interaction).then_some("Needed: the id of a live interaction, for its events.")) />
                <Field id="attach-call" label="Call ID" value=call
                    error=Signal::derive(move || missing(call).then_some("Needed: the id of its call, for the voice stream.")) />
                <Field id="attach-flow" label="Flow ID (optional)" value=flow error=Signal::derive(|| None) />
                <button type="submit" disabled=move || store.call.get().is_live()>"Attach"</button>
            </form>
        </Show>
    }
}

#[component]
fn Field(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    error: Signal<Option<&'static str>>,
) -> impl IntoView {
    let message = format!("{id}-error");
    view! {
        <label class="field" for=id>
            {label}
            <input id=id type="text" autocomplete="off" spellcheck="false"
                prop:value=move || value.get()
                aria-invalid=move || error.get().is_some().to_string()
                aria-describedby=message.clone()
                on:input=move |input| value.set(event_target_value(&input)) />
        </label>
        <p id=message class="field-error">{move || error.get()}</p>
    }
}
