//! The keypad: mouse, touch, keyboard, screen reader.

use base::digit::Digit;
use gloo_timers::callback::Timeout;
use leptos::{ev, prelude::*};
use signal::tone::MAX_HOLD;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, EventTarget, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use super::CallContext;

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

/// The key that is held down, and by what: a tone ends only with what began it.
#[derive(Clone, Copy)]
struct Hold {
    context: CallContext,
    held: StoredValue<Option<Holder>>,
    longest: StoredValue<Option<Timeout>, LocalStorage>,
}

/// A pointer or a key of the keyboard that holds a key down.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holder {
    /// A pointer, with its number.
    Pointer(i32),
    /// A key of the keyboard, with its place: what it types changes when Shift is released first.
    Keyboard(String),
}

impl Hold {
    fn new(context: CallContext) -> Self {
        Self { context, held: StoredValue::new(None), longest: StoredValue::new_local(None) }
    }

    fn press(self, digit: Digit, holder: Holder) {
        self.held.set_value(Some(holder));
        self.context.press(digit);
        // The audio thread ends a tone after as long; this puts out the key's light.
        let longest = Timeout::new(MAX_HOLD.as_millis() as u32, move || self.release_all());
        self.longest.set_value(Some(longest));
    }

    /// Releases the key that `holder` holds down, if it still does.
    fn release(self, holder: &Holder) {
        if self.held.with_value(|held| held.as_ref() == Some(holder)) {
            self.release_all();
        }
    }

    /// Releases the key, whatever holds it down.
    fn release_all(self) {
        if self.held.try_update_value(Option::take).flatten().is_some() {
            self.longest.set_value(None);
            self.context.release();
        }
    }
}

