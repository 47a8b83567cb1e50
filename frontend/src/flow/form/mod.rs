//! The form: what is to be simulated, checked while it is typed by the code that the proxy runs again.

mod digits;
mod expect;
mod field;
mod json;
mod last_call;
mod media;
mod variables;

use leptos::{ev::SubmitEvent, html::Form, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use self::{
    digits::Digits, expect::Expect, field::TextField, json::Json, media::Media, variables::Variables,
};
use super::{
    desk::{Desk, told},
    run::Runner,
};
use crate::ui::Notice;

/// The form `Flow simulation`.
#[component]
pub(super) fn SimulationForm() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let runner = expect_context::<Runner>();
    let form = NodeRef::<Form>::new();
    let refused = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let checked = desk.checked.get_untracked();
        refused.set(checked.is_err());
        if let Ok((request, _)) = checked {
            runner.submit(desk.draft.get_untracked(), request);
        } else if let Some(form) = form.get_untracked() {
            show_first_invalid(&form);
        }
    };
    view! {
        <form class="panel simulation" aria-label="Flow simulation" novalidate node_ref=form on:submit=submit>
            <header><h2>"Flow simulation"</h2></header>
            <FlowChoice />
            <Digits />
            <fieldset>
                <legend>{move || format!("Variables (at most {})", desk.limits().variables)}</legend>
                <Variables what="variable" path="variableStateMatrix"
                    place=(|draft| &draft.variables, |draft| &mut draft.variables) />
            </fieldset>
            <fieldset>
                <legend>{move || format!("Media references (at most {})", desk.limits().media_references)}</legend>
                <Media />
            </fieldset>
            <fieldset>
                <legend>"Expectation"</legend>
                <Expect />
            </fieldset>
            <Json />
            <Show when=move || refused.get() && desk.checked.with(Result::is_err)>
                <div class="notice" role="alert">
                    <div>
                        <p><strong>"Not sent."</strong>" Correct this first:"</p>
                        <ul>
                            {move || desk.all_errors().iter().map(|error| view! { <li>{told(error)}</li> }).collect_view()}
                        </ul>
                    </div>
                </div>
            </Show>
            <button type="submit" class="go">"Run simulation"</button>
        </form>
    }
}

/// Brings the first field that is wrong to whoever pressed the button.
fn show_first_invalid(form: &HtmlElement) {
    let Ok(Some(field)) = form.query_selector("[aria-invalid='true']") else { return };
    if let Ok(Some(details)) = field.closest("details") {
        // A folded part cannot take the focus.
        let _ = details.set_attribute("open", "");
    }
    if let Ok(field) = field.dyn_into::<HtmlElement>() {
        let _ = field.focus();
    }
}

/// The flow: one of the list, or typed where there is none.
#[component]
fn FlowChoice() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let value = Signal::derive(move || desk.draft.with(|draft| draft.flow_id.clone()));
    let set = Callback::new(move |id| desk.draft.update(|draft| draft.flow_id = id));
    let error = Signal::derive(move || {
        desk.error("flowId").or_else(|| {
            let problem = desk.flow(value.get().trim())?.err()?;
            Some(Notice::from(problem).detail)
        })
    });
    Effect::new(move |_| desk.want(value.get().trim()));
    let listed = move |flows: Vec<shared::wire::FlowSummary>| {
        let known: Vec<String> = flows.iter().map(|flow| flow.flow_id.clone()).collect();
        let strange = move || {
            let id = value.get();
            (!known.contains(&id)).then(|| view! { <option value=id.clone() selected>{if id.is_empty() { "choose a flow".to_owned() } else { format!("{id} (not in the list)") }}</option> })
        };
        let descriptions = flows.clone();
        let description = move || {
            let id = value.get();
            descriptions.iter().find(|flow| flow.flow_id == id).map(|flow| flow.description.clone())
        };
        view! {
            <div class="field">
                <label for="flow-flow">"Flow"</label>
                <select id="flow-flow"
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=move || error.with(Option::is_some).then_some("flow-flow-error")
                    on:change=move |change| set.run(event_target_value(&change))>
                    {strange}
                    {flows.into_iter().map(|flow| {
                        let id = flow.flow_id.clone();
                        view! { <option value=flow.flow_id prop:selected=move || value.get() == id>{flow.name}</option> }
                    }).collect_view()}
                </select>
                <p class="fine">{description}</p>
                <field::Complaint id="flow-flow-error".to_owned() error />
            </div>
        }
    };
    move || match desk.flows.get() {
        None => view! { <p class="fine">"Asking for the flows …"</p> }.into_any(),
        Some(Ok(flows)) if !flows.is_empty() => listed(flows).into_any(),
        Some(answer) => {
            let why = match answer {
                Ok(_) => "The service lists no flows: type one's identifier.".to_owned(),
                Err(problem) => format!("The flows are not listed: {}", Notice::from(problem).detail),
            };
            view! {
                <TextField id="flow-flow" label="Flow" value set error />
                <p class="fine">{why}" "<button type="button" on:click=move |_| desk.load()>"Ask again"</button></p>
            }.into_any()
        }
    }
}
