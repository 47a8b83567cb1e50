use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::EventTarget;

use super::Timeline;
use crate::{
    clock,
    js::{object, set},
    testing::{Key, Page, dispatch, key_down, mount, text, until, until_eq},
};

const RIGHT: Key = Key { key: "ArrowRight", code: "ArrowRight" };
const HOME: Key = Key { key: "Home", code: "Home" };
const NEXT: Key = Key { key: "PageUp", code: "PageUp" };

/// A call of four seconds: a menu, a key that is heard, the next menu.
fn timeline() -> (Page, EventTarget) {
    let began = clock::now().as_millis_f64() - 4_000.0;
    let moments = Array::new();
    for (number, (ms, kind, text)) in [
        (0.0, "call began", ""),
        (100.0, "menu", "Main menu"),
        (2_000.0, "pressed", "2"),
        (2_060.0, "heard", "2"),
        (2_070.0, "menu", "Support menu"),
        (4_000.0, "call over", ""),
    ]
    .into_iter()
    .enumerate()
    {
        moments.push(&object(&[
            ("number", &(number as u32 + 1).into()),
            ("at", &(began + ms).into()),
            ("kind", &kind.into()),
            ("text", &text.into()),
        ]));
    }
    let handle = EventTarget::new().expect("browsers have event targets");
    set(&handle, "moments", &moments);
    let given = JsValue::from(handle.clone());
    (mount(move || view! { <Timeline handle=given /> }), handle)
}

/// Waits until the timeline has the call's moments.
async fn until_taken_in(page: &Page) {
    let slider = page.one("slider", "Moment of the call").await;
    until("four seconds", || slider.get_attribute("aria-valuemax").as_deref() == Some("4")).await;
}

async fn until_words(page: &Page, words: &str) {
    let slider = page.one("slider", "Moment of the call").await;
    until(words, || slider.get_attribute("aria-valuetext").is_some_and(|text| text.contains(words))).await;
}

#[wasm_bindgen_test]
async fn the_cursor_says_what_was_the_case() {
    let (page, _) = timeline();
    until_taken_in(&page).await;
    until_words(&page, "none chosen").await;
    page.focus("slider", "Moment of the call").await;
    assert!(!key_down(HOME), "the page must not scroll");
    until_words(&page, "0:00.00 · no menu").await;
    key_down(NEXT);
    until_words(&page, "0:00.10 · Main menu").await;
    key_down(NEXT);
    until_words(&page, "0:02.00 · Main menu · 2 pressed, heard after 60 ms").await;
    key_down(RIGHT);
    until_words(&page, "Support menu").await;
}

#[wasm_bindgen_test]
async fn the_same_is_there_as_a_list_with_what_comes_later() {
    let (page, handle) = timeline();
    page.click("button", "As a list").await;
    let lines = || page.with_role("listitem").iter().map(text).collect::<Vec<_>>();
    until("the list", || lines().len() == 4).await;
    assert_eq!(lines()[1], "0:02.00 2 pressed, heard after 60 ms");
    let moments: Array = crate::js::field(&handle, "moments").into();
    moments.push(&object(&[
        ("number", &7.into()),
        ("at", &clock::now().as_millis_f64().into()),
        ("kind", &"call began".into()),
        ("text", &"".into()),
    ]));
    dispatch(&handle, "CustomEvent", "moments", &[]);
    until("the next call", || lines().is_empty()).await;
}

#[wasm_bindgen_test]
async fn following_is_left_for_a_look_at_the_whole_and_taken_up_again() {
    let (page, _) = timeline();
    until_taken_in(&page).await;
    let button = page.one("button", "Follow").await;
    let follows = || button.get_attribute("aria-pressed");
    until_eq(Some("true".to_owned()), follows).await;
    page.click("button", "Whole").await;
    until_eq(Some("false".to_owned()), follows).await;
    page.click("button", "Follow").await;
    until_eq(Some("true".to_owned()), follows).await;
}
