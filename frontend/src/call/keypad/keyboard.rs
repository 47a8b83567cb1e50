//! The keyboard's keys as keys of the keypad, in any layout and script.

use base::digit::Digit;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{EventTarget, HtmlElement, KeyboardEvent};

use super::hold::{Hold, Holder};

/// Returns true for the keys that press a button.
pub(super) fn activates(key: &KeyboardEvent) -> bool {
    matches!(key.key().as_str(), "Enter" | " ")
}

/// Lets the keyboard's keys press keys of the keypad wherever nothing else takes text.
pub(super) fn listen_to_the_keyboard(hold: Hold, letters: RwSignal<bool>) {
    let down = window_event_listener(ev::keydown, move |key| {
        // While Command is down, macOS does not tell when another key goes up.
        if key.key() == "Meta" {
            hold.release_keyboard();
        }
        let digit =
            digit_of(&key).filter(|digit| letters.get_untracked() || !digit.as_char().is_ascii_alphabetic());
        if let Some(digit) = digit
            && !takes_text(key.target())
        {
            // A browser searches or scrolls at some of the characters that stand for digits here, and a select jumps.
            key.prevent_default();
            if !key.repeat() {
                hold.press(digit, Holder::Keyboard(key.code()));
            }
        }
    });
    let up = window_event_listener(ev::keyup, move |key| hold.release(&Holder::Keyboard(key.code())));
    // A window without the focus, or a page that is not seen, is not told when the key goes up.
    let blur = window_event_listener(ev::blur, move |_| hold.release_all());
    let hidden = window_event_listener_untyped("visibilitychange", move |_| hold.release_all());
    on_cleanup(move || {
        for listener in [down, up, blur, hidden] {
            listener.remove();
        }
    });
}

/// Returns the digit that is typed, by the character or, where that is none of a keypad's, by the key's place: number keys
/// type other characters on AZERTY, and none at all on a number pad that moves the cursor.
fn digit_of(key: &KeyboardEvent) -> Option<Digit> {
    // AltGr is Control and Alt on Windows.
    if key.meta_key() || key.ctrl_key() && !key.alt_key() {
        return None;
    }
    let typed = key.key();
    let mut symbols = typed.chars();
    if let (Some(symbol), None) = (symbols.next(), symbols.next())
        && let Some(digit) = Digit::of_any_script(symbol)
    {
        return Some(digit);
    }
    if key.shift_key() || key.alt_key() || key.get_modifier_state("AltGraph") {
        return None;
    }
    let code = key.code();
    code.strip_prefix("Digit").or_else(|| code.strip_prefix("Numpad"))?.parse().ok()
}

/// Returns true where a digit is text: it goes into what has the focus.
fn takes_text(target: Option<EventTarget>) -> bool {
    let Some(element) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return false };
    let without_text = "button, checkbox, color, file, image, radio, range, reset, submit";
    let field = match element.tag_name().as_str() {
        "TEXTAREA" => true,
        "INPUT" => element
            .get_attribute("type")
            .is_none_or(|kind| !without_text.split(", ").any(|other| other == kind)),
        _ => false,
    };
    field || element.is_content_editable()
}
