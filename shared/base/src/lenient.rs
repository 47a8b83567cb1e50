//! Reading JSON by hand where a derived reader does not fit.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Number;

/// Deserialises a null as the default value, for Go writes an empty slice or map as null.
pub fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Largest number up to which every whole one has a float of its own.
const MAX_SAFE_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Returns a number that is whole and not negative, however it is written: `7` and `7.0` are one number.
pub fn whole_of(number: &Number) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole, and in range")]
    let from_float = |float: f64| {
        ((0.0..=MAX_SAFE_WHOLE).contains(&float) && float.fract() == 0.0).then_some(float as u64)
    };
    number.as_u64().or_else(|| number.as_f64().and_then(from_float))
}

/// Deserialises a whole number that is not negative, also one that is written with a fraction of zero.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = Number::deserialize(deserializer)?;
    whole_of(&number).ok_or_else(|| D::Error::custom(format_args!("expected a whole number, not {number}")))
}

/// Deserialises a value of a closed set by its name. Derived readers do the same with a kilobyte of code for each set, for
/// which the page's first load has no room.
pub fn named<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| D::Error::custom(format_args!("unknown value `{text}`")))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let check = |text: &str, expect: Option<u64>| {
            let number = serde_json::from_str(text).unwrap();
            assert_eq!(whole_of(&number), expect, "{text}");
            let mut reader = serde_json::Deserializer::from_str(text);
            assert_eq!(whole(&mut reader).ok(), expect, "{text}");
        };
        check("7", Some(7));
        check("7.0", Some(7));
        check("-0.0", Some(0));
        check("1e3", Some(1_000));
        check("18446744073709551615", Some(u64::MAX));
        for text in ["7.5", "-1", "-1.0", "1e300"] {
            check(text, None);
        }
    }
}
