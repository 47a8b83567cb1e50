//! Start, hang up, and which flow.

use leptos::prelude::*;

use super::CallContext;

/// The phone's upper part.
#[component]
pub(super) fn Controls() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let live = move || store.call.get().is_live();
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
                    <For each=move || store.flows.get() key=|flow| flow.flow_id.clone() let:flow>
                        {
                            let id = flow.flow_id.clone();
                            view! {
                                <option value=flow.flow_id.clone() selected=move || store.flow_id.get() == id>{flow.name.clone()}</option>
                            }
                        }
                    </For>
                    <Show when=move || store.flows.with(Vec::is_empty)>
                        <option value=move || store.flow_id.get()>{move || store.flow_id.get()}</option>
                    </Show>
                </select>
            </label>
            <div class="buttons">
                <button
                    type="button"
                    class="start"
                    disabled=move || live() || why_not().is_some()
                    on:click=move |_| context.start_call()
                >
                    "Start call"
                </button>
                <button type="button" class="stop" disabled=move || !live() || store.ids.with(Option::is_none) on:click=move |_| context.hang_up()>
                    "Hang up"
                </button>
            </div>
            <p class="fine">{why_not}</p>
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    prop:checked=move || store.simulate_only.get()
                    disabled=live
                    on:change=move |change| context.simulate_only(event_target_checked(&change))
                />
                "Simulate only"
                <span class="fine">"keys go straight to the menu machine, without a call"</span>
            </label>
        </section>
    }
}
