//! The form: what is to be simulated, checked while it is typed by the code that the proxy runs again.

mod digits;
mod expect;
mod last_call;
mod media;
mod variables;

use leptos::prelude::*;
use wire::api::FlowSummary;

use self::{digits::Digits, expect::Expect, media::Media, variables::Variables};
use super::{run::Runner, state::FlowState};
use crate::{
    kit::forms::{ChoiceField, DraftFiles, FormFrame, JsonText, TextField, lens},
    ui::Notice,
};

/// Shows the form `Flow simulation`.
#[component]
pub(super) fn SimulationForm() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let runner = expect_context::<Runner>();
    let form = state.form;
    let limits = Signal::derive(move || state.limits());
    let submit = move |()| {
        let Ok((request, _)) = state.checked.get_untracked() else { return false };
        runner.submit(state.draft.get_untracked(), request);
        true
    };
    view! {
        <FormFrame form label="Flow simulation" class="simulation" submit="Run simulation" on_submit=Callback::new(submit)>
            <FlowChoice />
            <Digits />
            <fieldset>
                <legend>{move || format!("Variables (at most {})", state.limits().variables)}</legend>
                <Variables id="flow-variableStateMatrix" what="variable" list=form.list(lens!(variables), "variableStateMatrix") />
            </fieldset>
            <fieldset>
                <legend>{move || format!("Media references (at most {})", state.limits().media_references)}</legend>
                <Media />
            </fieldset>
            <fieldset>
                <legend>"Expectation"</legend>
                <Expect />
            </fieldset>
            <JsonText id="flow-json" label="Request as JSON" form limits notice=state.notice />
            <DraftFiles form limits notice=state.notice />
        </FormFrame>
    }
}

/// Shows the choice of a flow: one of the list, or typed where there is no list.
#[component]
fn FlowChoice() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let field = state.form.field(lens!(flow_id), "flowId");
    let value = field.value;
    let field = field.with_error(move || {
        field.error.get().or_else(|| Some(Notice::from(state.flow(value.get().trim())?.err()?).detail))
    });
    Effect::new(move |_| state.want(value.get().trim()));
    let listed = move |flows: Vec<FlowSummary>| {
        let options = flows.iter().map(|flow| (flow.flow_id.clone(), flow.name.clone())).collect();
        let description = move || {
            value
                .with(|id| flows.iter().find(|flow| flow.flow_id == *id).map(|flow| flow.description.clone()))
        };
        view! {
            <ChoiceField id="flow-flow" label="Flow" field options empty="choose a flow" hint=Signal::derive(description) />
        }
    };
    move || match state.flows.get() {
        None => view! { <p class="fine">"Asking for the flows …"</p> }.into_any(),
        Some(Ok(flows)) if !flows.is_empty() => listed(flows).into_any(),
        Some(answer) => {
            let why = match answer {
                Ok(_) => "The service lists no flows: type one's identifier.".to_owned(),
                Err(problem) => format!("The flows are not listed: {}", Notice::from(problem).detail),
            };
            view! {
                <TextField id="flow-flow" label="Flow" field />
                <p class="fine">{why}" "<button type="button" on:click=move |_| state.load()>"Ask again"</button></p>
            }.into_any()
        }
    }
}
