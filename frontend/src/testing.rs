//! Mounts components in the browser and drives them as a person does: by role, accessible name and keyboard.
//!
//! ```ignore
//! #[wasm_bindgen_test]
//! async fn a_filter_hides_what_does_not_match() {
//!     let page = mount(|| view! { <Events /> });
//!     page.type_into("searchbox", "Filter events", "digit").await;
//!     page.none("listitem", "call connected").await;
//! }
//! ```

mod events;
mod fetch;
mod names;
mod tests;

use std::fmt::{Debug, Write as _};

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Reflect};
use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, Event, EventTarget, HtmlElement, HtmlInputElement};

pub(crate) use events::FakeEvents;
pub(crate) use fetch::{Answer, FakeServer, Request};
pub(crate) use names::{accessible_name, role, text};

use crate::js::{object, set};

/// Interval between two looks at a condition.
const POLL_INTERVAL_MS: u32 = 5;
/// Time after which a condition that does not hold fails the test.
const CONDITION_TIMEOUT_MS: u32 = 15_000;

/// A component in a place of its own in the document, taken away when it is dropped.
pub(crate) struct Page {
    place: HtmlElement,
    mounted: Option<Box<dyn std::any::Any>>,
}

/// Mounts what `view` returns. Contexts and signals that `view` creates live as long as the page.
pub(crate) fn mount<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Page {
    let place: HtmlElement = document().create_element("div").expect("a div").unchecked_into();
    document().body().expect("a body").append_child(&place).expect("a body takes a div");
    let mounted = mount_to(place.clone(), view);
    Page { place, mounted: Some(Box::new(mounted)) }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.mounted = None;
        self.place.remove();
    }
}

impl Page {
    /// Waits for the only element with this role and accessible name.
    pub(crate) async fn one(&self, role: &str, name: &str) -> Element {
        let mut found = self.all(role, name);
        for _ in 0..CONDITION_TIMEOUT_MS / POLL_INTERVAL_MS {
            if found.len() == 1 {
                break;
            }
            TimeoutFuture::new(POLL_INTERVAL_MS).await;
            found = self.all(role, name);
        }
        let count = found.len();
        assert_eq!(count, 1, "{count} elements are a {role} named {name:?} among:\n{}", self.describe());
        found.remove(0)
    }

    /// Waits until no element has this role and accessible name.
    pub(crate) async fn none(&self, role: &str, name: &str) {
        until(&format!("no {role} named {name:?}"), || self.all(role, name).is_empty()).await;
    }

    /// Returns the elements that have this role and accessible name now.
    pub(crate) fn all(&self, role: &str, name: &str) -> Vec<Element> {
        self.with_role(role).into_iter().filter(|element| accessible_name(element) == name).collect()
    }

    /// Returns the elements that have this role now, in the document's order.
    pub(crate) fn with_role(&self, role: &str) -> Vec<Element> {
        self.exposed().into_iter().filter(|element| names::role(element).as_deref() == Some(role)).collect()
    }

    /// Waits until the element's text contains `part`.
    pub(crate) async fn shows(&self, role: &str, name: &str, part: &str) {
        let element = self.one(role, name).await;
        until(&format!("{part:?} in the {role} {name:?}, which says {:?}", text(&element)), || {
            self.all(role, name).first().is_some_and(|element| text(element).contains(part))
        })
        .await;
    }

    /// Returns the first element that matches a selector, for what has no role.
    pub(crate) fn select(&self, selector: &str) -> Option<Element> {
        self.place.query_selector(selector).expect("a selector")
    }

    /// Returns all of the page's text that is not hidden.
    pub(crate) fn text(&self) -> String {
        text(&self.place)
    }

    /// Clicks as a mouse does: pointer and mouse down, up, click.
    pub(crate) async fn click(&self, role: &str, name: &str) {
        let element = self.one(role, name).await;
        assert!(!is_disabled(&element), "the {role} {name:?} is disabled");
        pointer(&element, "pointerdown", 1);
        pointer(&element, "pointerup", 1);
        element.unchecked_into::<HtmlElement>().click();
    }

    /// Replaces a field's text, or moves a slider, as typing does.
    pub(crate) async fn type_into(&self, role: &str, name: &str, value: &str) {
        let element = self.one(role, name).await;
        assert!(!is_disabled(&element), "the {role} {name:?} is disabled");
        set(&element, "value", &value.into());
        dispatch(&element, "InputEvent", "input", &[]);
        dispatch(&element, "Event", "change", &[]);
    }

    /// Chooses an option of a native select by its value.
    pub(crate) async fn choose(&self, name: &str, value: &str) {
        self.type_into("combobox", name, value).await;
    }

    /// Moves the keyboard's focus.
    pub(crate) async fn focus(&self, role: &str, name: &str) {
        let element: HtmlElement = self.one(role, name).await.unchecked_into();
        element.focus().expect("an element can be focused");
        assert_eq!(document().active_element().as_ref(), Some(element.as_ref()), "{name:?} takes no focus");
    }

    /// Returns what a field holds.
    pub(crate) async fn value(&self, role: &str, name: &str) -> String {
        let element = self.one(role, name).await;
        crate::js::field(&element, "value").as_string().unwrap_or_default()
    }

    /// Returns true when the checkbox, radio button or switch is on.
    pub(crate) async fn is_checked(&self, role: &str, name: &str) -> bool {
        self.one(role, name).await.unchecked_into::<HtmlInputElement>().checked()
    }

