//! Random identifiers.

use std::fmt::Write as _;

/// 128 random bits in hex: an epoch, a correlation id.
pub(crate) fn random() -> String {
    let bits: u128 = rand::random();
    format!("{bits:032x}")
}

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// What ties everything together that one request led to: its log lines, its audit entries, its answer.
#[derive(Clone, Debug)]
pub(crate) struct CorrelationId(pub(crate) String);

impl CorrelationId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(random())
    }

    /// A client's own, where it is short and plain enough to be written anywhere.
    pub(crate) fn from_header(value: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        ((1..=64).contains(&value.len()) && value.bytes().all(plain)).then(|| Self(value.to_owned()))
    }
}

impl<S: Sync> axum::extract::FromRequestParts<S> for CorrelationId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(Self::random))
    }
}
