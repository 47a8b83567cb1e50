//! The panels' side: what the frame calls to have one mounted.

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::{JsValue, closure::Closure};
use web_sys::HtmlElement;

use super::SHARED;
use crate::{
    audit::AuditPage,
    flow::FlowPage,
    js::{field, set},
    voice::VoicePanel,
};

/// Adds `mount(name, element, handle)` to what is shared with the frame. It returns what unmounts the panel.
pub(crate) fn offer() {
    let mount = Closure::<dyn Fn(String, HtmlElement, JsValue) -> JsValue>::new(
        |name: String, element: HtmlElement, handle: JsValue| {
            let mounted = mount_to(element, move || match name.as_str() {
                "audit" => view! { <AuditPage /> }.into_any(),
                "flow" => view! { <FlowPage /> }.into_any(),
                "voice" => view! { <VoicePanel handle /> }.into_any(),
                _ => ().into_any(),
            });
            Closure::once_into_js(move || drop(mounted))
        },
    );
    let shared = field(&js_sys::global(), SHARED);
    set(&shared, "mount", &mount.into_js_value());
}
