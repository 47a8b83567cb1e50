//! The digits that were dialled into the call, each with its fate.

use ivr::{Fate, Press};
use leptos::prelude::*;

use super::CallContext;

/// Maximum number of digits that are shown; the figures count all.
const MAX_SHOWN: usize = 32;

/// Shows the last digits in order, how many had which fate, and a button that dials them again.
#[component]
pub(super) fn DialledDigits() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let dialled = context.store.dialled;
    let digits = move || {
        dialled.with(|dialled| {
            let presses = &dialled.presses;
            presses.range(presses.len().saturating_sub(MAX_SHOWN)..).copied().map(show).collect_view()
        })
    };
    let figures = move || {
        let all = dialled.with(|dialled| dialled.figures);
        let named = [
            (all.held, "held"),
            (all.sent, "sent"),
            (all.heard, "heard"),
            (all.unheard, "unheard"),
            (all.unsent, "unsent"),
            (all.foreign, "from elsewhere"),
        ];
        let parts: Vec<String> = named
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        if parts.is_empty() { "no digits dialled".to_owned() } else { parts.join(" · ") }
    };
    view! {
        <div class="panel dialled" role="group" aria-label="Dialled">
            <ol>{digits}</ol>
            <p class="fine">{figures}</p>
            <button type="button" on:click=move |_| context.redial()>"Redial"</button>
        </div>
    }
}

fn show(press: Press) -> impl IntoView {
    let fate = press.fate.name();
    let detail = match press.fate {
        Fate::Unsent(why) => format!("{fate}: {}", why.reason()),
        Fate::Heard(Some(after)) => format!("{fate} after {} ms", after.as_millis()),
        Fate::Heard(None) | Fate::Held | Fate::Sent(_) | Fate::Unheard(_) => fate.to_owned(),
    };
    let text = format!(" {detail}");
    view! {
        <li data-fate=fate title=detail>
            {press.digit.as_char()}
            <span class="visually-hidden">{text}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use ivr::DialInput;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{digit, mount_in_call},
        clock,
    };

    #[wasm_bindgen_test]
    async fn each_digit_is_shown_with_its_fate() {
        let (page, context) = mount_in_call(|| view! { <DialledDigits /> });
        page.shows("group", "Dialled", "no digits dialled").await;
        let dial = |input| context.driver().dial(clock::now(), input);
        dial(DialInput::Pressed(digit('7')));
        page.shows("group", "Dialled", "7 unsent: there is no call 1 unsent").await;
        for input in [DialInput::CallBegan, DialInput::Pressed(digit('1')), DialInput::Pressed(digit('#'))] {
            dial(input);
        }
        page.shows("group", "Dialled", "1 held # held 2 held").await;
        dial(DialInput::StreamOpened);
        dial(DialInput::Reported(digit('#')));
        page.shows("group", "Dialled", "1 sent # heard after").await;
        page.one("button", "Redial").await;
    }
}
