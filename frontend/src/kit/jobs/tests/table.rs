//! The list, by mouse and by keyboard.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::{Key, key_down};

const DOWN: Key = Key { key: "ArrowDown", code: "ArrowDown" };

/// Three tasks: one is over, one under way, one waits.
async fn three() -> Page {
    reset();
    let page = open();
    runner().set_max_running(1);
    finish("id of bb");
    submit_all(&["bb", "a", "ccc"]);
    until_states(&page, &["waiting (1)", "running", "completed"]).await;
    page
}

#[wasm_bindgen_test]
async fn the_list_is_filtered_and_sorted() {
    let page = three().await;
    assert_eq!(column(&page, 0), ["3", "2", "1"], "newest first");
    page.click("button", "Draft").await;
    until("the order", || column(&page, 1) == ["a", "bb", "ccc"]).await;
    page.click("button", "Task").await;
    until("the order", || column(&page, 0) == ["1", "2", "3"]).await;
    page.type_into("searchbox", "Filter", "waiting").await;
    until("the match", || column(&page, 1) == ["ccc"]).await;
    page.click("button", "Save Tasks as CSV").await;
    let sheet = EXPORTED.take().expect("what is seen is exported");
    assert_eq!(sheet.rows, [["3", "ccc", "waiting (1)", ""]]);
    page.type_into("searchbox", "Filter", "").await;
    until("all of them", || rows(&page).len() == 3).await;
    assert_eq!(column(&page, 3), ["2", "", ""], "the verdict of what is over");
}

#[wasm_bindgen_test]
async fn two_tasks_are_selected_and_rows_are_walked_by_keyboard() {
    let page = three().await;
    page.focus("button", "Show task 3").await;
    page.click("button", "Show task 3").await;
    assert!(!key_down(DOWN), "the table takes the key");
    let focused = || {
        let active = crate::testing::document().active_element();
        active.and_then(|element| element.get_attribute("aria-label")).unwrap_or_default()
    };
    until("the next row", || focused() == "Show task 2").await;
    let pressed = |name: &str| {
        let button = page.all("button", name).pop();
        button.is_some_and(|button| button.get_attribute("aria-pressed").as_deref() == Some("true"))
    };
    page.click("button", "Show task 2").await;
    until("task 2 to be shown", || pressed("Show task 2") && !pressed("Show task 3")).await;
    // Only what has a result can be compared.
    assert!(page.all("button", "Compare task 3").is_empty());
    page.click("button", "Compare task 1").await;
    until("task 1 to be compared", || pressed("Compare task 1")).await;
}

#[wasm_bindgen_test]
async fn tasks_are_cancelled_edited_and_removed() {
    let page = three().await;
    page.click("button", "Edit task 1").await;
    page.shows("status", "Edited", "bb").await;
    page.click("button", "Cancel task 3").await;
    until_states(&page, &["cancelled", "running", "completed"]).await;
    page.click("button", "Cancel task 2").await;
    until_states(&page, &["cancelled", "cancelled", "completed"]).await;
    assert_eq!(submitted(), ["bb", "a"], "what waited was never sent");
    page.click("button", "Remove task 2").await;
    until("two", || column(&page, 0) == ["3", "1"]).await;
    submit("d");
    submit("e");
    page.click("button", "Cancel waiting tasks").await;
    until_states(&page, &["cancelled", "running", "cancelled", "completed"]).await;
    assert_eq!(submitted(), ["bb", "a", "d"]);
}
