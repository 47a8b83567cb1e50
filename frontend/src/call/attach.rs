//! The form that follows a call that exists already.

use leptos::{ev::SubmitEvent, prelude::*};

use super::CallContext;

/// Shows the form for profiles that place no calls of their own.
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{mount_in_call, set_profile},
        testing::{Answer, FakeServer, Request, until},
    };
    use wire::{api::ProfileName, cxone::CallState};

    #[wasm_bindgen_test]
    async fn only_a_profile_that_places_no_calls_has_the_form() {
        let (page, context) = mount_in_call(|| view! { <Attach /> });
        page.none("form", "Attach to a call").await;
        set_profile(context.store, ProfileName::Sandbox);
        page.none("form", "Attach to a call").await;
        set_profile(context.store, ProfileName::Tutorial);
        page.one("form", "Attach to a call").await;
        context.store.set_call_state(crate::clock::now(), CallState::Connecting);
        until("the button's rest", || {
            page.all("button", "Attach").iter().any(|button| button.has_attribute("disabled"))
        })
        .await;
    }

    #[wasm_bindgen_test]
    async fn what_is_missing_is_named_at_its_field() {
        let (page, context) = mount_in_call(|| view! { <Attach /> });
        set_profile(context.store, ProfileName::Tutorial);
        page.type_into("textbox", "Interaction ID", "  ").await;
        assert_eq!(
            page.attribute("textbox", "Interaction ID", "aria-invalid").await.as_deref(),
            Some("false")
        );
        page.click("button", "Attach").await;
        for name in ["Interaction ID", "Call ID"] {
            let field = page.one("textbox", name).await;
            until(name, || field.get_attribute("aria-invalid").as_deref() == Some("true")).await;
            let message =
                page.select(&format!("#{}", field.get_attribute("aria-describedby").unwrap())).unwrap();
            assert!(crate::testing::text(&message).starts_with("Needed:"), "{name}");
        }
        page.type_into("textbox", "Call ID", "call-9").await;
        let field = page.one("textbox", "Call ID").await;
        until("the mended field", || field.get_attribute("aria-invalid").as_deref() == Some("false")).await;
        assert!(context.store.ids.with_untracked(Option::is_none), "nothing was attached");
    }

    #[wasm_bindgen_test]
    async fn a_call_is_followed_once_both_ids_are_given() {
        let _server = FakeServer::start(|_: Request| async { Answer::problem(404, "Not found") });
        let (page, context) = mount_in_call(|| view! { <Attach /> });
        set_profile(context.store, ProfileName::Tutorial);
        page.type_into("textbox", "Interaction ID", " interaction-9 ").await;
        page.type_into("textbox", "Call ID", "call-9").await;
        page.click("button", "Attach").await;
        until("the call", || {
            context.store.ids.with_untracked(|ids| {
                ids.as_ref().is_some_and(|ids| {
                    ids.interaction == "interaction-9" && ids.call.as_deref() == Some("call-9")
                })
            })
        })
        .await;
        assert_eq!(context.store.call.get_untracked(), CallState::Connecting);
        context.driver().call_over(crate::clock::now());
    }
}
