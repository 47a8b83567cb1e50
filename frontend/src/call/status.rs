//! The call in one line, spoken to screen readers as it changes.

use leptos::prelude::*;

use super::CallContext;

/// State, current menu, last action.
#[component]
pub(super) fn CallStatus() -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    let menu = move || {
        let position = store.position.get()?;
        let flow = store.flow.get()?;
        Some((flow.node(position.node).name().to_owned(), position.entered))
    };
    view! {
        <div class="panel status" role="status" aria-label="Call status" aria-live="polite">
            <p class="state" data-state=move || store.call.get().name()>
                <span class="label">"Call "</span>
                {move || if store.simulate_only.get() { "simulated" } else { store.call.get().name() }}
            </p>
            <p>
                <span class="label">"Menu "</span>
                {move || menu().map_or_else(|| "none".to_owned(), |(name, _)| name)}
                {move || menu().filter(|(_, entered)| !entered.is_empty()).map(|(_, entered)| format!(" · entered {entered}"))}
            </p>
            <p>
                <span class="label">"Last action "</span>
                <strong>{move || store.last_action.get().unwrap_or_else(|| "none".to_owned())}</strong>
            </p>
        </div>
    }
}
