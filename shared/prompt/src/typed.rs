//! Numbers of the volume matrix as people type them: the gateway's own, decibels, or a ratio.

use base::typed::number;
use signal::math;

use crate::volume::widened;

/// Maximum distance from 0 dB that is read; silence is as far as anyone means.
const MAX_DB: f32 = 200.0;

/// Returns the factor that is typed: `0.8`, `-6 dB`, `−6dB`, or `-inf dB` for 0. None where the text is neither.
pub fn factor(text: &str) -> Option<f64> {
    let text = plain(text);
    let Some(decibels) = without_unit(&text) else { return number(&text) };
    if matches!(decibels, "-inf" | "-∞") {
        return Some(0.0);
    }
    let decibels = number(decibels)? as f32;
    (decibels.abs() <= MAX_DB).then(|| widened(math::from_db(decibels)))
}

/// Returns the slope that is typed: `0.5`, or `2:1` for the same. None where the text is neither.
pub fn slope(text: &str) -> Option<f64> {
    let text = plain(text);
    let Some((input, output)) = text.split_once(':') else { return number(&text) };
    let (input, output) = (number(input)?, number(output)?);
    (input > 0.0 && output > 0.0).then(|| widened((output / input) as f32))
}

/// Returns the loudness that is typed, in LUFS: `-19`, `−19 LUFS`. None where the text is none.
pub fn loudness(text: &str) -> Option<f64> {
    let text = plain(text);
    number(text.strip_suffix("lufs").unwrap_or(&text))
}

/// Returns the whole number that is typed, with or without `ms` behind it.
pub fn whole(text: &str) -> Option<u64> {
    let text = plain(text);
    text.strip_suffix("ms").unwrap_or(&text).parse().ok()
}

/// Returns `value` as it would be typed.
pub fn text(value: f32) -> String {
    value.to_string()
}

/// Returns the text in lower case, without blanks, and with a hyphen for every kind of minus.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|symbol| !symbol.is_whitespace())
        .map(|symbol| if matches!(symbol, '−' | '–' | '‐' | '‑') { '-' } else { symbol })
        .flat_map(char::to_lowercase)
        .collect()
}

fn without_unit(text: &str) -> Option<&str> {
    text.strip_suffix("dbfs").or_else(|| text.strip_suffix("dbtp")).or_else(|| text.strip_suffix("db"))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn check(read: impl Fn(&str) -> Option<f64>, text: &str, expect: Option<f64>) {
        let read = read(text);
        let same = match (read, expect) {
            (Some(read), Some(expect)) => (read - expect).abs() < 1e-6,
            (read, expect) => read == expect,
        };
        assert!(same, "{text}: {read:?} instead of {expect:?}");
    }

    #[test]
    fn a_factor_is_a_number_or_decibels() {
        for text in ["0.5011872", "-6 dB", "−6dB", " - 6 db ", "–6 dBFS", "-6.0dBTP"] {
            check(factor, text, Some(0.501_187_2));
        }
        for (text, expect) in
            [("0.8", 0.8), (".5", 0.5), ("0 dB", 1.0), ("6 dB", 1.995_262_3), ("-inf dB", 0.0)]
        {
            check(factor, text, Some(expect));
        }
        assert_eq!(factor("1"), Some(1.0));
        assert_eq!(factor("0 dB"), Some(1.0), "to the bit, for 1 is a limit");
        for text in ["", "dB", "loud", "0,5", "1e-3", "inf", "nan", "6 dB dB", "-9999 dB", "--6 dB", "2:1"] {
            check(factor, text, None);
        }
    }

    #[test]
    fn a_slope_is_a_number_or_a_ratio() {
        for (text, expect) in
            [("0.5", 0.5), ("2:1", 0.5), ("4 : 2", 0.5), ("10:1", 0.1), ("1:1", 1.0), ("1.5:1", 2.0 / 3.0)]
        {
            check(slope, text, Some(expect));
        }
        assert_eq!(slope("10:1"), Some(0.1), "to the bit, for 0.1 is a limit");
        for text in ["", "2:", ":1", "0:1", "2:0", "-2:1", "2:1:1", "2/1", "-6 dB"] {
            check(slope, text, None);
        }
    }

    #[test]
    fn loudness_and_times_have_units() {
        for text in ["-19", "−19 LUFS", "-19.0lufs"] {
            check(loudness, text, Some(-19.0));
        }
        check(loudness, "LUFS", None);
        assert_eq!(
            [whole("300"), whole(" 450 ms"), whole("-1"), whole("300.5")],
            [Some(300), Some(450), None, None]
        );
    }

    proptest! {
        #[test]
        fn what_is_typed_back_is_what_it_was(value in 0.0f32..1.0) {
            prop_assert_eq!(factor(&text(value)).map(|read| read as f32), Some(value));
            prop_assert_eq!(slope(&text(value)).map(|read| read as f32), Some(value));
        }

        #[test]
        fn decibels_are_the_factor_s(decibels in -100.0f64..20.0) {
            let read = factor(&format!("{decibels:.2} dB")).unwrap();
            let back = 20.0 * read.log10();
            prop_assert!((back - decibels).abs() < 0.01, "{decibels} dB became {back} dB");
        }

        #[test]
        fn no_text_is_fatal(text in "\\PC{0,20}") {
            let _ = (factor(&text), slope(&text), loudness(&text), whole(&text));
        }
    }
}
