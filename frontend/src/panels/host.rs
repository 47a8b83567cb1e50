//! The frame's side: a place for a panel, and the way to get it there.

use js_sys::{Function, Promise};
use leptos::{html::Div, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlElement;

use super::SHARED;
use crate::{
    js::{field, reason},
    route::Router,
};

/// The place of the panel `name`, which gets `handle`.
pub(crate) fn panel(name: &'static str, handle: JsValue) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    let failure = RwSignal::new(None::<String>);
    let handle = StoredValue::new_local(handle);
    let router = use_context::<Router>();
    let unmount = StoredValue::new_local(None::<Function>);
    let load = move |element: HtmlElement| {
        failure.set(None);
        let handle = handle.get_value();
        spawn_local(async move {
            match mount(name, &element, &handle).await {
                Ok(mounted) => {
                    if let Some(router) = router {
                        router.focus_heading(Some(&element));
                    }
                    // Whoever left while the panel was loading wants it away again.
                    if let Some(mounted) = unmount.try_set_value(Some(mounted)).flatten() {
                        call(&mounted);
                    }
                }
                Err(error) => drop(failure.try_set(Some(reason(&error)))),
            }
        });
    };
    place.on_load(move |element| load(element.into()));
    on_cleanup(move || {
        if let Some(mounted) = unmount.try_update_value(Option::take).flatten() {
            call(&mounted);
        }
    });
    view! {
        <div class="mount" node_ref=place></div>
        {move || failure.get().map(|reason| view! {
            <div class="notice" role="alert">
                <p><strong>"This panel was not loaded."</strong>" "{reason}". Is Dialbench's server still running?"</p>
                <button type="button" on:click=move |_| {
                    if let Some(element) = place.get_untracked() { load(element.into()); }
                }>"Try again"</button>
            </div>
        })}
    }
}

/// Loads the panels, unless they are there, and has one mounted; what takes it away again.
async fn mount(name: &str, element: &HtmlElement, handle: &JsValue) -> Result<Function, JsValue> {
    let shared = field(&js_sys::global(), SHARED);
    if field(&shared, "mount").is_undefined() {
        let load: Function = field(&shared, "load").dyn_into()?;
        JsFuture::from(load.call0(&shared)?.dyn_into::<Promise>()?).await?;
    }
    let mount: Function = field(&shared, "mount").dyn_into()?;
    mount.call3(&shared, &name.into(), element, handle)?.dyn_into()
}

fn call(function: &Function) {
    // Taking a panel away throws nothing.
    let _ = function.call0(&JsValue::NULL);
}
