//! The frame around the panels.

use gloo_timers::callback::Interval;
use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsValue;
use wire::api::{PANELS, Panel, PanelModule};

use crate::{
    call::{CallContext, CallPage},
    panels::panel,
    route::{PanelLink, Router, focus_heading},
};

/// Interval between two readings of the call's time.
const TIMER_INTERVAL_MS: u32 = 1_000;

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let router = Router::new();
    provide_context(router);
    provide_context(CallContext::new());
    view! {
        <a class="skip" href="#content" on:click=|click| skip(&click)>"Skip to content"</a>
        <header class="top">
            <p class="brand">
                <svg viewBox="0 0 32 32" aria-hidden="true">
                    <circle cx="8" cy="8" r="3" /><circle cx="16" cy="8" r="3" /><circle cx="24" cy="8" r="3" />
                    <circle cx="8" cy="16" r="3" /><circle class="live" cx="16" cy="16" r="4" /><circle cx="24" cy="16" r="3" />
                    <circle cx="8" cy="24" r="3" /><circle cx="16" cy="24" r="3" /><circle cx="24" cy="24" r="3" />
                </svg>
                "Dialbench"
            </p>
            <nav aria-label="Panels">
                {PANELS.iter().filter(|panel| panel.is_built).map(|to| view! { <PanelLink to /> }).collect_view()}
            </nav>
            <LiveCall />
            <ProfileBadge />
        </header>
        <div id="content">
            {move || match router.shown() {
                None => view! { <NoPanel heading="Page not found" reason="Dialbench has nothing at this address." /> }.into_any(),
                Some(panel) if !panel.is_built => {
                    view! { <NoPanel heading=panel.title reason="This panel is not in this version of Dialbench." /> }.into_any()
                }
                Some(Panel { module: PanelModule::Page, .. }) => view! { <CallPage /> }.into_any(),
                Some(Panel { module: PanelModule::Panels, path, .. }) => panel(path, JsValue::UNDEFINED).into_any(),
            }}
        </div>
    }
}

/// Goes to the content without a change of the address, which may hold a draft.
fn skip(click: &MouseEvent) {
    if document().document_element().is_some_and(|page| focus_heading(&page)) {
        click.prevent_default();
    }
}

/// Says on every panel that a call is going on, and ends it where the call panel is not shown.
#[component]
fn LiveCall() -> impl IntoView {
    let router = expect_context::<Router>();
    let context = expect_context::<CallContext>();
    let store = context.store;
    let live = Memo::new(move |_| store.call.get().is_live());
    let elsewhere = Memo::new(move |_| router.shown().is_none_or(|panel| panel.module != PanelModule::Page));
    let time = RwSignal::new(String::new());
    let ticking = StoredValue::new_local(None::<Interval>);
    Effect::new(move |_| {
        let show = move || time.set(context.call_time());
        ticking.set_value(live.get().then(|| {
            show();
            Interval::new(TIMER_INTERVAL_MS, show)
        }));
    });
    let word = move || match store.unknown_since.get() {
        _ if !live.get() => "",
        None => "Live call",
        Some(_) => "Call unknown",
    };
    view! {
        <p class="live-call">
            <span role="status">{word}</span>
            <Show when=move || live.get()>
                " "<span role="timer" aria-label="Call time">{time}</span>
            </Show>
            <Show when=move || live.get() && elsewhere.get()>
                " "<button type="button" on:click=move |_| context.hang_up()>"Hang up"</button>
            </Show>
        </p>
    }
}

/// Which CXone the page talks to.
#[component]
fn ProfileBadge() -> impl IntoView {
    let context = expect_context::<CallContext>();
    view! {
        <p class="profile">
            {move || match context.store.profile.get() {
                None => "Asking for the profile …".to_owned(),
                Some(Err(problem)) => problem.title,
                Some(Ok(profile)) if profile.profile == wire::api::ProfileName::Sandbox => "Sandbox: CXone's stand-in, no credentials".to_owned(),
                Some(Ok(profile)) => format!("Profile: {}", profile.profile),
            }}
        </p>
    }
}

/// A page without a panel: nothing is at its address, or not in this version.
#[component]
fn NoPanel(heading: &'static str, reason: &'static str) -> impl IntoView {
    view! {
        <main class="page narrow message">
            <h1>{heading}</h1>
            <p>{reason}" The panels that there are stand in the line above."</p>
        </main>
    }
}
