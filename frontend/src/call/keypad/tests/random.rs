//! Random sequences of keys, pointers and changes of the focus: each press is accounted for, and each tone ends.

use base::digit::Digit;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement};

use crate::{
    call::{
        CallContext,
        keypad::Keypad,
        testing::{digit, mount_in_call},
    },
    testing::{Key, dispatch, document, key_down, key_down_with, key_up, pointer},
};

/// Number of sequences.
const SEQUENCES: usize = 10_000;
/// Maximum number of events of a sequence, before all that is still down goes up.
const MAX_EVENTS: usize = 12;
/// The sequences are the same in every run.
const SEED: u64 = 0x6b65_7970_6164;

/// A key of the keyboard in some layout, with its modifiers and the digit that it stands for.
type Stroke = (Key, &'static [&'static str], Option<char>);

const STROKES: [Stroke; 20] = [
    (Key { key: "1", code: "Digit1" }, &[], Some('1')),
    (Key { key: "3", code: "Digit3" }, &[], Some('3')),
    (Key { key: "#", code: "Digit3" }, &["shiftKey"], Some('#')),
    (Key { key: "*", code: "Digit8" }, &["shiftKey"], Some('*')),
    (Key { key: "8", code: "Digit8" }, &[], Some('8')),
    (Key { key: "£", code: "Digit3" }, &["shiftKey"], None),
    (Key { key: "#", code: "Digit3" }, &["altKey"], Some('#')),
    (Key { key: "#", code: "Digit3" }, &["ctrlKey", "altKey"], Some('#')),
    (Key { key: "#", code: "Digit3" }, &["modifierAltGraph"], Some('#')),
    (Key { key: "3", code: "Digit3" }, &["ctrlKey"], None),
    (Key { key: "3", code: "Digit3" }, &["metaKey"], None),
    (Key { key: "&", code: "Digit1" }, &[], Some('1')),
    (Key { key: "à", code: "Digit0" }, &[], Some('0')),
    (Key { key: "٣", code: "Digit3" }, &[], Some('3')),
    (Key { key: "९", code: "Digit9" }, &[], Some('9')),
    (Key { key: "7", code: "Numpad7" }, &[], Some('7')),
    (Key { key: "Home", code: "Numpad7" }, &[], Some('7')),
    (Key { key: "*", code: "NumpadMultiply" }, &[], Some('*')),
    (Key { key: "a", code: "KeyA" }, &[], None),
    (Key { key: "Escape", code: "Escape" }, &[], None),
];
/// Keys that press the button that has the focus, walk, or are Command.
const OTHER_KEYS: [Key; 5] = [
    Key { key: "Enter", code: "Enter" },
    Key { key: " ", code: "Space" },
    Key { key: "ArrowDown", code: "ArrowDown" },
    Key { key: "ArrowLeft", code: "ArrowLeft" },
    Key { key: "Meta", code: "MetaLeft" },
];
/// Ends of a pointer's press.
const POINTER_ENDS: [&str; 3] = ["pointerup", "pointercancel", "lostpointercapture"];

/// Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as usize % limit
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The person at the page, who knows what each press should come to.
struct Person {
    dice: Dice,
    keys: Vec<(Element, Digit)>,
    fields: Vec<HtmlElement>,
    down: Vec<Key>,
    /// Pointers that are down, each with the place in `keys` of its key.
    pointers: Vec<(i32, usize)>,
    expected: Vec<Digit>,
}

impl Person {
    fn act(&mut self) {
        match self.dice.below(10) {
            0..=2 => self.stroke(),
            3 => self.other_key(),
            4 => {
                if !self.down.is_empty() {
                    let index = self.dice.below(self.down.len());
                    key_up(self.down.swap_remove(index));
                }
            }
            5 => self.put_a_pointer_down(),
            6 => {
                if !self.pointers.is_empty() {
                    let index = self.dice.below(self.pointers.len());
                    let (id, key) = self.pointers.swap_remove(index);
                    pointer(&self.keys[key].0, POINTER_ENDS[self.dice.below(POINTER_ENDS.len())], id);
                }
            }
            7 => self.move_the_focus(),
            8 => {
                let kind = self.dice.one_of(&["blur", "visibilitychange"]);
                dispatch(&web_sys::window().unwrap(), "Event", kind, &[]);
            }
            _ => {
                let (key, digit) = self.dice.one_of(&self.keys);
                dispatch(key, "MouseEvent", "click", &[("detail", &0.into())]);
                self.expected.push(*digit);
            }
        }
    }

