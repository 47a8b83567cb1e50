//! The outcomes that CXone is to give the calls: four probabilities, and what they leave.

use leptos::prelude::*;
use scenario::dialer::{DialerDraft, probability};

use super::state::DialerState;
use crate::kit::forms::{Complaint, Lens, Notation, NumberField, Scale, SwitchField, lens};

/// The path of the errors that are of all probabilities together.
const ALL: &str = "outcomeInjection";
/// Steps of a probability that a slider leaves: thousandths.
const STEPS_OF_ONE: f64 = 1_000.0;

/// A probability that may be typed in percent: `0.5`, `50 %`.
const SHARE: Notation = Notation {
    parse: |text| probability(text).ok_or_else(|| "a probability, such as 0.5 or 50 %".to_owned()),
    format: |share| ((share * STEPS_OF_ONE).round() / STEPS_OF_ONE).to_string(),
};

/// Shows the switch, the four probabilities, and the rest. A slider goes no further than what the others leave, and moves
/// none of them: what is freed or taken is the rest's.
#[component]
pub(super) fn Shares() -> impl IntoView {
    let form = expect_context::<DialerState>().form;
    let together = Signal::derive(move || form.error(ALL));
    let rest = move || {
        form.draft.with(|draft| {
            if !draft.injection {
                return "Not injected: CXone dials as it would.".to_owned();
            }
            let Some(sum) = draft.probabilities().into_iter().sum::<Option<f64>>() else {
                return "Unassigned: unknown while a probability is no number.".to_owned();
            };
            let rest = rounded(1.0 - sum);
            if rest < 0.0 {
                format!("{} too much is assigned.", percent(-rest))
            } else {
                format!("Unassigned: {}, which becomes voicemail.", percent(rest))
            }
        })
    };
    let row = move |index: usize,
                    label: &'static str,
                    lens: Lens<DialerDraft, String>,
                    name: &'static str| {
        let field = form.field(lens, format!("{ALL}.{name}"));
        let left = Signal::derive(move || form.draft.with(|draft| left_beside(draft, index)));
        // What is wrong with all of them together is said once.
        let field = field.with_error(move || {
            field.error.get().or_else(|| together.with(Option::is_some).then(String::new))
        });
        let unit = Signal::derive(move || {
            field.value.with(|text| probability(text)).map_or_else(String::new, percent)
        });
        view! {
            <NumberField id=format!("dialer-{name}") label scale=Scale::linear(0.0, 1.0) notation=SHARE field unit
                spoken_unit="" most=left />
        }
    };
    view! {
        <fieldset class="dialer-shares" aria-describedby="dialer-shares-error">
            <legend>"Outcomes"</legend>
            <SwitchField id="dialer-injection" label="Outcome injection" field=form.field(lens!(injection), "outcomeInjection.enabled") />
            {row(0, "Answer", lens!(answer), "answerProbability")}
            {row(1, "Busy", lens!(busy), "busySignalProbability")}
            {row(2, "No answer", lens!(no_answer), "noAnswerProbability")}
            {row(3, "Dial tone", lens!(dial_tone), "dialToneProbability")}
            <p class="fine" role="status" aria-label="Unassigned">{rest}</p>
            <Complaint id="dialer-shares-error" error=together />
        </fieldset>
    }
}

/// Returns the probability that the others leave for one of the four, down to a thousandth.
fn left_beside(draft: &DialerDraft, index: usize) -> f64 {
    let all = draft.probabilities();
    let others = all.iter().enumerate().filter(|(other, _)| *other != index);
    let taken: f64 = others.filter_map(|(_, share)| *share).filter(|share| *share > 0.0).sum();
    // A little of a thousandth is what binary makes of 1 - 0.5 - 0.45.
    (((1.0 - taken) * STEPS_OF_ONE + 1e-6).floor() / STEPS_OF_ONE).max(0.0)
}

/// Returns a share in percent, to a tenth where it needs one.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", (share * STEPS_OF_ONE).round() / 10.0)
}

/// Returns a share without what binary leaves of it.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}
