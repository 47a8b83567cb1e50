//! Points in time as RFC 3339 writes them, without a clock.

use crate::json::Node;

/// Maximum length of a time in characters: with nine digits of fraction and an offset it has 35.
const MAX_CHARS: usize = 64;

/// Reads a point in time (RFC 3339) as a text.
pub fn read<'a>(node: &Node<'a>) -> Option<&'a str> {
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

/// Returns a point in time (RFC 3339) in ms since 1970, which may be negative. None where the text is none.
pub fn to_millis(text: &str) -> Option<i64> {
    (text.len() <= MAX_CHARS).then(|| parsed(text.as_bytes()))?
}

fn parsed(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (separator, rest) = rest.split_first()?;
    let (clock, rest) = rest.split_at_checked(8)?;
    matches!(separator, b'T' | b't').then_some(())?;
    let [year, month, day] = fields(date, b'-', [(4, 0, 9_999), (2, 1, 12), (2, 1, 31)])?;
    // A minute may have a leap second.
    let [hours, minutes, seconds] = fields(clock, b':', [(2, 0, 23), (2, 0, 59), (2, 0, 60)])?;
    let (millis, offset) = match rest.strip_prefix(b".") {
        None => (0, rest),
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (digits > 0).then_some((millis(&fraction[..digits]), &fraction[digits..]))?
        }
    };
    let offset_minutes = match offset {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), clock @ ..] => {
            let [hours, minutes] = fields(clock, b':', [(2, 0, 23), (2, 0, 59)])?;
            let minutes = hours * 60 + minutes;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    let minutes = (days(year, month, day) * 24 + hours) * 60 + minutes - offset_minutes;
    Some((minutes * 60 + seconds) * 1_000 + millis)
}

/// Returns the ms of a fraction of a second, whose further digits are cut off.
fn millis(digits: &[u8]) -> i64 {
    (0..3).fold(0, |millis, at| millis * 10 + digits.get(at).map_or(0, |digit| i64::from(digit - b'0')))
}

/// Returns the days since 1970 of a date in the Gregorian calendar. The year begins in March, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days from the first of March of the year 0 to 1970.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// Reads numbers of so many digits within these bounds, separated by `separator` alone.
fn fields<const N: usize>(text: &[u8], separator: u8, parts: [(usize, i64, i64); N]) -> Option<[i64; N]> {
    let mut given = text.split(|byte| *byte == separator);
    let mut numbers = [0; N];
    for (number, (digits, min, max)) in numbers.iter_mut().zip(parts) {
        let part = given.next()?;
        (part.len() == digits && part.iter().all(u8::is_ascii_digit)).then_some(())?;
        *number = str::from_utf8(part).ok()?.parse().ok()?;
        (min..=max).contains(number).then_some(())?;
    }
    given.next().is_none().then_some(numbers)
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

    #[test]
    fn a_time_is_so_many_ms_since_1970() {
        // As GNU date has them: `date -d TIME +%s%3N`.
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2026-11-27T20:15:00.1239Z", 1_795_810_500_123),
            ("2026-11-27T20:15:00+01:30", 1_795_805_100_000),
            ("2026-11-27T20:15:00.5-08:00", 1_795_839_300_500),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000),
        ] {
            assert_eq!(to_millis(text), Some(millis), "{text}");
        }
        assert_eq!(to_millis("soon"), None);
    }
}
