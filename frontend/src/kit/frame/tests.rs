use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

use super::{Frame, Inspector, Rail, Surface, Tray};
use crate::testing::{Key, Page, dispatch, key_down, mount, text, until};

const RIGHT: Key = Key { key: "ArrowRight", code: "ArrowRight" };
const LEFT: Key = Key { key: "ArrowLeft", code: "ArrowLeft" };
const UP: Key = Key { key: "ArrowUp", code: "ArrowUp" };
const HOME: Key = Key { key: "Home", code: "Home" };
const END: Key = Key { key: "End", code: "End" };
const ENTER: Key = Key { key: "Enter", code: "Enter" };

fn forget(name: &str) {
    let storage = window().local_storage().ok().flatten().expect("the browser keeps things");
    storage.remove_item(&format!("dialbench.frame.{name}")).expect("it forgets them, too");
}

fn frame(path: &'static str) -> Page {
    mount(move || {
        view! {
            <Frame path>
                <Rail slot label="Draft">"a form"</Rail>
                <Surface slot label="Picture">"a picture"</Surface>
                <Inspector slot label="Verdict">"a verdict"</Inspector>
                <Tray slot label="Runs">"a table"</Tray>
            </Frame>
        }
    })
}

async fn size(page: &Page, name: &str) -> f64 {
    let size = page.attribute("separator", name, "aria-valuenow").await;
    size.and_then(|size| size.parse().ok()).expect("a separator has a value")
}

async fn until_size(page: &Page, name: &str, px: f64) {
    let line = page.one("separator", name).await;
    let size = |line: &Element| line.get_attribute("aria-valuenow").and_then(|size| size.parse::<f64>().ok());
    until(&format!("{name} {px}"), || size(&line) == Some(px)).await;
}

#[wasm_bindgen_test]
async fn places_are_resized_by_keyboard_and_remembered() {
    forget("resize");
    let page = frame("/resize");
    for (name, larger) in [("Width of Draft", RIGHT), ("Width of Verdict", LEFT), ("Height of Runs", UP)] {
        let before = size(&page, name).await;
        page.focus("separator", name).await;
        assert!(!key_down(larger), "the page must not scroll");
        until_size(&page, name, before + 16.0).await;
    }
    page.focus("separator", "Width of Draft").await;
    key_down(END);
    let most = page.attribute("separator", "Width of Draft", "aria-valuemax").await;
    until_size(&page, "Width of Draft", most.and_then(|px| px.parse().ok()).expect("a limit")).await;
    key_down(HOME);
    let least = page.attribute("separator", "Width of Draft", "aria-valuemin").await;
    let least: f64 = least.and_then(|px| px.parse().ok()).expect("a limit");
    until_size(&page, "Width of Draft", least).await;
    key_down(LEFT);
    until_size(&page, "Width of Draft", least).await;
    drop(page);
    let page = frame("/resize");
    until_size(&page, "Width of Draft", least).await;
    forget("resize");
}

#[wasm_bindgen_test]
async fn places_fold_and_stay_folded() {
    forget("fold");
    let page = frame("/fold");
    let open = async |page: &Page, name: &str| page.attribute("button", name, "aria-expanded").await;
    assert_eq!(open(&page, "Draft").await.as_deref(), Some("true"));
    page.click("button", "Draft").await;
    until("a folded rail", || page.select(".rail.folded").is_some()).await;
    assert_eq!(open(&page, "Draft").await.as_deref(), Some("false"));
    page.focus("separator", "Height of Runs").await;
    key_down(ENTER);
    until("a folded tray", || page.select(".tray.folded").is_some()).await;
    let said = page.attribute("separator", "Height of Runs", "aria-valuetext").await;
    assert_eq!(said.as_deref(), Some("folded"));
    drop(page);
    let page = frame("/fold");
    assert_eq!(open(&page, "Draft").await.as_deref(), Some("false"));
    page.click("button", "Draft").await;
    until("the rail again", || page.select(".rail.folded").is_none()).await;
    forget("fold");
}

#[wasm_bindgen_test]
async fn a_place_is_resized_by_dragging_its_line() {
    forget("drag");
    let page = frame("/drag");
    let before = size(&page, "Width of Draft").await;
    let line = page.one("separator", "Width of Draft").await;
    let event = |kind: &str, x: i32| {
        let fields: [(&str, &JsValue); 3] =
            [("clientX", &x.into()), ("button", &0.into()), ("pointerId", &1.into())];
        dispatch(&line, "PointerEvent", kind, &fields);
    };
    event("pointerdown", 300);
    event("pointermove", 340);
    until_size(&page, "Width of Draft", before + 40.0).await;
    event("pointerup", 340);
    event("pointermove", 400);
    until_size(&page, "Width of Draft", before + 40.0).await;
    forget("drag");
}

#[wasm_bindgen_test]
async fn every_place_has_a_tab_and_one_is_the_stop() {
    let page = frame("/tabs");
    let tabs = page.with_role("tab");
    let labels: Vec<_> = tabs.iter().map(text).collect();
    assert_eq!(labels, ["Draft", "Picture", "Verdict", "Runs"]);
    let stops = tabs.iter().filter(|tab| tab.get_attribute("tabindex").as_deref() == Some("0")).count();
    assert_eq!(stops, 1);
    page.focus("tab", "Draft").await;
    key_down(RIGHT);
    until("the next tab", || tabs[1].get_attribute("aria-selected").as_deref() == Some("true")).await;
    forget("tabs");
}
