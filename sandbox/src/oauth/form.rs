//! A strict parser of `application/x-www-form-urlencoded`: it refuses what a lenient one would repair, so that a client
//! that forgets to encode fails.

/// The reason why a form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    #[error("the form is not URL-encoded")]
    NotEncoded,
    #[error("a form field occurs twice")]
    DuplicateField,
}

/// Returns the form's fields in order. No field may occur twice (RFC 6749 section 3.2).
pub(super) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, FormError> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(FormError::DuplicateField);
        }
        fields.push((name, value));
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let [high, low, after @ ..] = after else { return Err(FormError::NotEncoded) };
                let (Some(high), Some(low)) = (hex(*high), hex(*low)) else {
                    return Err(FormError::NotEncoded);
                };
                bytes.push(high << 4 | low);
                rest = after;
            }
            // Common clients leave the colons and slashes of scopes as they are; neither is ambiguous.
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' | b'*' | b':' | b'/' => {
                bytes.push(*first);
            }
            _ => return Err(FormError::NotEncoded),
        }
    }
    String::from_utf8(bytes).map_err(|_| FormError::NotEncoded)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Returns `text` URL-encoded.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'*' => encoded.push(byte.into()),
            b' ' => encoded.push('+'),
            _ => write!(encoded, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_client_forgot_to_encode_is_found_out() {
        for body in ["a=ü", "a=b c", "a=100%", "a=%zz", "a=%4", "a=b=c", "a=\"x\"", "a=%ff"] {
            assert_eq!(parse(body.as_bytes()), Err(FormError::NotEncoded), "{body}");
        }
        assert_eq!(parse(b"a=1&a=2"), Err(FormError::DuplicateField));
        assert_eq!(parse(b"a=1+2&&b"), Ok(vec![("a".into(), "1 2".into()), ("b".into(), String::new())]));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again(name in "\\PC{1,20}", value in "\\PC{0,40}") {
            let body = format!("{}={}", encode(&name), encode(&value));
            prop_assert_eq!(parse(body.as_bytes()), Ok(vec![(name, value)]));
        }

        #[test]
        fn no_bytes_are_fatal(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }
    }
}
