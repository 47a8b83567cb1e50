//! A number: a slider, and a text for the exact value.

use leptos::prelude::*;
use web_sys::{Event, HtmlInputElement};

use super::{
    Field,
    field::message_id,
    scale::{Notation, STEPS, Scale},
};

/// Shows a slider and the exact number. The field holds the number's text as it is typed; a slider that is moved writes one.
#[component]
pub(crate) fn NumberField(
    /// The `id` of the exact number, unique in the page.
    #[prop(into)]
    id: String,
    #[prop(into)] label: String,
    /// The slider's name, where the label is another field's, too.
    #[prop(optional, into)]
    slider_label: Option<String>,
    scale: Scale,
    #[prop(default = Notation::PLAIN)] notation: Notation,
    field: Field<String>,
    /// Text behind the number.
    #[prop(into)]
    unit: Signal<String>,
    /// Unit that a screen reader says behind the slider's number, where it differs from `unit`.
    #[prop(optional, into)]
    spoken_unit: Option<String>,
    /// Highest number that the slider can be moved to at present, where other fields leave less than the scale has.
    #[prop(optional, into)]
    most: Option<Signal<f64>>,
) -> impl IntoView {
    let Field { value: text, set, error } = field;
    let message = message_id(&id);
    // While the text is no number of the range, the slider stays where it is.
    let number = Memo::new(move |last: Option<&f64>| {
        let number = text.with(|text| (notation.parse)(text)).ok().filter(|number| scale.holds(*number));
        number.or(last.copied()).unwrap_or_else(|| scale.value_at(0.0))
    });
    let spoken = move || {
        let unit = spoken_unit.clone().unwrap_or_else(|| unit.get());
        format!("{} {unit}", (notation.format)(number.get())).trim_end().to_owned()
    };
    let position = move || scale.position(number.get()).to_string();
    let slid = move |input: Event| {
        let Ok(wanted) = event_target_value(&input).parse() else { return };
        let (wanted, most) =
            (scale.value_at(wanted), most.map_or(f64::INFINITY, |most| most.get_untracked()));
        set.run((notation.format)(wanted.min(most)));
        if wanted > most {
            // It is held back: it stands where its number is.
            event_target::<HtmlInputElement>(&input).set_value(&untrack(position));
        }
    };
    view! {
        <div class="setting">
            <label for=id.clone()>{label.clone()}</label>
            <input type="range" min="0" max=STEPS aria-label=slider_label.unwrap_or(label)
                prop:value=position
                aria-valuetext=spoken
                on:input=slid />
            <input id=id type="text" inputmode="decimal" autocomplete="off" prop:value=text
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=message.clone()
                on:input=move |input| set.run(event_target_value(&input)) />
            <span class="unit">{unit}</span>
            <span class="field-error" id=message>{error}</span>
        </div>
    }
}

/// A text that was typed for a number, and the number at that time.
#[derive(Clone, Debug, PartialEq)]
struct Typed {
    text: String,
    number: f64,
    error: Option<String>,
}

/// Returns the text of a number that is kept as such, for settings that are in force while they are edited. Only a number
/// of the range is taken over; another text stays, with its error, until the number changes. `range` says what the number
/// must be.
pub(crate) fn number_text(
    number: Signal<f64>,
    set: Callback<f64>,
    scale: Scale,
    notation: Notation,
    range: String,
) -> Field<String> {
    let typed = RwSignal::new(None::<Typed>);
    let standing = Memo::new(move |_| {
        let number = number.get();
        #[expect(clippy::float_cmp, reason = "the same number or another, not a nearby one")]
        typed.get().filter(|typed| typed.number == number)
    });
    let take = move |text: String| {
        let wanted = (notation.parse)(&text);
        let fits =
            wanted.and_then(|wanted| if scale.holds(wanted) { Ok(wanted) } else { Err(range.clone()) });
        match fits {
            Ok(wanted) => {
                set.run(wanted);
                let error = None;
                typed.set(Some(Typed { text, number: number.get_untracked(), error }));
            }
            Err(error) => {
                typed.set(Some(Typed { text, number: number.get_untracked(), error: Some(error) }));
            }
        }
    };
    Field {
        value: Signal::derive(move || {
            let text = standing.with(|typed| typed.as_ref().map(|typed| typed.text.clone()));
            text.unwrap_or_else(|| (notation.format)(number.get()))
        }),
        set: Callback::new(take),
        error: Signal::derive(move || standing.with(|typed| typed.as_ref()?.error.clone())),
    }
}
