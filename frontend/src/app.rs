//! The frame around the panels.

use leptos::prelude::*;
use leptos_router::{
    components::{A, Route, Router, Routes},
    path,
};

use crate::{
    audit::AuditPage,
    call::{Bench, CallPage},
};

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_context(Bench::new());
    view! {
        <Router>
            <header class="top">
                <a class="brand" href="/call">
                    <svg viewBox="0 0 32 32" aria-hidden="true">
                        <circle cx="8" cy="8" r="3" /><circle cx="16" cy="8" r="3" /><circle cx="24" cy="8" r="3" />
                        <circle cx="8" cy="16" r="3" /><circle class="live" cx="16" cy="16" r="4" /><circle cx="24" cy="16" r="3" />
                        <circle cx="8" cy="24" r="3" /><circle cx="16" cy="24" r="3" /><circle cx="24" cy="24" r="3" />
                    </svg>
                    "Dialbench"
                </a>
                <nav aria-label="Panels">
                    <A href="/call">"Call"</A>
                    <A href="/audit">"Audit"</A>
                </nav>
                <ProfileBadge />
            </header>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=CallPage />
                <Route path=path!("/call") view=CallPage />
                <Route path=path!("/audit") view=AuditPage />
            </Routes>
        </Router>
    }
}

/// Which CXone the page talks to.
#[component]
fn ProfileBadge() -> impl IntoView {
    let bench = expect_context::<Bench>();
    view! {
        <p class="profile">
            {move || match bench.store.profile.get() {
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
            <p>"This version of Dialbench has "<A href="/call">"Call"</A>" and "<A href="/audit">"Audit"</A>"."</p>
        </main>
    }
}