    fn stroke(&mut self) {
        let (key, modifiers, stands_for) = *self.dice.one_of(&STROKES);
        let repeat = self.dice.below(4) == 0;
        let on = JsValue::TRUE;
        let mut fields: Vec<(&str, &JsValue)> = modifiers.iter().map(|name| (*name, &on)).collect();
        fields.extend(repeat.then_some(("repeat", &on)));
        let is_text = document().active_element().is_some_and(|element| {
            matches!(element.get_attribute("type").as_deref(), Some("text" | "number"))
        });
        self.expected.extend(stands_for.filter(|_| !repeat && !is_text).map(digit));
        key_down_with(key, &fields);
        self.down.push(key);
    }

    fn other_key(&mut self) {
        let key = *self.dice.one_of(&OTHER_KEYS);
        if matches!(key.key, "Enter" | " ") {
            let focused = document().active_element();
            let pressed = self.keys.iter().find(|(button, _)| Some(button) == focused.as_ref());
            self.expected.extend(pressed.map(|(_, digit)| *digit));
        }
        key_down(key);
        self.down.push(key);
    }

    fn put_a_pointer_down(&mut self) {
        let id = [0, 1, 2][self.dice.below(3)];
        let index = self.dice.below(self.keys.len());
        let (key, digit) = &self.keys[index];
        self.expected.push(*digit);
        pointer(key, "pointerdown", id);
        self.pointers.push((id, index));
    }

    fn move_the_focus(&mut self) {
        let to = self.dice.below(self.fields.len() + self.keys.len());
        let element = match self.fields.get(to) {
            Some(field) => field.clone(),
            None => self.keys[to - self.fields.len()].0.clone().unchecked_into(),
        };
        element.focus().unwrap();
    }

    /// Lets everything go, in the order in which it went down.
    fn let_go(&mut self) {
        for key in self.down.drain(..) {
            key_up(key);
        }
        for (id, key) in self.pointers.drain(..) {
            pointer(&self.keys[key].0, "pointerup", id);
        }
    }
}

/// Returns the digits that reached the audio thread; panics where a tone has no end, or two ends.
fn heard(context: CallContext, sequence: usize) -> Vec<Digit> {
    let mut digits = Vec::new();
    for pair in context.driver().audio.take_waiting().chunks(2) {
        let [Some(pressed), None] = pair else { panic!("sequence {sequence}: {pair:?}") };
        digits.push(*pressed);
    }
    digits
}

#[wasm_bindgen_test]
async fn each_of_ten_thousand_sequences_ends_in_silence_with_every_digit_heard() {
    let (page, context) = mount_in_call(|| {
        view! {
            <Keypad />
            <input type="text" aria-label="Call ID" />
            <input type="number" aria-label="Count" />
            <input type="range" aria-label="Gain" />
            <select aria-label="Flow"><option>"3 menus"</option></select>
        }
    });
    let mut keys = Vec::new();
    for key in page.with_role("button") {
        let symbol = crate::testing::accessible_name(&key).chars().next().expect("a key has a name");
        keys.push((key, digit(symbol)));
    }
    let mut fields = Vec::new();
    for (role, name) in
        [("textbox", "Call ID"), ("spinbutton", "Count"), ("slider", "Gain"), ("combobox", "Flow")]
    {
        fields.push(page.one(role, name).await.unchecked_into());
    }
    let (down, pointers, expected) = (Vec::new(), Vec::new(), Vec::new());
    let mut person = Person { dice: Dice(SEED), keys, fields, down, pointers, expected };
    let mut pressed = 0;
    for sequence in 0..SEQUENCES {
        for _ in 0..=person.dice.below(MAX_EVENTS) {
            person.act();
        }
        person.let_go();
        assert_eq!(context.store.sounding.get_untracked(), None, "sequence {sequence}");
        assert_eq!(heard(context, sequence), person.expected, "sequence {sequence}");
        pressed += person.expected.len();
        person.expected.clear();
    }
    assert!(pressed > SEQUENCES, "{pressed} presses");
}
