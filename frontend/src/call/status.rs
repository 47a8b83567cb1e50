//! The call in one line, spoken to screen readers as it changes.

use leptos::prelude::*;

use super::CallContext;

/// Shows the call's state, its current menu and its last action.
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::call::testing::{digit, follow, mount_in_call};
    use wire::cxone::CallState;

    #[wasm_bindgen_test]
    async fn the_status_follows_call_menu_and_action() {
        let (page, context) = mount_in_call(|| view! { <CallStatus /> });
        page.shows("status", "Call status", "Call idle Menu none Last action none").await;
        context.store.set_call_state(crate::clock::now(), CallState::Connecting);
        follow(context);
        page.shows("status", "Call status", "Call connecting Menu Main menu").await;
        context.driver().drive(|menu| menu.digit(crate::clock::now(), digit('2')));
        page.shows("status", "Call status", "Menu Support menu Last action support").await;
        context.simulate_only(true);
        page.shows("status", "Call status", "Call simulated").await;
        assert_eq!(page.attribute("status", "Call status", "aria-live").await.as_deref(), Some("polite"));
    }
}
