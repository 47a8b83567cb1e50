//! Points in time as RFC 3339 writes them, without a clock.

use base::json::Node;

/// Maximum length of a time in characters: with nine digits of fraction and an offset it has 35.
const MAX_CHARS: usize = 64;

/// Reads a point in time (RFC 3339) as a text.
pub(crate) fn read<'a>(node: &Node<'a>) -> Option<&'a str> {
    let text = node.text()?;
    let fits = is_rfc3339(text);
    if !fits {
        node.refuse("must be a time as RFC 3339 has it, such as 2026-11-27T20:15:00.000Z");
    }
    fits.then_some(text)
}

/// True for a date, a time and an offset: `2026-11-27T20:15:00.000Z`.
pub fn is_rfc3339(text: &str) -> bool {
    text.len() <= MAX_CHARS && parsed(text.as_bytes()).is_some()
}

fn parsed(text: &[u8]) -> Option<()> {
    let (date, rest) = text.split_at_checked(10)?;
    let (separator, rest) = rest.split_first()?;
    let (clock, rest) = rest.split_at_checked(8)?;
    matches!(separator, b'T' | b't').then_some(())?;
    fields(date, b'-', &[(4, 0, 9_999), (2, 1, 12), (2, 1, 31)])?;
    // A minute may have a leap second.
    fields(clock, b':', &[(2, 0, 23), (2, 0, 59), (2, 0, 60)])?;
    let offset = match rest.strip_prefix(b".") {
        None => rest,
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (digits > 0).then_some(&fraction[digits..])?
        }
    };
    match offset {
        b"Z" | b"z" => Some(()),
        [b'+' | b'-', clock @ ..] => fields(clock, b':', &[(2, 0, 23), (2, 0, 59)]),
        _ => None,
    }
}

/// Checks that `text` has numbers of so many digits within these bounds, separated by `separator` alone.
fn fields(text: &[u8], separator: u8, parts: &[(usize, u32, u32)]) -> Option<()> {
    let mut given = text.split(|byte| *byte == separator);
    for &(digits, min, max) in parts {
        let part = given.next()?;
        (part.len() == digits && part.iter().all(u8::is_ascii_digit)).then_some(())?;
        let number: u32 = str::from_utf8(part).ok()?.parse().ok()?;
        (min..=max).contains(&number).then_some(())?;
    }
    given.next().is_none().then_some(())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_time_has_a_date_a_clock_and_an_offset() {
        for text in [
            "2026-11-27T20:15:00Z",
            "2026-11-27T20:15:00.000Z",
            "2026-11-27t20:15:60.123456789z",
            "2026-11-27T20:15:00+01:00",
            "0000-01-01T00:00:00.5-23:59",
        ] {
            assert!(is_rfc3339(text), "{text}");
        }
        for text in [
            "",
            "now",
            "2026-11-27",
            "2026-11-27T20:15:00",
            "2026-11-27 20:15:00Z",
            "2026-13-27T20:15:00Z",
            "2026-11-27T24:15:00Z",
            "2026-11-27T20:15:00.Z",
            "2026-11-27T20:15:00+0100",
            "2026-11-27T20:15:00Zulu",
            "2026-1-027T20:15:00Z",
            "+026-11-27T20:15:00Z",
            "2026-11-27T20:15:00.000ä",
        ] {
            assert!(!is_rfc3339(text), "{text}");
        }
        assert!(!is_rfc3339(&format!("2026-11-27T20:15:00.{}Z", "0".repeat(99))));
    }
}
