//! Numbers as people type them.

use serde_json::Value;

/// Reads a decimal number; unlike Rust's own reader, no `inf`, no `nan` and no exponent.
pub fn number(text: &str) -> Option<f64> {
    let is_decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
    text.bytes().all(is_decimal).then(|| text.parse().ok())?.filter(|number: &f64| number.is_finite())
}

/// Returns what is typed as JSON: the number that `read` makes of it, or the text itself, for which the payload is refused.
pub fn to_json<T: Into<Value>>(text: &str, read: impl Fn(&str) -> Option<T>) -> Value {
    read(text).map_or_else(|| text.trim().into(), Into::into)
}
