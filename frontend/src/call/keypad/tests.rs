//! The keypad in a browser, key by key.

mod random;

use signal::tone::MAX_HOLD;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use super::*;
use crate::{
    call::testing::{digit, mount_in_call},
    testing::{
        Key as Pressed, Page, accessible_name, dispatch, document, key_down, key_down_with, key_up,
        key_up_with, pointer, until,
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
    let names = |page: &Page| -> String { page.with_role("button").iter().map(accessible_name).collect() };
    assert_eq!(names(&page), "123456789* star0# pound");
    page.one("group", "Keypad").await;
    page.click("switch", "Keys A–D").await;
    until("sixteen keys", || names(&page) == "123A456B789C* star0# poundD").await;
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
    assert_eq!(sent(context), ["press", "release", "press", "release"]);
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
    let key = page.one("button", "# pound").await;
    dispatch(&key, "MouseEvent", "click", &[("detail", &0.into())]);
    assert_eq!(sent(context), ["press", "release"]);
    dispatch(&key, "MouseEvent", "click", &[("detail", &1.into())]);
    assert_eq!(sent(context).len(), 2, "a mouse's click has pressed already");
}

#[wasm_bindgen_test]
async fn of_two_fingers_the_later_one_sounds_and_each_tone_ends() {
    let (page, context) = keypad();
    let (four, six) = (page.one("button", "4").await, page.one("button", "6").await);
    pointer(&four, "pointerdown", 1);
    pointer(&six, "pointerdown", 2);
    assert_eq!(sounding(context), Some(digit('6')));
    assert_eq!(sent(context), ["press", "release", "press"]);
    pointer(&four, "pointerup", 1);
    assert_eq!(sounding(context), Some(digit('6')), "its tone was over already");
    pointer(&six, "pointerup", 2);
    assert_eq!(sounding(context), None);
    assert_eq!(sent(context), ["press", "release", "press", "release"]);
}

#[wasm_bindgen_test]
fn a_key_that_goes_up_with_a_modifier_ends_its_tone() {
    let (_page, context) = keypad();
    for modifier in ["ctrlKey", "altKey", "shiftKey", "metaKey"] {
        key_down(THREE);
        assert_eq!(sounding(context), Some(digit('3')));
        key_up_with(THREE, &[(modifier, &true.into())]);
        assert_eq!(sounding(context), None, "{modifier}");
    }
    // macOS tells nothing of keys that go up while Command is down.
    key_down(THREE);
    key_down(Pressed { key: "Meta", code: "MetaLeft" });
    assert_eq!(sounding(context), None);
}

#[wasm_bindgen_test]
fn layouts_scripts_and_number_pads_dial() {
    let (_page, context) = keypad();
    let held = JsValue::TRUE;
    let check = |key: &'static str, code: &'static str, modifiers: &[&str], expected: Option<char>| {
        let fields: Vec<(&str, &JsValue)> = modifiers.iter().map(|name| (*name, &held)).collect();
        let pressed = Pressed { key, code };
        assert_eq!(
            key_down_with(pressed, &fields),
            expected.is_none(),
            "{pressed:?}: nothing else comes of it"
        );
        assert_eq!(sounding(context), expected.map(digit), "{pressed:?} {modifiers:?}");
        key_up(pressed);
        assert_eq!(sounding(context), None);
    };
    // UK on a Mac, French on Windows and on Linux.
    check("#", "Digit3", &["altKey"], Some('#'));
    check("#", "Digit3", &["ctrlKey", "altKey"], Some('#'));
    check("#", "Digit3", &["modifierAltGraph"], Some('#'));
    check("£", "Digit3", &["shiftKey"], None);
    check("³", "Digit3", &["modifierAltGraph"], None);
    check("3", "Digit3", &["ctrlKey"], None);
    check("3", "Digit3", &["metaKey"], None);
    for (index, typed) in ["à", "&", "é", "\"", "'", "(", "-", "è", "_", "ç"].into_iter().enumerate() {
        let code = [
            "Digit0", "Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8",
            "Digit9",
        ];
        check(typed, code[index], &[], char::from_digit(index as u32, 10));
    }
    check("5", "Digit5", &["shiftKey"], Some('5'));
    check("!", "Digit1", &["shiftKey"], None);
    check("*", "Backslash", &[], Some('*'));
    check("٣", "Digit3", &[], Some('3'));
    check("۷", "Digit7", &[], Some('7'));
    check("९", "Digit9", &[], Some('9'));
    check("＃", "Digit3", &["shiftKey"], Some('#'));
    check("Process", "Digit4", &[], Some('4'));
    check("6", "Numpad6", &[], Some('6'));
    check("End", "Numpad1", &[], Some('1'));
    check("ArrowUp", "Numpad8", &[], Some('8'));
    check("*", "NumpadMultiply", &[], Some('*'));
    check("+", "NumpadAdd", &[], None);
    check("Enter", "NumpadEnter", &[], None);
    check("End", "End", &[], None);
}

#[wasm_bindgen_test]
async fn only_what_takes_text_keeps_digits_to_itself() {
    let (page, context) = mount_in_call(|| {
        view! {
            <Keypad />
            <input type="range" aria-label="Gain" />
            <select aria-label="Flow"><option>"3 menus"</option></select>
            <input type="radio" aria-label="Route" />
            <input type="number" aria-label="Count" />
            <input aria-label="Name" />
            <textarea aria-label="Words"></textarea>
            <div contenteditable="true" role="textbox" aria-label="Note"></div>
        }
    });
    let fields = [
        ("slider", "Gain", true),
        ("combobox", "Flow", true),
        ("radio", "Route", true),
        ("switch", "Keys A–D", true),
        ("spinbutton", "Count", false),
        ("textbox", "Name", false),
        ("textbox", "Words", false),
        ("textbox", "Note", false),
    ];
    for (role, name, dials) in fields {
        page.focus(role, name).await;
        key_down(THREE);
        assert_eq!(sounding(context).is_some(), dials, "{name}");
        key_up(THREE);
    }
}

#[wasm_bindgen_test]
async fn the_keypad_is_one_stop_and_arrows_walk_it() {
    let (page, context) = keypad();
    let stops = |page: &Page| -> Vec<String> {
        let keys = page.with_role("button");
        keys.iter()
            .filter(|key| key.get_attribute("tabindex").as_deref() == Some("0"))
            .map(accessible_name)
            .collect()
    };
    assert_eq!(stops(&page), ["1"]);
    page.focus("button", "1").await;
    let walk = [
        ("ArrowRight", "2"),
        ("ArrowDown", "5"),
        ("ArrowLeft", "4"),
        ("ArrowUp", "1"),
        ("ArrowUp", "1"),
        ("End", "# pound"),
        ("ArrowDown", "# pound"),
        ("Home", "1"),
        ("ArrowRight", "2"),
    ];
    for (key, name) in walk {
        assert!(!key_down(Pressed { key, code: key }), "{key} scrolls nothing");
        key_up(Pressed { key, code: key });
        assert_eq!(document().active_element().as_ref().map(accessible_name).as_deref(), Some(name), "{key}");
    }
    until("the stop that was walked to", || stops(&page) == ["2"]).await;
    assert_eq!(sent(context), [""; 0], "walking presses nothing");
    page.click("switch", "Keys A–D").await;
    until("sixteen keys with one stop", || stops(&page) == ["1"] && page.with_role("button").len() == 16)
        .await;
}
