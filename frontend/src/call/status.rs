//! The call in one line, spoken to screen readers as it changes.

use leptos::prelude::*;

use super::{CallContext, link::UNKNOWN};
use crate::clock;

/// Shows the call's state, its current menu and its last action.
#[component]
pub(super) fn CallStatus() -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    let menu = move || {
        let position = store.position.get()?;
        let flow = store.flow.get()?;
        Some((flow.node(position.node).name().to_owned(), position.entered))
    };
    let state = move || {
        let call = store.call.get();
        if store.simulate_only.get() {
            "simulated".to_owned()
        } else if let Some(since) = store.unknown_since.get().filter(|_| call.is_live()) {
            format!("{UNKNOWN} since {}", clock::minute_of_day(since))
        } else {
            call.name().to_owned()
        }
    };
    view! {
        <div class="panel status" role="status" aria-label="Call status" aria-live="polite">
            <p class="state" aria-atomic="true" data-state=move || store.call.get().name()>
                <span class="label">"Call "</span>
                {state}
            </p>
            <p aria-atomic="true">
                <span class="label">"Menu "</span>
                {move || menu().map_or_else(|| "none".to_owned(), |(name, _)| name)}
                {move || menu().filter(|(_, entered)| !entered.is_empty()).map(|(_, entered)| format!(" · entered {entered}"))}
            </p>
            <p aria-atomic="true">
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
    use crate::{
        call::testing::{digit, follow, mount_in_call},
        net::socket::SocketEvent,
    };
    use wire::{
        api::{LinkState, LinkStatus},
        cxone::CallState,
    };

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

    #[wasm_bindgen_test]
    async fn without_the_server_a_live_call_is_unknown_until_it_is_back() {
        let (page, context) = mount_in_call(|| view! { <CallStatus /> });
        let (driver, store) = (context.driver(), context.store);
        let link = |state| SocketEvent::Status(LinkStatus { state, ..LinkStatus::CLOSED });
        driver.socket_event(link(LinkState::Open));
        store.set_call_state(clock::now(), CallState::Connecting);
        store.set_call_state(clock::now(), CallState::Streaming);
        follow(context);
        driver.socket_event(link(LinkState::Reconnecting));
        let since = clock::minute_of_day(store.unknown_since.get_untracked().unwrap());
        page.shows("status", "Call status", &format!("Call unknown since {since} Menu Main menu")).await;
        assert!(driver.timer.borrow().is_none(), "no timeout is told of a call that nobody sees");
        driver.socket_event(link(LinkState::Open));
        page.shows("status", "Call status", "Call streaming").await;
        driver.socket_event(link(LinkState::Closed));
        driver.call_over(clock::now());
        page.shows("status", "Call status", "Call terminated").await;
    }
}
