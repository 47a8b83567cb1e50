//! Random identifiers.

use std::fmt::Write as _;

use base::ids::CorrelationId;

/// Returns 128 random bits in hex.
pub(crate) fn random() -> String {
    let bits: u128 = rand::random();
    format!("{bits:032x}")
}

/// Returns a random correlation id.
pub(crate) fn random_correlation() -> CorrelationId {
    random().try_into().expect("32 hex digits are an identifier")
}

/// Returns bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
