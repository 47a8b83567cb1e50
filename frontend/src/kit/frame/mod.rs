//! The frame of a panel: four places around one piece of work. What goes in stands in the rail, what is worked on on the
//! surface, what is true of it in the inspector, what happened in the tray.
//!
//! Places are resized and folded, and remembered in this browser. On a medium window the inspector lies over the surface;
//! on a phone the places stand one below the other, a screen each, with a tab for each above.

mod arrangement;
mod separator;
mod tabs;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use leptos::{
    ev::{self, EventDescriptor as _},
    html,
    prelude::*,
};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::MediaQueryList;
use wire::api::Panel;

use self::{
    arrangement::{Arrangement, Place},
    separator::Separator,
    tabs::{Tab, Tabs, place_at},
};

/// Windows up to this width have the inspector over the surface; the style sheet has the same figure.
const MEDIUM: &str = "(max-width: 1180px)";

/// The place of input: a draft, a keypad, a filter, and the button that sets it going.
#[slot]
pub(crate) struct Rail {
    /// The place's name on its cap and its tab.
    #[prop(into)]
    label: Signal<String>,
    children: Children,
}

/// The place of the work itself. It fills the height.
#[slot]
pub(crate) struct Surface {
    #[prop(into)]
    label: Signal<String>,
    children: Children,
}

/// The place of facts about the selection.
#[slot]
pub(crate) struct Inspector {
    #[prop(into)]
    label: Signal<String>,
    children: Children,
}

/// The place of events, as a table.
#[slot]
pub(crate) struct Tray {
    #[prop(into)]
    label: Signal<String>,
    children: Children,
}

/// A panel's main part.
#[component]
pub(crate) fn Frame(
    /// The panel's address. Under it the panel's heading is found, and the arrangement is remembered.
    path: &'static str,
    #[prop(optional)] rail: Option<Rail>,
    surface: Surface,
    #[prop(optional)] inspector: Option<Inspector>,
    #[prop(optional)] tray: Option<Tray>,
    /// Notices that stand above all places.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let name = path.trim_start_matches('/');
    let heading = Panel::at(path).map_or(name, |panel| panel.title);
    let arrangement = RwSignal::new(Arrangement::load(name));
    Effect::new(move |_| arrangement.with(|arrangement| arrangement.save(name)));
    let frame = State { name, arrangement, medium: media(MEDIUM) };
    let places = NodeRef::<html::Div>::new();
    let current = RwSignal::new(0);
    let scrolled = move |_| {
        if let Some(at) = places.get_untracked().map(|places| place_at(&places))
            && current.get_untracked() != at
        {
            current.set(at);
        }
    };
    let labels = [
        rail.as_ref().map(|rail| (Place::Rail, rail.label)),
        Some((Place::Surface, surface.label)),
        inspector.as_ref().map(|inspector| (Place::Inspector, inspector.label)),
        tray.as_ref().map(|tray| (Place::Tray, tray.label)),
    ];
    let all = labels.into_iter().flatten().map(|(place, label)| Tab { id: frame.id(place), label }).collect();
    let px = move |place: Place| move || format!("{:.0}px", arrangement.with(|all| all.size_px(place)));
    let without = [rail.is_none(), inspector.is_none(), tray.is_none()];
    view! {
        <main class="frame" class:no-rail=without[0] class:no-inspector=without[1] class:no-tray=without[2]>
            <h1 class="visually-hidden" tabindex="-1">{heading}</h1>
            <div class="notices">{children.map(|children| children())}</div>
            <Tabs name=heading tabs=all places current />
            <div class="places" node_ref=places on:scroll=scrolled
                style=("--rail", px(Place::Rail)) style=("--inspector", px(Place::Inspector)) style=("--tray", px(Place::Tray))
                class:rail-folded=move || frame.folded(Place::Rail)
                class:inspector-folded=move || frame.folded(Place::Inspector)
                class:tray-folded=move || frame.folded(Place::Tray)>
                {rail.map(|Rail { label, children }| foldable(frame, Place::Rail, label, children))}
                <div class="place surface" id=frame.id(Place::Surface)>{(surface.children)()}</div>
                {inspector.map(|Inspector { label, children }| foldable(frame, Place::Inspector, label, children))}
                {tray.map(|Tray { label, children }| foldable(frame, Place::Tray, label, children))}
            </div>
        </main>
    }
}

/// State that the parts of a frame share.
#[derive(Clone, Copy)]
struct State {
    name: &'static str,
    arrangement: RwSignal<Arrangement>,
    /// True while the window has the inspector over the surface.
    medium: ReadSignal<bool>,
}

impl State {
    fn id(self, place: Place) -> String {
        format!("{}-{}", self.name, place.name())
    }

    fn folded(self, place: Place) -> bool {
        let medium = self.medium.get();
        self.arrangement.with(|all| all.folded(place, medium))
    }

    fn toggle(self, place: Place) {
        let medium = self.medium.get_untracked();
        self.arrangement.update(|all| all.toggle(place, medium));
    }
}

fn foldable(frame: State, place: Place, label: Signal<String>, children: Children) -> impl IntoView {
    let folded = move || frame.folded(place);
    let content = format!("{}-content", frame.id(place));
    let shown = move || (!folded()).to_string();
    view! {
        <Separator frame place label />
        <div class=format!("place {}", place.name()) class:folded=folded id=frame.id(place)>
            <button type="button" class="cap" aria-expanded=shown aria-controls=content.clone()
                on:click=move |_| frame.toggle(place)>{label}</button>
            <div class="content" id=content>{children()}</div>
        </div>
    }
}

/// Returns a signal that is true while the window is as the media query says.
fn media(query: &str) -> ReadSignal<bool> {
    let (is, set) = signal(false);
    let Ok(Some(list)) = window().match_media(query) else { return is };
    set.set(list.matches());
    let changed = {
        let list = list.clone();
        Closure::<dyn Fn()>::new(move || set.set(list.matches()))
    };
    let name = ev::change.name();
    // A list of media queries takes any listener.
    let _ = list.add_event_listener_with_callback(&name, changed.as_ref().unchecked_ref());
    let kept = StoredValue::new_local((list, changed));
    on_cleanup(move || {
        kept.with_value(|(list, changed): &(MediaQueryList, Closure<_>)| {
            let _ = list.remove_event_listener_with_callback(&name, changed.as_ref().unchecked_ref());
        });
    });
    is
}
