//! Reading JSON by hand where a derived reader does not fit.

use serde::{Deserialize, Deserializer, de::Error as _};

/// Deserialises a null as the default value, for Go writes an empty slice or map as null.
pub fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
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
