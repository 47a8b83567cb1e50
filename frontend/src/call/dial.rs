//! The field that takes a dial script, and what is pasted where nothing takes text.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{DataTransfer, Element};

use super::CallContext;
use crate::js::field;

/// Shows the field, its error, and while a script is played a button that stops it.
#[component]
pub(super) fn DialField() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let text = RwSignal::new(String::new());
    let error = RwSignal::new(String::new());
    let remaining = context.store.script;
    let dial = move |script: &str| match context.dial_script(script) {
        Ok(()) => error.set(String::new()),
        Err(reason) => error.set(reason),
    };
    let paste = window_event_listener(ev::paste, move |event| {
        let elsewhere =
            event.target().and_then(|target| target.dyn_into::<Element>().ok()).is_none_or(|element| {
                element.closest("input, textarea, select, [contenteditable]").is_ok_and(|it| it.is_none())
            });
        let data = field(&event, "clipboardData").dyn_into::<DataTransfer>().ok();
        if elsewhere && let Some(pasted) = data.and_then(|data| data.get_data("text").ok()) {
            text.set(pasted.clone());
            dial(&pasted);
        }
    });
    on_cleanup(move || paste.remove());
    view! {
        <form class="dial" on:submit=move |submit| {
            submit.prevent_default();
            dial(&text.get_untracked());
        }>
            <label for="dial-script">"Dial"</label>
            <input id="dial-script" type="text" placeholder="for example 2w2p1#" autocomplete="off" spellcheck="false"
                prop:value=text on:input=move |input| text.set(event_target_value(&input))
                aria-invalid=move || (!error.with(String::is_empty)).to_string() aria-describedby="dial-error" />
            <button type="submit">"Send digits"</button>
            <button type="button" hidden=move || remaining.get() == 0 on:click=move |_| context.stop_script()>
                {move || format!("Stop ({} left)", remaining.get())}
            </button>
            <p id="dial-error" class="error">{error}</p>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::call::testing::{follow, mount_in_call};

    #[wasm_bindgen_test]
    async fn a_script_is_dialled_from_the_field_and_a_wrong_one_says_where() {
        let (page, context) = mount_in_call(|| view! { <DialField /> });
        follow(context);
        for state in [wire::cxone::CallState::Connecting, wire::cxone::CallState::Streaming] {
            context.store.set_call_state(crate::clock::now(), state);
        }
        page.type_into("textbox", "Dial", "1x").await;
        page.click("button", "Send digits").await;
        crate::testing::until("the error", || page.text().contains("position 2: 'x'")).await;
        page.type_into("textbox", "Dial", "12,3").await;
        page.click("button", "Send digits").await;
        let dialled = context.store.dialled;
        crate::testing::until("two digits", || dialled.with_untracked(|all| all.presses.len() == 2)).await;
        page.click("button", "Stop (1 left)").await;
        assert_eq!(context.store.script.get_untracked(), 0);
        assert!(context.driver().script.borrow().is_none());
    }
}
