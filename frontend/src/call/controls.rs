//! The buttons that place and end a call, and the choice of its flow.

use leptos::{
    html::Button,
    prelude::*,
    task::{spawn_local, tick},
};

use wasm_bindgen::JsCast as _;
use web_sys::{Element, EventTarget, FocusEvent};

use super::CallContext;

/// Shows the phone's upper part.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let live = move || store.call.get().is_live();
    let (start, stop) = (NodeRef::<Button>::new(), NodeRef::<Button>::new());
    let focused = StoredValue::new(false);
    // A button that cannot be pressed any more would lose the focus to nothing.
    Effect::new(move |was: Option<bool>| {
        let live = live();
        if was == Some(!live) && focused.get_value() {
            let other = if live { stop } else { start };
            spawn_local(async move {
                // It can be pressed by then.
                tick().await;
                let _ = other.try_get_untracked().flatten().map(|other| other.focus());
            });
        }
        live
    });
    let lost = move |out: FocusEvent| {
        // Some browsers take the focus from a button that is disabled, others leave it.
        let disabled =
            |target: EventTarget| target.dyn_ref::<Element>().is_some_and(|it| it.has_attribute("disabled"));
        if !out.target().is_some_and(disabled) {
            focused.set_value(false);
        }
    };
    let why_not = move || {
        if store.simulate_only.get() {
            Some("Switch 'Simulate only' off to place a call.")
        } else if store.profile.with(Option::is_none) {
            Some("Asking the server for its profile …")
        } else if !store.is_sandbox() {
            Some("This profile places no calls: attach to one below.")
        } else {
            None
        }
    };
    view! {
        <section class="controls" aria-label="Call controls">
            <label class="field">
                "Flow"
                <select
                    prop:value=move || store.flow_id.get()
                    disabled=live
                    on:change=move |change| context.choose_flow(event_target_value(&change))
                >
                    {move || store.flows.get().into_iter().map(|flow| {
                        let id = flow.flow_id.clone();
                        view! { <option value=flow.flow_id selected=move || store.flow_id.get() == id>{flow.name}</option> }
                    }).collect_view()}
                    <Show when=move || store.flows.with(Vec::is_empty)>
                        <option value=move || store.flow_id.get()>{move || store.flow_id.get()}</option>
                    </Show>
                </select>
            </label>
            <div class="buttons" on:focusin=move |_| focused.set_value(true) on:focusout=lost>
                <button
                    type="button"
                    class="start"
                    node_ref=start
                    disabled=move || live() || why_not().is_some()
                    on:click=move |_| context.start_call()
                >
                    "Start call"
                </button>
                <button type="button" class="stop" node_ref=stop disabled=move || !live() on:click=move |_| context.hang_up()>
                    "Hang up"
                </button>
            </div>
            <p class="fine">{why_not}</p>
            <Show when=move || store.elsewhere.get()>
                <p class="fine" role="status">
                    "A call is in another tab. "
                    <button type="button" on:click=move |_| context.take_over()>"Take over here"</button>
                </p>
            </Show>
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    prop:checked=move || store.simulate_only.get()
                    disabled=live
                    on:change=move |change| context.simulate_only(event_target_checked(&change))
                />
                "Simulate only "
                <span class="fine">"keys go straight to the menu machine, without a call"</span>
            </label>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use std::{cell::Cell, rc::Rc};

    use super::*;
    use crate::{
        call::testing::{digit, mount_in_call, set_profile},
        net::api,
        testing::{Answer, FakeServer, Page, Request, accessible_name, document, until, until_eq},
    };
    use ivr::{FlowDefinition, support_line};
    use wire::{
        api::{FlowSummary, ProfileName},
        cxone::CallState,
    };

    fn controls() -> (Page, CallContext) {
        mount_in_call(|| view! { <Controls /> })
    }

    /// The support line under another id.
    fn flow(flow_id: &str) -> FlowDefinition {
        FlowDefinition { flow_id: flow_id.into(), ..support_line().definition().clone() }
    }

    #[wasm_bindgen_test]
    async fn the_start_button_says_why_it_cannot_be_pressed() {
        let (page, context) = controls();
        assert!(page.is_disabled("button", "Start call").await);
        assert!(page.text().contains("Asking the server for its profile"));
        set_profile(context.store, ProfileName::Tutorial);
        until("the reason", || page.text().contains("attach to one below")).await;
        set_profile(context.store, ProfileName::Sandbox);
        let start = page.one("button", "Start call").await;
        until("a button that can be pressed", || !start.has_attribute("disabled")).await;
        page.click("switch", "Simulate only keys go straight to the menu machine, without a call").await;
        until("the other reason", || page.text().contains("Switch 'Simulate only' off")).await;
        assert!(page.is_disabled("button", "Hang up").await);
    }

    #[wasm_bindgen_test]
    async fn a_call_that_is_refused_is_over_and_says_so() {
        let server = FakeServer::start(|_: Request| async { Answer::problem(503, "Stand-in is down") });
        let (page, context) = controls();
        set_profile(context.store, ProfileName::Sandbox);
        let start = page.one("button", "Start call").await;
        until("a button that can be pressed", || !start.has_attribute("disabled")).await;
        page.click("button", "Start call").await;
        until("the refusal", || context.store.notice.with_untracked(Option::is_some)).await;
        assert_eq!(context.store.call.get_untracked(), CallState::Terminated);
        let request = &server.requests()[0];
        assert_eq!((&*request.method, &*request.path), ("POST", "/api/calls"));
        assert_eq!(request.body, r#"{"flowId":"support-line"}"#);
    }

    #[wasm_bindgen_test]
    async fn the_focus_goes_from_start_to_hang_up_and_back() {
        let (page, context) = controls();
        set_profile(context.store, ProfileName::Sandbox);
        let start = page.one("button", "Start call").await;
        until("a button that can be pressed", || !start.has_attribute("disabled")).await;
        page.focus("button", "Start call").await;
        let focused = || document().active_element().map(|element| accessible_name(&element));
        context.store.set_call_state(crate::clock::now(), CallState::Connecting);
        until_eq(Some("Hang up".to_owned()), focused).await;
        assert!(!page.is_disabled("button", "Hang up").await, "a call that is being placed can be ended");
        context.store.set_call_state(crate::clock::now(), CallState::Terminated);
        until_eq(Some("Start call".to_owned()), focused).await;
        page.focus("combobox", "Flow").await;
        context.store.set_call_state(crate::clock::now(), CallState::Connecting);
        until("a call", || !page.all("button", "Hang up")[0].has_attribute("disabled")).await;
        assert_ne!(focused().as_deref(), Some("Hang up"), "it was nobody's");
    }

    #[wasm_bindgen_test]
    async fn a_call_that_is_ended_while_it_is_placed_is_ended_as_soon_as_it_is_there() {
        let server = FakeServer::start(|request: Request| async move {
            match &*request.method {
                "POST" => Answer::json(&serde_json::json!({ "interactionId": "i", "callId": "c" })),
                _ => Answer::json(&serde_json::json!({})),
            }
        });
        let (page, context) = controls();
        set_profile(context.store, ProfileName::Sandbox);
        let start = page.one("button", "Start call").await;
        until("a button that can be pressed", || !start.has_attribute("disabled")).await;
        page.click("button", "Start call").await;
        until("a call that is placed", || !start.is_connected() || start.has_attribute("disabled")).await;
        page.click("button", "Hang up").await;
        until("its end", || context.store.call.get_untracked() == CallState::Terminated).await;
        let asked: Vec<(String, String)> =
            server.requests().iter().map(|request| (request.method.clone(), request.path.clone())).collect();
        assert_eq!(asked, [("POST".into(), "/api/calls".into()), ("DELETE".into(), "/api/calls/i".into())]);
    }

    #[wasm_bindgen_test]
    async fn a_call_in_another_tab_is_said_with_the_way_to_it() {
        let (page, context) = controls();
        page.none("button", "Take over here").await;
        context.store.elsewhere.set(true);
        page.shows("status", "", "A call is in another tab.").await;
        page.one("button", "Take over here").await;
    }

    #[wasm_bindgen_test]
    async fn simulated_keys_move_the_menu_machine() {
        let (page, context) = controls();
        page.click("switch", "Simulate only keys go straight to the menu machine, without a call").await;
        context.press(digit('2'));
        context.release();
        context.press(digit('1'));
        context.release();
        assert_eq!(context.store.last_action.get_untracked().as_deref(), Some("billing"));
        assert!(context.store.rows.with_untracked(|rows| rows.iter().any(|row| row.text == "2 (simulated)")));
    }

    #[wasm_bindgen_test]
    async fn the_flow_that_was_chosen_last_wins_whichever_answer_comes_first() {
        let held = Rc::new(Cell::new(true));
        let gate = Rc::clone(&held);
        let server = FakeServer::start(move |request: Request| {
            let gate = Rc::clone(&gate);
            async move {
                let flow_id = request.path.rsplit('/').next().unwrap_or_default().to_owned();
                if flow_id == "slow" {
                    until("the end of the slow answer", || !gate.get()).await;
                }
                Answer::json(&flow(&flow_id))
            }
        });
        let (page, context) = controls();
        let named =
            |id: &str| FlowSummary { flow_id: id.into(), name: id.into(), description: String::new() };
        context.store.flows.set(vec![named("slow"), named("quick")]);
        page.one("option", "slow").await;
        page.choose("Flow", "slow").await;
        until("the question", || !server.requests().is_empty()).await;
        page.choose("Flow", "quick").await;
        until("the quick answer", || context.store.flow_id.get_untracked() == "quick").await;
        held.set(false);
        // Asked later, so answered later.
        api::flow("probe").await.unwrap();
        api::flow("probe").await.unwrap();
        assert_eq!(context.store.flow_id.get_untracked(), "quick");
    }
}
