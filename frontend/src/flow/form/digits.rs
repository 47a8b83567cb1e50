//! The digits: typed, or clicked on a small keypad.

use base::digit::Digit;
use leptos::prelude::*;
use scenario::flow::SimulationDraft;
use wasm_bindgen_futures::spawn_local;

use super::last_call::{self, Pressed};
use crate::{
    flow::state::FlowState,
    kit::forms::{TextField, lens},
    ui::Notice,
};

/// Maximum number of messages that stand below the field.
const MAX_MESSAGES: usize = 3;

/// Shows the sequence, and sixteen keys that add to it.
#[component]
pub(super) fn Digits() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let field = state.form.field(lens!(digits), "dtmfSequence").with_error(move || describe_errors(state));
    let count = move || {
        let count = state.draft.with(SimulationDraft::digit_count);
        format!("DTMF steps ({count} of {})", state.limits().dtmf_sequence)
    };
    let keys = (0..4)
        .flat_map(|row| (0..4).filter_map(move |column| Digit::at(row, column)))
        .map(|digit| {
            view! {
                <button type="button" aria-label=digit.to_string()
                    on:click=move |_| state.draft.update(|draft| draft.digits.push(digit.as_char()))>{digit.to_string()}</button>
            }
        })
        .collect_view();
    view! {
        <div class="steps">
            <TextField id="flow-digits" label=Signal::derive(count) field placeholder="for example 2 2" />
            <p class="fine" role="status">
                {move || state.draft.with(SimulationDraft::leaves_pauses_out)
                    .then_some("Pauses are left out: CXone simulates digits alone.")}
            </p>
            <div class="small-keypad" role="group" aria-label="Keypad">
                {keys}
                <button type="button" class="erase" on:click=move |_| state.draft.update(|draft| { let _ = draft.digits.pop(); })>
                    "Remove last digit"
                </button>
                <button type="button" class="erase" on:click=move |_| take_from_call(state)>"Take from the last call"</button>
            </div>
        </div>
    }
}

/// Takes over the digits that were pressed in the panel Call, and its flow, where that is known.
fn take_from_call(state: FlowState) {
    spawn_local(async move {
        match last_call::digits().await {
            Ok(Pressed { flow, digits }) => {
                state.draft.try_update(|draft| {
                    draft.digits = digits;
                    draft.flow_id = flow.unwrap_or(std::mem::take(&mut draft.flow_id));
                });
            }
            Err(detail) => {
                let _ = state.notice.try_set(Some(Notice {
                    title: "No digits were taken.".into(),
                    detail,
                    ..Notice::default()
                }));
            }
        }
    });
}

/// Returns the errors of the digits, each digit named by its number.
fn describe_errors(state: FlowState) -> Option<String> {
    let errors = state.form.errors_under("dtmfSequence");
    let messages = errors.iter().take(MAX_MESSAGES).map(|error| {
        let place = error.field.strip_prefix("dtmfSequence[").and_then(|rest| rest.strip_suffix(']'));
        match place.and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => format!("step {} {}", index + 1, error.message),
            None => error.message.clone(),
        }
    });
    let more = errors.len().checked_sub(MAX_MESSAGES + 1).map(|more| format!("and {} more", more + 1));
    (!errors.is_empty()).then(|| messages.chain(more).collect::<Vec<_>>().join("; "))
}
