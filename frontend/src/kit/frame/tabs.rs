//! The tabs of a frame's places on a phone, where the places stand one below the other, a screen each.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, KeyboardEvent};

/// One place's tab.
#[derive(Clone)]
pub(super) struct Tab {
    /// The place's id.
    pub(super) id: String,
    pub(super) label: Signal<String>,
}

/// Distance in CSS pixels from the upper edge within which a place counts as being there.
const EDGE_PX: i32 = 40;

/// Returns the place at the upper edge of `places` as they are scrolled.
pub(super) fn place_at(places: &HtmlElement) -> usize {
    let edge = places.scroll_top() + EDGE_PX;
    tops(places).iter().rposition(|top| *top <= edge).unwrap_or_default()
}

/// Returns where each place begins.
fn tops(places: &HtmlElement) -> Vec<i32> {
    let Ok(found) = places.query_selector_all(":scope > .place") else { return Vec::new() };
    let top = |index| Some(found.item(index)?.dyn_into::<HtmlElement>().ok()?.offset_top());
    (0..found.length()).filter_map(top).collect()
}

/// A tab for each place. The places scroll under them: a tab, a finger or the focus brings one up, and none is ever out
/// of reach of assistive technology or of the browser's search.
#[component]
pub(super) fn Tabs(
    name: &'static str,
    tabs: Vec<Tab>,
    /// The element that scrolls.
    places: NodeRef<html::Div>,
    /// The place that is on the screen, by its tab.
    current: RwSignal<usize>,
) -> impl IntoView {
    let last = tabs.len() - 1;
    let strip = NodeRef::<html::Div>::new();
    let show = move |index: usize| {
        let Some(places) = places.get_untracked() else { return };
        if let Some(top) = tops(&places).get(index) {
            places.set_scroll_top(*top);
        }
        current.set(index);
    };
    let keys = move |key: KeyboardEvent| {
        let now = current.get_untracked();
        let next = match key.key().as_str() {
            "ArrowRight" => (now + 1).min(last),
            "ArrowLeft" => now.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        key.prevent_default();
        show(next);
        let tab = strip.get_untracked().and_then(|strip| strip.children().item(next as u32));
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
            // A tab that is shown takes the focus.
            let _ = tab.focus();
        }
    };
    let tabs = tabs.into_iter().enumerate().map(move |(index, Tab { id, label })| {
        let selected = move || current.get() == index;
        view! {
            <button type="button" role="tab" aria-controls=id aria-selected=move || selected().to_string()
                tabindex=move || if selected() { "0" } else { "-1" } on:click=move |_| show(index)>{label}</button>
        }
    });
    view! {
        <div class="tabs" role="tablist" aria-label=format!("Places of {name}") node_ref=strip on:keydown=keys>
            {tabs.collect_view()}
        </div>
    }
}
