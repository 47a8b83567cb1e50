//! The place of the voice panel, which is loaded when somebody scrolls near it or a call begins.

use leptos::{html::Div, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};
use wire::cxone::CallState;

use super::CallContext;
use crate::panels::{VOICE, panel};

/// Distance from the window within which the panel is loaded.
const LOAD_MARGIN: &str = "150px";

/// Shows the voice panel below the dialpad, once it is wanted.
#[component]
pub(super) fn VoicePlace() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let wanted = RwSignal::new(false);
    let place = NodeRef::<Div>::new();
    let watch = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let near = |entry: JsValue| entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting();
        if entries.iter().any(near) {
            wanted.set(true);
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(LOAD_MARGIN);
    let observer = IntersectionObserver::new_with_options(watch.as_ref().unchecked_ref(), &options).ok();
    let kept = StoredValue::new_local((observer.clone(), watch));
    place.on_load(move |element| {
        if let Some(observer) = &observer {
            observer.observe(&element);
        }
    });
    Effect::new(move |_| {
        if store.call.get() != CallState::Idle {
            wanted.set(true);
        }
    });
    on_cleanup(move || {
        kept.with_value(|(observer, _)| observer.as_ref().map(IntersectionObserver::disconnect));
    });
    let shown = move || wanted.get() && store.sound.get();
    view! {
        <div class="place voice-place" node_ref=place>
            <Show when=shown fallback=|| view! { <p class="fine">"The voice panel comes with the first call."</p> }>
                {panel(VOICE, context.voice_handle())}
            </Show>
        </div>
    }
}
