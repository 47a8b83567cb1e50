//! The arrow keys in a group that is one stop of the Tab key.

use leptos::prelude::document;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// Moves the focus to the item that a key walks to: an arrow, Home or End, where items that match the selector stand in rows of
/// `columns`. The group is what listens for the key.
pub(crate) fn walk(key: &KeyboardEvent, items: &str, columns: u8) {
    // The number pad types digits, whatever else is on its keys.
    if key.code().starts_with("Numpad")
        || key.ctrl_key()
        || key.alt_key()
        || key.meta_key()
        || key.shift_key()
    {
        return;
    }
    let Some(group) = key.current_target().and_then(|group| group.dyn_into::<Element>().ok()) else { return };
    let Ok(items) = group.query_selector_all(items) else { return };
    let count = i32::try_from(items.length()).unwrap_or(i32::MAX);
    let columns = i32::from(columns);
    let item = |index: i32| items.item(index as u32)?.dyn_into::<HtmlElement>().ok();
    let active = document().active_element();
    // Above the first where none of them has the focus.
    let at = (0..count).find(|index| item(*index).as_deref() == active.as_ref()).unwrap_or(-1);
    let to = match &*key.key() {
        "ArrowLeft" => at - 1,
        "ArrowRight" => at + 1,
        "ArrowUp" => at - columns,
        "ArrowDown" => at + columns,
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    key.prevent_default();
    if (0..count).contains(&to)
        && let Some(item) = item(to)
    {
        // An element that is shown takes the focus.
        let _ = item.focus();
    }
}
