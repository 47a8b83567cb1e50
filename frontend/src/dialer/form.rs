//! The form: the simulation that CXone is asked for, checked while it is typed by the code that the proxy runs again.

use leptos::prelude::*;

use super::{agent::Agent, shares::Shares, starter::Starter, state::DialerState};
use crate::kit::forms::{DraftFiles, FormFrame, JsonText, SwitchField, TextField, lens};

/// Shows the form `Dialer simulation`.
#[component]
pub(super) fn DialerForm() -> impl IntoView {
    let state = expect_context::<DialerState>();
    let starter = expect_context::<Starter>();
    let form = state.form;
    let limits = state.limits.into();
    let submit = move |()| {
        let Ok((request, _)) = state.checked.get_untracked() else { return false };
        starter.start(form.draft.get_untracked(), request);
        true
    };
    view! {
        <FormFrame form label="Dialer simulation" class="compact" submit="Start simulation" on_submit=Callback::new(submit)>
            <Agent />
            <div class="pair">
                <TextField id="dialer-concurrency" label="Concurrency" field=form.field(lens!(concurrency), "concurrencyLimit") />
                <TextField id="dialer-calls" label="Calls" field=form.field(lens!(calls), "maxCalls") />
            </div>
            <Shares />
            <Bypass />
            <Webhook />
            <TextField id="dialer-tag" label="Tag" placeholder="none" field=form.field(lens!(tag), "tag") />
            <Thresholds />
            <JsonText id="dialer-json" label="Payload as JSON" form limits notice=state.notice />
            <DraftFiles form limits notice=state.notice />
        </FormFrame>
    }
}

/// Shows the switch that passes compliance over, and what that means.
#[component]
fn Bypass() -> impl IntoView {
    let form = expect_context::<DialerState>().form;
    view! {
        <fieldset>
            <legend>"Compliance"</legend>
            <SwitchField id="dialer-bypass" label="Compliance bypass" field=form.field(lens!(compliance_bypass), "complianceBypass") />
            <p class="fine">
                "A simulation dials nobody. Calling hours, do-not-call lists and consent would stop its calls all the same, so \
                 CXone simulates only with them passed over. They stay in force for every real call. Turn it on for each draft \
                 yourself; whether CXone did it is verified."
            </p>
        </fieldset>
    }
}

/// Shows the address to which CXone posts its events, and who may post there.
#[component]
fn Webhook() -> impl IntoView {
    let state = expect_context::<DialerState>();
    let proposed = move || {
        let url = state.profile.with(|profile| profile.as_ref()?.webhook.url.clone());
        url.unwrap_or_else(|| "https://…/webhook/simulation-events".to_owned())
    };
    let signed = move || {
        let door = state.profile.with(|profile| profile.as_ref().map(|profile| profile.webhook.clone()))?;
        Some(if door.signed {
            "Empty: this server's own address. Events without a valid signature are refused there."
        } else {
            "Empty: this server's own address. Events are not signed: whoever knows it can post some."
        })
    };
    view! {
        <TextField id="dialer-webhook" label="Webhook URL" placeholder=Signal::derive(proposed)
            field=state.form.field(lens!(webhook_url), "webhookUrl") />
        <p class="fine">{signed}</p>
    }
}

/// Shows what a run has to keep to pass.
#[component]
fn Thresholds() -> impl IntoView {
    let form = expect_context::<DialerState>().form;
    view! {
        <fieldset>
            <legend>"A run passes with"</legend>
            <div class="pair">
                <TextField id="dialer-significance" label="Significance"
                    field=form.field(lens!(thresholds.significance), "thresholds.significance") />
                <TextField id="dialer-deviation" label="Deviation at most" placeholder="any"
                    field=form.field(lens!(thresholds.max_deviation), "thresholds.maxDeviation") />
            </div>
            <div class="pair">
                <TextField id="dialer-completion" label="Completed at least" placeholder="any"
                    field=form.field(lens!(thresholds.min_completion), "thresholds.minCompletion") />
                <TextField id="dialer-p95" label="95 % within, ms" placeholder="any"
                    field=form.field(lens!(thresholds.max_p95_ms), "thresholds.maxP95Ms") />
            </div>
            <p class="fine">"Significance: the share of right runs that are called wrong by chance."</p>
        </fieldset>
    }
}
