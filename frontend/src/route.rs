//! Which panel the address names. By hand: three panels need no nested routes, and the page has to load quickly.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;

/// A panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Call,
    Flow,
    Audit,
    Unknown,
}

impl Route {
    pub(crate) const PANELS: [(Self, &str, &str); 3] =
        [(Self::Call, "/call", "Call"), (Self::Flow, "/flow", "Flow"), (Self::Audit, "/audit", "Audit")];

    /// The panel that a path names; `/` is the call panel.
    pub(crate) fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" | "/call" => Self::Call,
            "/flow" => Self::Flow,
            "/audit" => Self::Audit,
            _ => Self::Unknown,
        }
    }
}

/// The panel that is shown, and the way to another.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    shown: RwSignal<Route>,
}

impl Router {
    /// Follows the address, and the browser's way back.
    pub(crate) fn new() -> Self {
        let shown = RwSignal::new(Route::of(&path()));
        let back = window_event_listener(ev::popstate, move |_| show(shown, Route::of(&path())));
        on_cleanup(move || back.remove());
        Self { shown }
    }

    pub(crate) fn shown(self) -> Route {
        self.shown.get()
    }

    fn go(self, to: &str) {
        let history = window().history().expect("a page has a history");
        // Too many changes in a short time are refused; the panel is shown all the same.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(to));
        show(self.shown, Route::of(to));
    }
}

/// A panel that is shown already stays as it is: where a fragment alone changes, nothing typed may be lost.
fn show(shown: RwSignal<Route>, route: Route) {
    if shown.get_untracked() != route {
        shown.set(route);
    }
}

fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// A link to a panel, which the browser may still open in another tab.
#[component]
pub(crate) fn PanelLink(to: &'static str, name: &'static str) -> impl IntoView {
    let router = expect_context::<Router>();
    let here = move || (router.shown() == Route::of(to)).then_some("page");
    view! {
        <a href=to aria-current=here on:click=move |click| {
            if click.button() == 0 && !click.ctrl_key() && !click.meta_key() && !click.shift_key() {
                click.prevent_default();
                router.go(to);
            }
        }>{name}</a>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn paths_name_panels() {
        for (route, path, _) in Route::PANELS {
            assert_eq!(Route::of(path), route);
        }
        assert_eq!(Route::of("/"), Route::Call);
        assert_eq!(Route::of("/nowhere"), Route::Unknown);
    }
}
