//! The page's clock.

use base::time::Instant;

/// Returns the time now, monotonic, in the time since 1970 as it was when the page was loaded.
pub(crate) fn now() -> Instant {
    let performance = web_sys::window().and_then(|window| window.performance()).expect("a page has a clock");
    Instant::from_millis_f64(performance.time_origin() + performance.now())
}

/// Writes a time as RFC 3339 in UTC, to the millisecond.
pub(crate) fn rfc3339(at: Instant) -> String {
    date(at).to_iso_string().into()
}

/// Writes a time of day where the user is, to the millisecond: `14:03:07.250`.
pub(crate) fn time_of_day(at: Instant) -> String {
    let date = date(at);
    let (hours, minutes, seconds) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", date.get_milliseconds())
}

/// Writes a time of day where the user is, to the minute: `14:03`.
pub(crate) fn minute_of_day(at: Instant) -> String {
    let mut time = time_of_day(at);
    time.truncate("14:03".len());
    time
}

/// Reads a time of RFC 3339; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<Instant> {
    let millis = js_sys::Date::parse(text);
    millis.is_finite().then(|| Instant::from_millis_f64(millis))
}

fn date(at: Instant) -> js_sys::Date {
    js_sys::Date::new(&at.as_millis_f64().into())
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn times_are_read_as_they_are_written() {
        let at = Instant::from_millis(1_700_000_000_123);
        assert_eq!(rfc3339(at), "2023-11-14T22:13:20.123Z");
        assert_eq!(parse(&rfc3339(at)), Some(at));
        assert_eq!(parse("2023-11-14T23:13:20.123+01:00"), Some(at));
        assert_eq!(parse("yesterday"), None);
        assert!(time_of_day(at).ends_with(":20.123"), "{}", time_of_day(at));
    }

    #[wasm_bindgen_test]
    fn the_clock_agrees_with_the_date() {
        let apart = now().as_millis_f64() - js_sys::Date::now();
        assert!(apart.abs() < 60_000.0, "{apart} ms");
    }
}
