//! The frame around the panels.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::{
    call::{CallContext, CallPage},
    panels::panel,
    route::{PanelLink, Route, Router},
};

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let router = Router::new();
    provide_context(router);
    provide_context(CallContext::new());
    view! {
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
                {Route::PANELS.map(|(_, to, name)| view! { <PanelLink to name /> }).collect_view()}
            </nav>
            <ProfileBadge />
        </header>
        {move || match router.shown() {
            Route::Call => view! { <CallPage /> }.into_any(),
            Route::Flow => panel("flow", JsValue::UNDEFINED).into_any(),
            Route::Audit => panel("audit", JsValue::UNDEFINED).into_any(),
            Route::Unknown => view! { <NotFound /> }.into_any(),
        }}
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
                Some(Ok(profile)) if profile.profile == "sandbox" => "Sandbox: CXone's stand-in, no credentials".to_owned(),
                Some(Ok(profile)) => format!("Profile: {}", profile.profile),
            }}
        </p>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <main class="page narrow">
            <h1>"There is no such panel"</h1>
            <p>
                "This version of Dialbench has "<PanelLink to="/call" name="Call" />", "
                <PanelLink to="/flow" name="Flow" />" and "<PanelLink to="/audit" name="Audit" />"."
            </p>
        </main>
    }
}