    /// Returns true when the element cannot be used.
    pub(crate) async fn is_disabled(&self, role: &str, name: &str) -> bool {
        is_disabled(&self.one(role, name).await)
    }

    /// Returns an attribute of the element.
    pub(crate) async fn attribute(&self, role: &str, name: &str, attribute: &str) -> Option<String> {
        self.one(role, name).await.get_attribute(attribute)
    }

    /// Lists what assistive technology is offered, a line for each element that has a role.
    pub(crate) fn describe(&self) -> String {
        let mut lines = String::new();
        for element in self.exposed() {
            if let Some(role) = role(&element) {
                let _ = writeln!(lines, "  {role} {:?}", accessible_name(&element));
            }
        }
        lines
    }

    fn exposed(&self) -> Vec<Element> {
        let all = self.place.query_selector_all("*").expect("a selector");
        (0..all.length())
            .filter_map(|index| all.item(index)?.dyn_into::<Element>().ok())
            .filter(|element| !names::is_hidden(element))
            .collect()
    }
}

/// A key of the keyboard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The character that it types, as in `KeyboardEvent.key`.
    pub(crate) key: &'static str,
    /// The key's position, as in `KeyboardEvent.code`.
    pub(crate) code: &'static str,
}

/// Presses a key where the focus is. Returns false when its default action was prevented.
pub(crate) fn key_down(key: Key) -> bool {
    keyboard(key, "keydown", &[])
}

/// Presses a key where the focus is, with further fields of the event, for instance `shiftKey`.
pub(crate) fn key_down_with(key: Key, fields: &[(&str, &JsValue)]) -> bool {
    keyboard(key, "keydown", fields)
}

/// Lets a key go where the focus is.
pub(crate) fn key_up(key: Key) -> bool {
    keyboard(key, "keyup", &[])
}

/// Lets a key go where the focus is, with further fields of the event.
pub(crate) fn key_up_with(key: Key, fields: &[(&str, &JsValue)]) -> bool {
    keyboard(key, "keyup", fields)
}

fn keyboard(Key { key, code }: Key, kind: &str, fields: &[(&str, &JsValue)]) -> bool {
    let target = document().active_element().expect("a document has an active element");
    let (key, code) = (JsValue::from(key), JsValue::from(code));
    let fields: Vec<(&str, &JsValue)> =
        [("key", &key), ("code", &code)].into_iter().chain(fields.iter().copied()).collect();
    dispatch(&target, "KeyboardEvent", kind, &fields)
}

/// Sends an element an event of the main mouse button.
pub(crate) fn pointer(target: &EventTarget, kind: &str, pointer_id: i32) -> bool {
    dispatch(target, "PointerEvent", kind, &[("pointerId", &pointer_id.into()), ("button", &0.into())])
}

/// Sends an event that bubbles and can be prevented. Returns false when it was prevented.
pub(crate) fn dispatch(target: &EventTarget, class: &str, kind: &str, fields: &[(&str, &JsValue)]) -> bool {
    let init = object(&[("bubbles", &true.into()), ("cancelable", &true.into())]);
    for (name, value) in fields {
        set(&init, name, value);
    }
    let class: Function = Reflect::get(&js_sys::global(), &class.into()).expect("a class").unchecked_into();
    let event: Event =
        Reflect::construct(&class, &Array::of2(&kind.into(), &init)).expect("an event").unchecked_into();
    target.dispatch_event(&event).expect("an event can be dispatched")
}

/// Waits until `condition` holds; the test fails when it does not within fifteen seconds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    until_some(what, || condition().then_some(())).await;
}

/// Waits until `look` finds something; the test fails when it does not within fifteen seconds.
pub(crate) async fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..CONDITION_TIMEOUT_MS / POLL_INTERVAL_MS {
        if let Some(found) = look() {
            return found;
        }
        TimeoutFuture::new(POLL_INTERVAL_MS).await;
    }
    panic!("waited for {what}");
}

/// Waits until `look` returns what is expected; where it does not within fifteen seconds, the test fails and says what it
/// returned last.
pub(crate) async fn until_eq<T: PartialEq<U> + Debug, U: Debug>(expected: U, mut look: impl FnMut() -> T) {
    let mut seen = look();
    for _ in 0..CONDITION_TIMEOUT_MS / POLL_INTERVAL_MS {
        if seen == expected {
            return;
        }
        TimeoutFuture::new(POLL_INTERVAL_MS).await;
        seen = look();
    }
    assert_eq!(seen, expected, "waited in vain");
}

/// Forgets what other tests left in this browser: what was kept, and the draft in the address.
pub(crate) fn forget_everything() {
    let window = web_sys::window().expect("a page has a window");
    for storage in [window.local_storage(), window.session_storage()] {
        storage.expect("it is allowed").expect("there is one").clear().expect("it forgets");
    }
    let location = window.location();
    let path = location.pathname().expect("a page has a path");
    let history = window.history().expect("a page has a history");
    history.replace_state_with_url(&JsValue::NULL, "", Some(&path)).expect("it is of the same origin");
}

/// Returns the document.
pub(crate) fn document() -> web_sys::Document {
    web_sys::window().and_then(|window| window.document()).expect("a page has a document")
}

fn is_disabled(element: &Element) -> bool {
    element.matches(":disabled").expect("a selector")
        || element.get_attribute("aria-disabled").as_deref() == Some("true")
}