/// Shows twelve keys, sixteen with the switch.
#[component]
pub(super) fn Keypad() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let hold = Hold::new(context);
    let letters = RwSignal::new(false);
    listen_to_the_keyboard(hold, letters);
    on_cleanup(move || hold.release_all());
    let columns = move || if letters.get() { 4 } else { 3 };
    view! {
        <div class="keypad" role="group" aria-label="Keypad" class:wide=move || letters.get()>
            {move || (0..4).flat_map(|row| (0..columns()).filter_map(move |column| Digit::at(row, column)))
                .map(|digit| view! { <Key digit hold /> })
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
fn Key(digit: Digit, hold: Hold) -> impl IntoView {
    let context = hold.context;
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
        hold.press(digit, Holder::Pointer(pointer.pointer_id()));
    };
    let up = move |pointer: PointerEvent| hold.release(&Holder::Pointer(pointer.pointer_id()));
    view! {
        <button
            type="button"
            class="key"
            aria-label=symbol.to_string()
            class:sounding=move || context.store.sounding.get() == Some(digit)
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

/// Returns true for the keys that press a button.
fn activates(key: &KeyboardEvent) -> bool {
    matches!(key.key().as_str(), "Enter" | " ")
}

/// Lets the keyboard's keys press keys of the keypad wherever nothing else takes text.
fn listen_to_the_keyboard(hold: Hold, letters: RwSignal<bool>) {
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
            hold.press(digit, Holder::Keyboard(key.code()));
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

fn takes_text(target: Option<EventTarget>) -> bool {
    let Some(element) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return false };
    let field = match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(element.get_attribute("type").as_deref(), Some("checkbox" | "radio" | "button")),
        _ => false,
    };
    field || element.is_content_editable()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{digit, mount_in_call},
        testing::{
            Key as Pressed, Page, dispatch, document, key_down, key_down_with, key_up, pointer, until,
        },
    };

    const HASH: Pressed = Pressed { key: "#", code: "Digit3" };
    const THREE: Pressed = Pressed { key: "3", code: "Digit3" };
    const SHIFT: Pressed = Pressed { key: "Shift", code: "ShiftLeft" };
    const ENTER: Pressed = Pressed { key: "Enter", code: "Enter" };

    fn keypad() -> (Page, CallContext) {
        mount_in_call(|| view! { <Keypad /> <input type="text" aria-label="Call ID" /> })
    }

    fn sounding(context: CallContext) -> Option<Digit> {
        context.store.sounding.get_untracked()
    }

    /// Returns the kinds of the messages to the audio thread.
    fn sent(context: CallContext) -> Vec<String> {
        context.driver().audio.waiting()
    }

    #[wasm_bindgen_test]
    async fn twelve_keys_are_named_by_their_symbols_and_four_more_come_with_the_switch() {
        let (page, _) = keypad();
        let names = |page: &Page| -> String {
            page.with_role("button").iter().map(crate::testing::accessible_name).collect()
        };
        assert_eq!(names(&page), "123456789*0#");
        page.one("group", "Keypad").await;
        page.click("switch", "Keys A–D").await;
        until("sixteen keys", || names(&page) == "123A456B789C*0#D").await;
    }

    #[wasm_bindgen_test]
    async fn a_tone_lasts_as_long_as_the_pointer_that_began_it_is_down() {
        let (page, context) = keypad();
        let key = page.one("button", "5").await;
        pointer(&key, "pointerdown", 1);
        assert_eq!(sounding(context), Some(digit('5')));
        until("the pressed look", || key.class_list().contains("sounding")).await;
        pointer(&key, "pointerup", 2);
        assert_eq!(sounding(context), Some(digit('5')), "another finger went up");
        pointer(&key, "pointerup", 1);
        assert_eq!(sounding(context), None);
        assert_eq!(sent(context), ["press", "release"]);
    }

    #[wasm_bindgen_test]
    async fn a_pointer_that_is_lost_ends_its_tone() {
        let (page, context) = keypad();
        for lost in ["pointercancel", "lostpointercapture"] {
            let key = page.one("button", "8").await;
            pointer(&key, "pointerdown", 7);
            assert_eq!(sounding(context), Some(digit('8')));
            pointer(&key, lost, 7);
            assert_eq!(sounding(context), None, "{lost}");
        }
    }

    #[wasm_bindgen_test]
    async fn the_other_mouse_buttons_press_nothing() {
        let (page, context) = keypad();
        let key = page.one("button", "5").await;
        dispatch(&key, "PointerEvent", "pointerdown", &[("button", &2.into()), ("pointerId", &1.into())]);
        assert_eq!(sounding(context), None);
    }

    #[wasm_bindgen_test]
    fn shift_let_go_before_3_leaves_no_tone() {
        let (_page, context) = keypad();
        let shift = [("shiftKey", &true.into())];
        key_down_with(SHIFT, &shift);
        key_down_with(HASH, &shift);
        assert_eq!(sounding(context), Some(digit('#')));
        key_up(SHIFT);
        assert_eq!(sounding(context), Some(digit('#')), "the key is still down");
        // Without Shift, the same key now types 3.
        key_up(THREE);
        assert_eq!(sounding(context), None);
        assert_eq!(sent(context), ["press", "release"]);
    }

    #[wasm_bindgen_test]
    fn a_key_that_repeats_is_pressed_once_and_another_takes_over() {
        let (_page, context) = keypad();
        key_down(THREE);
        key_down_with(THREE, &[("repeat", &true.into())]);
        assert_eq!(sent(context), ["press"]);
        let nine = Pressed { key: "9", code: "Numpad9" };
        key_down(nine);
        key_up(THREE);
        assert_eq!(sounding(context), Some(digit('9')), "it is no longer 3 that sounds");
        key_up(nine);
        assert_eq!(sent(context), ["press", "press", "release"]);
    }

    #[wasm_bindgen_test]
    fn a_window_that_loses_the_focus_or_is_hidden_is_silent() {
        let (_page, context) = keypad();
        let window = web_sys::window().unwrap();
        for kind in ["blur", "visibilitychange"] {
            key_down(THREE);
            assert_eq!(sounding(context), Some(digit('3')));
            dispatch(&window, "Event", kind, &[]);
            assert_eq!(sounding(context), None, "{kind}");
        }
    }

    #[wasm_bindgen_test]
    fn a_held_key_falls_silent_by_itself_and_one_that_is_taken_away_at_once() {
        let page_hold = std::rc::Rc::new(std::cell::Cell::new(None));
        let made = std::rc::Rc::clone(&page_hold);
        let (page, context) = mount_in_call(move || {
            made.set(Some(Hold::new(expect_context())));
            view! { <Keypad /> }
        });
        let driver = context.driver();
        let hold = page_hold.get().unwrap();
        hold.press(digit('1'), Holder::Pointer(1));
        assert!(hold.longest.with_value(Option::is_some), "it is released when it was held for {MAX_HOLD:?}");
        hold.release(&Holder::Pointer(1));
        assert!(hold.longest.with_value(Option::is_none));
        key_down(THREE);
        drop(page);
        assert_eq!(driver.audio.waiting(), ["press", "release", "press", "release"]);
    }

    #[wasm_bindgen_test]
    async fn keys_that_are_typed_into_a_field_press_nothing() {
        let (page, context) = keypad();
        page.focus("textbox", "Call ID").await;
        key_down(THREE);
        assert_eq!(sounding(context), None);
        page.focus("button", "5").await;
        key_down(THREE);
        assert_eq!(sounding(context), Some(digit('3')), "a button takes no text");
        key_up(THREE);
        key_down_with(THREE, &[("ctrlKey", &true.into())]);
        assert_eq!(sounding(context), None, "Ctrl+3 is the browser's");
    }

    #[wasm_bindgen_test]
    fn letters_are_keys_only_with_the_switch() {
        let (page, context) = keypad();
        let letter = Pressed { key: "a", code: "KeyA" };
        key_down(letter);
        assert_eq!(sounding(context), None);
        let switch = page.with_role("switch").remove(0);
        switch.unchecked_into::<HtmlElement>().click();
        key_down(letter);
        assert_eq!(sounding(context), Some(digit('A')));
        key_up(letter);
    }

    #[wasm_bindgen_test]
    async fn enter_on_a_key_presses_it_until_enter_goes_up_wherever_the_focus_is() {
        let (page, context) = keypad();
        page.focus("button", "7").await;
        assert!(!key_down(ENTER), "no click comes of it as well");
        assert_eq!(sounding(context), Some(digit('7')));
        page.focus("textbox", "Call ID").await;
        assert!(document().active_element().is_some_and(|element| element.local_name() == "input"));
        key_up(ENTER);
        assert_eq!(sounding(context), None);
        assert_eq!(sent(context), ["press", "release"]);
    }

    #[wasm_bindgen_test]
    async fn a_click_of_assistive_technology_is_a_short_press() {
        let (page, context) = keypad();
        let key = page.one("button", "#").await;
        dispatch(&key, "MouseEvent", "click", &[("detail", &0.into())]);
        assert_eq!(sent(context), ["press", "release"]);
        dispatch(&key, "MouseEvent", "click", &[("detail", &1.into())]);
        assert_eq!(sent(context).len(), 2, "a mouse's click has pressed already");
    }
}
