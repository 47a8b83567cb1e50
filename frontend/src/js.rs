//! Plain objects of the browser's, its storage, and its dice.

use js_sys::{Function, Object, Reflect};
use leptos::prelude::{StoredValue, WithValue as _, on_cleanup};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{EventTarget, Storage};

/// An object with these fields.
pub(crate) fn object(fields: &[(&str, &JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name, value);
    }
    object
}

/// Sets an object's field.
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).expect("a plain object takes any field");
}

/// An object's field; undefined where there is none, or no object.
pub(crate) fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls an object's method with one argument.
pub(crate) fn call(object: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    field(object, method).dyn_into::<Function>()?.call1(object, argument)
}

/// Listens to an event for as long as the component is there.
pub(crate) fn listen(target: &EventTarget, kind: &'static str, run: impl FnMut(JsValue) + 'static) {
    let listener = Closure::<dyn FnMut(JsValue)>::new(run);
    // A target refuses no listener.
    let _ = target.add_event_listener_with_callback(kind, listener.as_ref().unchecked_ref());
    let kept = StoredValue::new_local((target.clone(), listener));
    on_cleanup(move || {
        kept.with_value(|(target, listener)| {
            let _ = target.remove_event_listener_with_callback(kind, listener.as_ref().unchecked_ref());
        });
    });
}

/// Returns what the browser keeps for this page from visit to visit; `None` where it keeps nothing.
pub(crate) fn local_storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What an exception says.
pub(crate) fn reason(error: &JsValue) -> String {
    let message = field(error, "message").as_string().filter(|message| !message.is_empty());
    message.unwrap_or_else(|| "no reason was given".to_owned())
}

/// Returns a random UUID (RFC 9562, version 4). `crypto.randomUUID` needs a secure context, which a test machine's address
/// on a local network is not.
pub(crate) fn random_uuid() -> Option<String> {
    let mut bytes = [0; 16];
    web_sys::window()?.crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(bytes);
    let part =
        |shift: u32, digits: usize| format!("{:0digits$x}", number >> shift & ((1 << (digits * 4)) - 1));
    Some([part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12)].join("-"))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn identifiers_are_uuids_of_version_4_and_never_the_same() {
        let [one, other] = [random_uuid().unwrap(), random_uuid().unwrap()];
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!("89ab".contains(&one[19..20]), "{one}");
        assert_ne!(one, other);
    }
}
