//! The tabs of a frame's places on a phone, where each place takes the whole screen.

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

/// Returns the place that is on the screen while the places are scrolled so.
pub(super) fn place_at(places: &HtmlElement) -> usize {
    let width = places.client_width().max(1);
    usize::try_from((places.scroll_left() + width / 2) / width).unwrap_or_default()
}

/// A tab for each place. The places scroll sideways under them: a tab, a swipe or the focus brings one up.
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
    let list = NodeRef::<html::Div>::new();
    let show = move |index: usize| {
        if let Some(places) = places.get_untracked() {
            let place = f64::from(places.client_width()) * index as f64;
            places.set_scroll_left(place as i32);
            current.set(index);
        }
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
        let tab = list.get_untracked().and_then(|list| list.children().item(next as u32));
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
        <div class="tabs" role="tablist" aria-label=format!("Places of {name}") node_ref=list on:keydown=keys>
            {tabs.collect_view()}
        </div>
    }
}
