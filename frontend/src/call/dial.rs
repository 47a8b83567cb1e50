//! The field that takes a dial script, and what is pasted where nothing takes text.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{DataTransfer, Element, HtmlSelectElement};

use super::{CallContext, sequences};
use crate::js::field;

/// Shows the field, its error, and while a script is played a button that stops it.
#[component]
pub(super) fn DialField() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let text = RwSignal::new(String::new());
    let error = RwSignal::new(String::new());
    let remaining = context.store.script;
    let sequences = RwSignal::new(sequences::stored());
    let is_saved = move || sequences.with(|saved| saved.iter().any(|one| one == text.read().trim()));
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
            <button type="button" class="save" on:click=move |_| match sequences::toggle(&text.get_untracked()) {
                Ok(saved) => {
                    error.set(String::new());
                    sequences.set(saved);
                }
                Err(reason) => error.set(reason),
            }>{move || if is_saved() { "Forget sequence" } else { "Save sequence" }}</button>
            <button type="button" class="stop" hidden=move || remaining.get() == 0 on:click=move |_| context.stop_script()>
                {move || format!("Stop ({} left)", remaining.get())}
            </button>
            <select aria-label="Saved sequences" hidden=move || sequences.with(Vec::is_empty)
                on:change=move |change| {
                    let list: HtmlSelectElement = event_target(&change);
                    text.set(list.value());
                    // So that the same one can be chosen again.
                    list.set_value("");
                }>
                <option value="" hidden>"Saved sequences"</option>
                {move || sequences.get().into_iter().map(|one| view! { <option>{one}</option> }).collect_view()}
            </select>
            <p id="dial-error" class="error">{error}</p>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{follow, mount_in_call},
        testing::until,
    };

    #[wasm_bindgen_test]
    async fn a_sequence_is_saved_chosen_and_forgotten() {
        let (page, _context) = mount_in_call(|| view! { <DialField /> });
        page.type_into("textbox", "Dial", "4711#").await;
        page.click("button", "Save sequence").await;
        page.type_into("textbox", "Dial", "1").await;
        page.choose("Saved sequences", "4711#").await;
        let field = page.one("textbox", "Dial").await;
        until("the sequence", || crate::js::field(&field, "value") == "4711#").await;
        page.click("button", "Forget sequence").await;
        page.one("button", "Save sequence").await;
        assert!(sequences::stored().iter().all(|kept| kept != "4711#"));
    }

    #[wasm_bindgen_test]
    async fn a_script_is_dialled_from_the_field_and_a_wrong_one_says_where() {
        let (page, context) = mount_in_call(|| view! { <DialField /> });
        follow(context);
        for state in [wire::cxone::CallState::Connecting, wire::cxone::CallState::Streaming] {
            context.store.set_call_state(crate::clock::now(), state);
        }
        page.type_into("textbox", "Dial", "1x").await;
        page.click("button", "Send digits").await;
        until("the error", || page.text().contains("position 2: 'x'")).await;
        page.type_into("textbox", "Dial", "12,3").await;
        page.click("button", "Send digits").await;
        let dialled = context.store.dialled;
        until("two digits", || dialled.with_untracked(|all| all.presses.len() == 2)).await;
        page.click("button", "Stop (1 left)").await;
        assert_eq!(context.store.script.get_untracked(), 0);
        assert!(context.driver().script.borrow().is_none());
    }
}
