//! The form kit with a draft of its own, driven as a person does.

use base::{draft::Draft, field_error::FieldErrors, json};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::{Page, document, mount, until};

/// A prompt's playback while it is being typed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct PromptDraft {
    name: String,
    /// A factor, or decibels.
    gain: String,
    codec: Codec,
    looped: bool,
    cues: Vec<Cue>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Codec {
    #[default]
    G711,
    Opus,
}

impl Codec {
    const ALL: [Self; 2] = [Self::G711, Self::Opus];

    const fn name(self) -> &'static str {
        match self {
            Self::G711 => "G711",
            Self::Opus => "Opus",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cue {
    label: String,
}

const DECIBELS: Notation = Notation {
    parse: |text| match text.trim().strip_suffix("dB") {
        Some(level) => (Notation::PLAIN.parse)(level).map(|level| 10_f64.powf(level / 20.0)),
        None => (Notation::PLAIN.parse)(text),
    },
    format: |factor| format!("{:.1} dB", 20.0 * factor.log10()),
};

impl Draft for PromptDraft {
    type Checked = Value;
    type Limits = ();

    const PANEL: &'static str = "test";
    const NOUN: &'static str = "prompt";

    fn title(&self) -> &str {
        &self.name
    }

    fn check(&self, (): &()) -> Result<Value, FieldErrors> {
        let mut errors = FieldErrors::new();
        errors.require(!self.name.is_empty(), "prompt", "must be given");
        let gain = (DECIBELS.parse)(&self.gain).is_ok_and(|gain| (0.1..=1.0).contains(&gain));
        errors.require(gain, "volume.gain", "must be 0.1 to 1");
        for (index, cue) in self.cues.iter().enumerate() {
            errors.require(!cue.label.is_empty(), &format!("cues[{index}].label"), "must not be empty");
        }
        errors.require(self.cues.len() <= 3, "cues", "must be at most 3 cues");
        errors.into_result(self.payload())
    }

    fn payload(&self) -> Value {
        json!({ "prompt": self.name, "gain": self.gain })
    }

    fn set_payload(&mut self, payload: &Value, (): &()) -> Result<(), FieldErrors> {
        let (name, gain) = json::read(payload, |node| {
            let fields = node.object()?.only("a prompt", &["prompt", "gain"]);
            let (name, gain) = (fields.get("prompt").id(), fields.get("gain").text());
            Some((name?, gain?.to_owned()))
        })?;
        (self.name, self.gain) = (name, gain);
        Ok(())
    }
}

fn right() -> PromptDraft {
    PromptDraft { name: "welcome".into(), gain: "0.5".into(), ..PromptDraft::default() }
}

fn cue(row: Row<PromptDraft, Cue>, name: String) -> impl IntoView {
    view! { <TextField id=format!("cue-{}", row.index) label=name + " label" field=row.field(lens!(label), "label") /> }
}

/// Mounts a form of `draft`; the draft is `draft`, and `sent` has what was sent.
fn open(draft: PromptDraft) -> (Page, RwSignal<PromptDraft>, RwSignal<Vec<PromptDraft>>) {
    let owner = Owner::new();
    owner.set();
    let (draft, sent) = (RwSignal::new(draft), RwSignal::new(Vec::new()));
    let page = mount(move || {
        let limits = Signal::stored(());
        let (form, checked) = Form::checked(draft, limits, |_| Signal::stored(FieldErrors::new()));
        let notice = RwSignal::new(None);
        let submit = move |()| {
            let right = checked.with_untracked(Result::is_ok);
            if right {
                sent.update(|sent| sent.push(draft.get_untracked()));
            }
            right
        };
        let codecs = Codec::ALL.map(|codec| (codec.name().to_owned(), codec.name().to_lowercase())).to_vec();
        view! {
            <FormFrame form label="Prompt playback" submit="Send" on_submit=Callback::new(submit)>
                <TextField id="prompt" label="Prompt" field=form.field(lens!(name), "prompt") />
                <NumberField id="gain" label="Base gain" scale=Scale::logarithmic(0.1, 1.0) notation=DECIBELS
                    field=form.field(lens!(gain), "volume.gain") unit="of full scale" />
                <ChoiceField id="codec" label="Codec" options=codecs
                    field=form.field(lens!(codec), "codec").by_name(Codec::ALL, Codec::name) />
                <SwitchField label="Loop" field=form.field(lens!(looped), "looped") />
                <Rows id="cues" what="cue" list=form.list(lens!(cues), "cues") row=cue />
                <JsonText id="payload" label="Payload" form limits notice />
                <DraftFiles form limits notice />
            </FormFrame>
        }
    });
    // The signals are the test's as long as the page is there.
    std::mem::forget(owner);
    (page, draft, sent)
}

/// Waits until a field is marked, and says so; or is not.
async fn marked(page: &Page, role: &str, name: &str, message: &str) {
    let field = page.one(role, name).await;
    let described = field.get_attribute("aria-describedby").expect("a field has a place for its message");
    until(&format!("{message:?} below {name:?}"), || {
        let said = document().get_element_by_id(&described).and_then(|place| place.text_content());
        let invalid = field.get_attribute("aria-invalid").as_deref() == Some("true");
        said.as_deref() == Some(message) && invalid != message.is_empty()
    })
    .await;
}

/// Waits until a field holds `value`.
async fn holds(page: &Page, role: &str, name: &str, value: &str) {
    let field = page.one(role, name).await;
    until(&format!("{value:?} in the {role} {name:?}"), || {
        crate::js::field(&field, "value").as_string().as_deref() == Some(value)
    })
    .await;
}

/// Waits until the message with this `id` contains `part`.
async fn says(page: &Page, id: &str, part: &str) {
    until(&format!("{part:?} in {id}"), || {
        let said = page.select(&format!("#{id}")).map(|place| crate::testing::text(&place));
        said.is_some_and(|said| said.contains(part))
    })
    .await;
}

fn focused() -> String {
    document().active_element().map(|element| crate::testing::accessible_name(&element)).unwrap_or_default()
}

#[wasm_bindgen_test]
async fn a_field_says_what_is_wrong_while_it_is_typed() {
    let (page, draft, _) = open(right());
    marked(&page, "textbox", "Prompt", "").await;
    page.type_into("textbox", "Prompt", "").await;
    marked(&page, "textbox", "Prompt", "must be given").await;
    page.type_into("textbox", "Prompt", "goodbye").await;
    marked(&page, "textbox", "Prompt", "").await;
    page.type_into("textbox", "Base gain", "loud").await;
    marked(&page, "textbox", "Base gain", "must be 0.1 to 1").await;
    assert_eq!(draft.get_untracked(), PromptDraft { name: "goodbye".into(), gain: "loud".into(), ..right() });
}

#[wasm_bindgen_test]
async fn the_slider_and_the_exact_number_agree() {
    let (page, draft, _) = open(right());
    let half = Scale::logarithmic(0.1, 1.0).position(0.5).to_string();
    holds(&page, "slider", "Base gain", &half).await;
    page.type_into("textbox", "Base gain", "-6.02 dB").await;
    until("the slider at a half again", || {
        page.all("slider", "Base gain")[0].get_attribute("aria-valuetext").as_deref()
            == Some("-6.0 dB of full scale")
    })
    .await;
    holds(&page, "slider", "Base gain", &half).await;
    // What is no number leaves the slider where it is.
    page.type_into("textbox", "Base gain", "-6.02 d").await;
    marked(&page, "textbox", "Base gain", "must be 0.1 to 1").await;
    holds(&page, "slider", "Base gain", &half).await;
    page.type_into("slider", "Base gain", &STEPS.to_string()).await;
    marked(&page, "textbox", "Base gain", "").await;
    assert_eq!(draft.get_untracked().gain, "0.0 dB");
    holds(&page, "textbox", "Base gain", "0.0 dB").await;
}

#[wasm_bindgen_test]
fn equal_ways_are_equal_ratios_on_a_logarithmic_slider() {
    let scale = Scale::logarithmic(10.0, 1_000.0);
    for (position, value) in [(0.0, 10.0), (STEPS / 2.0, 100.0), (STEPS, 1_000.0)] {
        assert!((scale.value_at(position) - value).abs() < 1e-9, "{position}");
        assert!((scale.position(value) - position).abs() < 1e-9, "{value}");
    }
    let scale = Scale::linear(-60.0, 0.0);
    for (position, value) in [(0.0, -60.0), (STEPS / 4.0, -45.0), (STEPS, 0.0)] {
        assert!((scale.value_at(position) - value).abs() < 1e-9, "{position}");
        assert!((scale.position(value) - position).abs() < 1e-9, "{value}");
    }
    assert!((scale.position(99.0) - STEPS).abs() < 1e-9, "a value out of range is at the end");
    assert!(scale.holds(-60.0) && scale.holds(0.0) && !scale.holds(0.1) && !scale.holds(f64::NAN));
}

#[wasm_bindgen_test]
async fn a_choice_and_a_switch_change_the_draft() {
    let (page, draft, _) = open(right());
    draft.update(|draft| draft.codec = Codec::Opus);
    holds(&page, "combobox", "Codec", "Opus").await;
    page.choose("Codec", "G711").await;
    assert_eq!(draft.get_untracked().codec, Codec::G711);
    page.click("switch", "Loop").await;
    assert!(draft.get_untracked().looped);
}

#[wasm_bindgen_test]
async fn a_value_that_is_not_in_the_list_is_shown_as_such() {
    let value = RwSignal::new("strange".to_owned());
    let page = mount(move || {
        let field = Field {
            value: value.into(),
            set: Callback::new(move |text| value.set(text)),
            error: Signal::stored(None),
        };
        let options = vec![("a".to_owned(), "first".to_owned())];
        view! { <ChoiceField id="choice" label="Choice" field options empty="choose a flow" /> }
    });
    page.one("option", "strange (not in the list)").await;
    page.choose("Choice", "a").await;
    page.none("option", "strange (not in the list)").await;
    value.set(String::new());
    page.one("option", "choose a flow").await;
}

#[wasm_bindgen_test]
async fn rows_are_added_and_removed_and_the_focus_stays_near() {
    let (page, draft, _) = open(right());
    for number in 1..=4 {
        page.click("button", "Add cue").await;
        page.one("group", &format!("cue {number}")).await;
        until("the focus in the new row", || focused() == format!("cue {number} label")).await;
        marked(&page, "textbox", &format!("cue {number} label"), "must not be empty").await;
        page.type_into("textbox", &format!("cue {number} label"), &format!("c{number}")).await;
        marked(&page, "textbox", &format!("cue {number} label"), "").await;
    }
    says(&page, "cues-error", "must be at most 3 cues").await;
    // Where a row of that number remains, so does the focus.
    page.focus("button", "Remove cue 2").await;
    page.click("button", "Remove cue 2").await;
    page.none("group", "cue 4").await;
    let labels = |draft: PromptDraft| draft.cues.into_iter().map(|cue| cue.label).collect::<Vec<_>>();
    assert_eq!(labels(draft.get_untracked()), ["c1", "c3", "c4"]);
    holds(&page, "textbox", "cue 2 label", "c3").await;
    until("the focus where it was", || focused() == "Remove cue 2").await;
    for (number, then) in [(3, "Remove cue 2"), (2, "Remove cue 1"), (1, "Add cue")] {
        let name = format!("Remove cue {number}");
        page.focus("button", &name).await;
        page.click("button", &name).await;
        until(&format!("the focus on {then}"), || focused() == then).await;
    }
    assert!(draft.get_untracked().cues.is_empty());
}

#[wasm_bindgen_test]
async fn the_payload_is_edited_in_the_form_and_as_json() {
    let (page, draft, _) = open(right());
    document().query_selector("details.json").unwrap().unwrap().set_attribute("open", "").unwrap();
    page.type_into("textbox", "Prompt", "goodbye").await;
    until("the form in the JSON", || {
        let text = crate::js::field(&page.all("textbox", "Payload")[0], "value").as_string();
        let json = text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        json == Some(json!({ "prompt": "goodbye", "gain": "0.5" }))
    })
    .await;
    page.type_into("textbox", "Payload", "{\"prompt\": \"late\", \"gain\": \"0.2\"}").await;
    until("the JSON in the form", || draft.get_untracked().name == "late").await;
    holds(&page, "textbox", "Base gain", "0.2").await;
    // The text stays as it is typed, and is marked instead of the form's fields.
    page.type_into("textbox", "Payload", "{\"prompt\": \"two words\", \"more\": 1}").await;
    marked(
        &page,
        "textbox",
        "Payload",
        "more is no field of a prompt; prompt must be 1 to 128 visible characters without spaces; gain must be given",
    )
    .await;
    marked(&page, "textbox", "Prompt", "").await;
    assert_eq!(draft.get_untracked().name, "late");
    page.click("button", "Discard this text").await;
    marked(&page, "textbox", "Payload", "").await;
    let text = page.one("textbox", "Payload").await;
    until("the form's JSON", || {
        crate::js::field(&text, "value").as_string().is_some_and(|text| text.contains("late"))
    })
    .await;
    page.type_into("textbox", "Payload", "{").await;
    says(&page, "payload-error", "is no JSON").await;
}

#[wasm_bindgen_test]
async fn a_button_that_does_not_send_says_why_and_leads_to_the_first_wrong_field() {
    let (page, _, sent) =
        open(PromptDraft { name: "welcome".into(), gain: "9".into(), cues: vec![Cue::default()], ..right() });
    marked(&page, "textbox", "Base gain", "must be 0.1 to 1").await;
    assert!(page.with_role("alert").is_empty());
    page.click("button", "Send").await;
    until("the reasons", || {
        let all = page.with_role("alert").iter().map(crate::testing::text).collect::<String>();
        all.contains("volume.gain must be 0.1 to 1") && all.contains("cues[0].label must not be empty")
    })
    .await;
    assert_eq!(focused(), "Base gain");
    assert!(sent.get_untracked().is_empty());
    page.type_into("textbox", "Base gain", "1").await;
    page.type_into("textbox", "cue 1 label", "a").await;
    until("no more reasons", || page.with_role("alert").is_empty()).await;
    page.click("button", "Send").await;
    until("what was sent", || sent.get_untracked().len() == 1).await;
}

#[wasm_bindgen_test]
async fn a_wrong_text_is_led_to_though_it_is_folded() {
    let (page, _, sent) = open(right());
    let details = document().query_selector("details.json").unwrap().unwrap();
    details.set_attribute("open", "").unwrap();
    page.type_into("textbox", "Payload", "[]").await;
    says(&page, "payload-error", "must be an object, not a list").await;
    details.remove_attribute("open").unwrap();
    page.click("button", "Send").await;
    until("the text unfolded", || details.has_attribute("open")).await;
    until("the focus on the text", || focused() == "Payload").await;
    assert!(sent.get_untracked().is_empty());
}

#[wasm_bindgen_test]
async fn clear_empties_the_form() {
    let (page, draft, _) = open(PromptDraft { cues: vec![Cue::default()], ..right() });
    page.click("button", "Clear").await;
    until("an empty draft", || draft.get_untracked() == PromptDraft::default()).await;
    page.none("group", "cue 1").await;
}

#[wasm_bindgen_test]
async fn a_number_that_is_in_force_takes_only_what_fits() {
    let number = RwSignal::new(1.2);
    let page = mount(move || {
        let scale = Scale::linear(0.0, 10.0);
        let set = Callback::new(move |value| number.set(value));
        let field = number_text(number.into(), set, scale, Notation::PLAIN, "0–10".into());
        view! { <NumberField id="gain" label="Gain" slider_label="Gain Gain" scale field unit="" /> }
    });
    holds(&page, "textbox", "Gain", "1.2").await;
    // A point that is being typed is not taken away again.
    page.type_into("textbox", "Gain", "3.").await;
    assert!((number.get_untracked() - 3.0_f64).abs() < 1e-9);
    holds(&page, "slider", "Gain Gain", "150").await;
    assert_eq!(page.value("textbox", "Gain").await, "3.");
    for (wrong, message) in [("11", "0–10"), ("loud", "a number"), ("", "a number")] {
        page.type_into("textbox", "Gain", wrong).await;
        marked(&page, "textbox", "Gain", message).await;
        assert!((number.get_untracked() - 3.0).abs() < 1e-9, "{wrong:?} is not taken over");
        holds(&page, "textbox", "Gain", wrong).await;
        holds(&page, "slider", "Gain Gain", "150").await;
    }
    page.type_into("slider", "Gain Gain", &(0.5 * STEPS).to_string()).await;
    marked(&page, "textbox", "Gain", "").await;
    holds(&page, "textbox", "Gain", "5").await;
    page.type_into("textbox", "Gain", "loud").await;
    marked(&page, "textbox", "Gain", "a number").await;
    // Another number from elsewhere is shown.
    number.set(7.0);
    marked(&page, "textbox", "Gain", "").await;
    holds(&page, "textbox", "Gain", "7").await;
}
