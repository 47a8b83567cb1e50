//! The keypad: mouse, touch, keyboard, screen reader.

use leptos::{ev, prelude::*};
use shared::dtmf::Digit;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, EventTarget, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use super::CallContext;

/// What stands below the digits on a telephone, ITU-T E.161.
const LETTERS: [(char, &str); 8] = [
    ('2', "ABC"),
    ('3', "DEF"),
    ('4', "GHI"),
    ('5', "JKL"),
    ('6', "MNO"),
    ('7', "PQRS"),
    ('8', "TUV"),
    ('9', "WXYZ"),
];

/// Twelve keys, sixteen with the switch.
#[component]
pub(super) fn Keypad() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let letters = RwSignal::new(false);
    listen_to_the_keyboard(context, letters);
    let columns = move || if letters.get() { 4 } else { 3 };
    view! {
        <div class="keypad" role="group" aria-label="Keypad" class:wide=move || letters.get()>
            {move || (0..4).flat_map(|row| (0..columns()).filter_map(move |column| Digit::at(row, column)))
                .map(|digit| view! { <Key digit /> })
                .collect_view()}
        </div>
        <label class="switch">
            <input type="checkbox" role="switch" prop:checked=move || letters.get()
                on:change=move |change| letters.set(event_target_checked(&change)) />
            "Keys A–D"
        </label>
    }
}

#[component]
fn Key(digit: Digit) -> impl IntoView {
    let context = expect_context::<CallContext>();
    let symbol = digit.as_char();
    let letters = LETTERS.iter().find(|(key, _)| *key == symbol).map_or("", |(_, letters)| letters);
    let down = move |pointer: PointerEvent| {
        if pointer.button() != 0 {
            return;
        }
        // Without capture a pointer that slides off the key would leave it sounding.
        if let Some(key) = pointer.current_target().and_then(|key| key.dyn_into::<Element>().ok()) {
            let _ = key.set_pointer_capture(pointer.pointer_id());
        }
        context.press(digit);
    };
    let keyboard = move |key: &KeyboardEvent| matches!(key.key().as_str(), "Enter" | " ");
    view! {
        <button
            type="button"
            class="key"
            aria-label=symbol.to_string()
            class:sounding=move || context.store.sounding.get() == Some(digit)
            on:pointerdown=down
            on:pointerup=move |_| context.release()
            on:pointercancel=move |_| context.release()
            on:keydown=move |key| {
                if keyboard(&key) {
                    key.prevent_default();
                    if !key.repeat() {
                        context.press(digit);
                    }
                }
            }
            on:keyup=move |key| {
                if keyboard(&key) {
                    key.prevent_default();
                    context.release();
                }
            }
            on:click=move |click: MouseEvent| {
                // A click that no pointer or key made comes from assistive technology, or a script.
                if click.detail() == 0 {
                    context.press(digit);
                    context.release();
                }
            }
        >
            <span class="symbol">{if symbol == '*' { '∗' } else { symbol }}</span>
            <span class="letters" aria-hidden="true" data-letters=letters></span>
        </button>
    }
}

/// The keyboard's own keys press keys of the keypad wherever nothing else takes text.
fn listen_to_the_keyboard(context: CallContext, letters: RwSignal<bool>) {
    let held = StoredValue::new(None::<Digit>);
    let digit_of = move |key: &KeyboardEvent| {
        if key.ctrl_key() || key.alt_key() || key.meta_key() || takes_text(key.target()) {
            return None;
        }
        let digit: Digit = key.key().parse().ok()?;
        (letters.get_untracked() || !digit.as_char().is_ascii_alphabetic()).then_some(digit)
    };
    let down = window_event_listener(ev::keydown, move |key| {
        if let Some(digit) = digit_of(&key)
            && !key.repeat()
        {
            held.set_value(Some(digit));
            context.press(digit);
        }
    });
    let up = window_event_listener(ev::keyup, move |key| {
        if digit_of(&key).is_some() && digit_of(&key) == held.get_value() {
            held.set_value(None);
            context.release();
        }
    });
    let blur = window_event_listener(ev::blur, move |_| context.release());
    on_cleanup(move || {
        down.remove();
        up.remove();
        blur.remove();
    });
}

fn takes_text(target: Option<EventTarget>) -> bool {
    let Some(element) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return false };
    let field = match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(element.get_attribute("type").as_deref(), Some("checkbox" | "radio" | "button")),
        _ => false,
    };
    field || element.is_content_editable()
}
