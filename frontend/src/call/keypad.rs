//! The keypad: mouse, touch, keyboard, screen reader.

mod hold;
mod keyboard;
#[cfg(test)]
mod tests;

use base::digit::Digit;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, MouseEvent, PointerEvent};

use self::{
    hold::{Hold, Holder},
    keyboard::{activates, listen_to_the_keyboard},
};
use super::CallContext;
use crate::ui::walk;

/// The letters below the digits of a telephone, ITU-T E.161.
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

/// The key that the Tab key comes to first.
const FIRST_KEY: char = '1';

/// Shows twelve keys, sixteen with the switch.
#[component]
pub(super) fn Keypad() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let hold = Hold::new(context);
    let letters = RwSignal::new(false);
    let stop = RwSignal::new(FIRST_KEY);
    listen_to_the_keyboard(hold, letters);
    on_cleanup(move || hold.release_all());
    let columns = move || if letters.get() { 4u8 } else { 3 };
    view! {
        <div class="keypad" role="group" aria-label="Keypad" class:wide=move || letters.get()
            on:keydown=move |key| walk(&key, "button", columns())>
            {move || (0..4).flat_map(|row| (0..columns()).filter_map(move |column| Digit::at(row, usize::from(column))))
                .map(|digit| view! { <Key digit hold stop /> })
                .collect_view()}
        </div>
        <label class="switch">
            <input type="checkbox" role="switch" prop:checked=move || letters.get()
                on:change=move |change| {
                    letters.set(event_target_checked(&change));
                    stop.set(FIRST_KEY);
                } />
            "Keys A–D"
        </label>
    }
}

#[component]
fn Key(digit: Digit, hold: Hold, stop: RwSignal<char>) -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    let symbol = digit.as_char();
    let name = match symbol {
        '*' => "* star".to_owned(),
        '#' => "# pound".to_owned(),
        symbol => symbol.to_string(),
    };
    let letters = LETTERS.iter().find(|(key, _)| *key == symbol).map_or("", |(_, letters)| letters);
    let down = move |pointer: PointerEvent| {
        if pointer.button() != 0 {
            return;
        }
        // Without capture a pointer that slides off the key would leave it sounding.
        if let Some(key) = pointer.current_target().and_then(|key| key.dyn_into::<Element>().ok()) {
            let _ = key.set_pointer_capture(pointer.pointer_id());
        }
        hold.press(digit, Holder::Pointer(pointer.pointer_id()));
    };
    let up = move |pointer: PointerEvent| hold.release(&Holder::Pointer(pointer.pointer_id()));
    view! {
        <button
            type="button"
            class="key"
            aria-label=name
            tabindex=move || if stop.get() == symbol { "0" } else { "-1" }
            class:sounding=move || store.sounding.get() == Some(digit)
            on:focus=move |_| stop.set(symbol)
            on:pointerdown=down
            on:pointerup=up
            on:pointercancel=up
            on:lostpointercapture=up
            on:keydown=move |key| {
                if activates(&key) {
                    key.prevent_default();
                    if !key.repeat() {
                        hold.press(digit, Holder::Keyboard(key.code()));
                    }
                }
            }
            on:keyup=move |key| {
                if activates(&key) {
                    key.prevent_default();
                }
            }
            on:click=move |click: MouseEvent| {
                // A click that no pointer or key made comes from assistive technology, or a script.
                if click.detail() == 0 {
                    hold.tap(digit);
                }
            }
        >
            <span class="symbol">{if symbol == '*' { '∗' } else { symbol }}</span>
            <span class="letters" aria-hidden="true" data-letters=letters></span>
        </button>
    }
}
