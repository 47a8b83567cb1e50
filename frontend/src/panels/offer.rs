//! The panels' side: what the frame calls to have one mounted.

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::{JsValue, closure::Closure};
use web_sys::HtmlElement;

use super::{FLOW_PICTURE, INSTRUMENTS, SHARED, TIMELINE};
use crate::{
    audit::AuditPage,
    dialer::DialerPage,
    flow::FlowPage,
    instruments::{FlowPicture, Instruments, Timeline},
    js::{field, set},
    prompts::PromptsPage,
};

/// Makes a panel's view with what the frame gave it.
type MakeView = fn(JsValue) -> AnyView;

/// The views of this module: its panels by their addresses, and the call panel's instruments.
pub(super) const VIEWS: [(&str, MakeView); 7] = [
    ("/audit", |_| view! { <AuditPage /> }.into_any()),
    ("/dialer", |_| view! { <DialerPage /> }.into_any()),
    ("/flow", |_| view! { <FlowPage /> }.into_any()),
    ("/prompts", |_| view! { <PromptsPage /> }.into_any()),
    (FLOW_PICTURE, |handle| view! { <FlowPicture handle /> }.into_any()),
    (INSTRUMENTS, |handle| view! { <Instruments handle /> }.into_any()),
    (TIMELINE, |handle| view! { <Timeline handle /> }.into_any()),
];

/// Adds `mount(name, element, handle)` to what is shared with the frame. It returns what unmounts the panel.
pub(crate) fn offer() {
    let mount = Closure::<dyn Fn(String, HtmlElement, JsValue) -> Result<JsValue, JsValue>>::new(
        |name: String, element: HtmlElement, handle: JsValue| {
            let Some((_, make)) = VIEWS.iter().find(|(view, _)| *view == name) else {
                return Err(js_sys::Error::new(&format!("The module has no panel {name}")).into());
            };
            let mounted = mount_to(element, move || make(handle));
            Ok(Closure::once_into_js(move || drop(mounted)))
        },
    );
    let shared = field(&js_sys::global(), SHARED);
    set(&shared, "mount", &mount.into_js_value());
}
