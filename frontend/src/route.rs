//! The panel that the address names. By hand: the panels need no nested routes, and the page has to load quickly.

use leptos::{
    ev,
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, HtmlElement};
use wire::api::Panel;

/// The program's name, at the end of every title.
const PROGRAM: &str = "Dialbench";
/// The title of an address at which there is no panel.
const NOT_FOUND: &str = "Page not found";

/// The panel that is shown, and the way to another.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    /// None at an address that no panel has.
    shown: RwSignal<Option<&'static Panel>>,
    /// True from a change of panels until its heading has the focus.
    heading_wanted: StoredValue<bool>,
}

impl Router {
    /// Follows the address, and the browser's way back.
    pub(crate) fn new() -> Self {
        let router =
            Self { shown: RwSignal::new(Panel::at(&path())), heading_wanted: StoredValue::new(false) };
        let back = window_event_listener(ev::popstate, move |_| router.show(Panel::at(&path())));
        on_cleanup(move || back.remove());
        Effect::new(move |_| {
            let name = router.shown.get().map_or(NOT_FOUND, |panel| panel.title);
            document().set_title(&format!("{name} · {PROGRAM}"));
        });
        Effect::new(move |_| {
            router.shown.track();
            spawn_local(async move {
                // The panel is rendered by then, unless its module has to be loaded first.
                tick().await;
                router.focus_heading(document().document_element());
            });
        });
        router
    }

    /// Returns the panel at the address.
    pub(crate) fn shown(self) -> Option<&'static Panel> {
        self.shown.get()
    }

    /// Gives the focus to the heading inside `place`, once after each change of panels.
    pub(crate) fn focus_heading(self, place: Option<impl AsRef<Element>>) {
        if self.heading_wanted.try_get_value() != Some(true) {
            return;
        }
        if place.is_some_and(|place| focus_heading(place.as_ref())) {
            self.heading_wanted.set_value(false);
        }
    }

    fn go(self, to: &'static Panel) {
        let history = window().history().expect("a page has a history");
        // Too many changes in a short time are refused; the panel is shown all the same.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(to.path));
        self.show(Some(to));
    }

    /// Shows a panel. One that is shown already stays as it is: where a fragment alone changes, nothing typed may be lost.
    fn show(self, panel: Option<&'static Panel>) {
        if self.shown.get_untracked() != panel {
            self.heading_wanted.set_value(true);
            self.shown.set(panel);
        }
    }
}

/// Gives the focus to the heading inside `place`. Returns false where there is none.
pub(crate) fn focus_heading(place: &Element) -> bool {
    let Ok(Some(heading)) = place.query_selector("h1") else { return false };
    // A heading is no stop of the Tab key, but can be gone to.
    let _ = heading.set_attribute("tabindex", "-1");
    heading.dyn_into::<HtmlElement>().is_ok_and(|heading| heading.focus().is_ok())
}

fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// A link to a panel, which the browser may still open in another tab.
#[component]
pub(crate) fn PanelLink(to: &'static Panel) -> impl IntoView {
    let router = expect_context::<Router>();
    let here = move || (router.shown() == Some(to)).then_some("page");
    view! {
        <a href=to.path aria-current=here on:click=move |click| {
            if click.button() == 0 && !click.ctrl_key() && !click.meta_key() && !click.shift_key() {
                click.prevent_default();
                router.go(to);
            }
        }>{to.name}</a>
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;
    use wire::api::PANELS;

    use super::*;
    use crate::testing::{self, dispatch, mount, until, until_eq};

    fn go_to(path: &str) {
        let history = window().history().expect("a page has a history");
        history
            .replace_state_with_url(&JsValue::NULL, "", Some(path))
            .expect("an address of the same origin");
        dispatch(&window(), "PopStateEvent", "popstate", &[]);
    }

    fn focused() -> String {
        let element = testing::document().active_element().expect("something has the focus");
        format!("{} {}", element.local_name(), testing::text(&element))
    }

    async fn until_shown(heading: &str, title: &str) {
        until_eq(format!("h1 {heading}"), focused).await;
        assert_eq!(document().title(), format!("{title} · Dialbench"));
    }

    #[wasm_bindgen_test]
    async fn title_and_focus_follow_the_panel() {
        let (here, title) = (path(), document().title());
        go_to("/");
        let page = mount(|| {
            let router = Router::new();
            provide_context(router);
            view! {
                {PANELS.iter().map(|to| view! { <PanelLink to /> }).collect_view()}
                {move || view! { <h1>{router.shown().map_or("Nothing is here", |panel| panel.title)}</h1> }}
            }
        });
        until("the title", || document().title() == "Call · Dialbench").await;
        assert_ne!(focused(), "h1 Call", "whoever opens the page begins at its beginning");
        page.click("link", "Flow").await;
        until_shown("Flow simulation", "Flow simulation").await;
        assert_eq!(path(), "/flow");
        assert_eq!(page.attribute("link", "Flow", "aria-current").await.as_deref(), Some("page"));
        page.click("link", "Audit").await;
        until_shown("Audit trail", "Audit trail").await;
        go_to("/nowhere");
        until_shown("Nothing is here", "Page not found").await;
        drop(page);
        go_to(&here);
        document().set_title(&title);
    }
}
