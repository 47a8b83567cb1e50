//! Plain objects of the browser's.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

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

/// What an exception says.
pub(crate) fn reason(error: &JsValue) -> String {
    let message = field(error, "message").as_string().filter(|message| !message.is_empty());
    message.unwrap_or_else(|| "no reason was given".to_owned())
}
