//! Reading what other programs write a little differently.

use serde::{Deserialize, Deserializer};

/// Deserialises a null as the default value, for Go writes an empty slice or map as null.
pub fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
