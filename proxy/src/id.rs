//! Random identifiers.

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
