//! The campaign, and the virtual agent that takes its calls.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wire::api::FlowSummary;

use super::state::DialerState;
use crate::{
    js::random_uuid,
    kit::forms::{TextField, lens},
    net::api,
};

/// Shows the campaign, flow, script and language.
#[component]
pub(super) fn Agent() -> impl IntoView {
    let state = expect_context::<DialerState>();
    let form = state.form;
    // Without the list an identifier can be typed all the same.
    let flows = RwSignal::new(Vec::<FlowSummary>::new());
    spawn_local(async move {
        if let Ok(list) = api::flows().await {
            let _ = flows.try_set(list.flows);
        }
    });
    let make_up = move |_| {
        if let Some(campaign) = random_uuid() {
            form.draft.update(|draft| draft.campaign_id = campaign);
        }
    };
    view! {
        <TextField id="dialer-campaign" label="Campaign" placeholder="UUID" field=form.field(lens!(campaign_id), "campaignId") />
        <Show when=move || state.has_stand_in()>
            <p class="fine">
                "The stand-in knows every campaign. "
                <button type="button" class="small" on:click=make_up>"Make up a campaign"</button>
            </p>
        </Show>
        <datalist id="dialer-flows">
            {move || flows.get().into_iter().map(|flow| view! { <option value=flow.flow_id>{flow.name}</option> }).collect_view()}
        </datalist>
        <TextField id="dialer-flow" label="Flow" placeholder="takes the calls, or a script" list="dialer-flows"
            field=form.field(lens!(flow_id), "virtualAgentMatrix.flowId") />
        <TextField id="dialer-script" label="Script" placeholder="none"
            field=form.field(lens!(script_id), "virtualAgentMatrix.scriptId") />
        <TextField id="dialer-language" label="Language" placeholder="such as en-US"
            field=form.field(lens!(language), "virtualAgentMatrix.language") />
    }
}
