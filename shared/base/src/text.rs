//! Texts of others, kept to a length.

use std::borrow::Cow;

/// Returns `text` with at most `max_chars` characters, and behind them, where it has more, a mark that says how many were left
/// out.
pub fn shortened(text: &str, max_chars: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(max_chars) else { return text.into() };
    let left_out = text[end..].chars().count();
    format!("{}… ({left_out} more characters left out)", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_text_that_is_too_long_says_how_much_is_missing() {
        let check = |text: &str, max: usize, expect: &str| assert_eq!(shortened(text, max), expect, "{text}");
        check("", 0, "");
        check("äöü", 3, "äöü");
        check("äöüß", 3, "äöü… (1 more characters left out)");
        check("abc", 0, "… (3 more characters left out)");
        let long = "ä".repeat(7_000_000);
        check(&long, 2, "ää… (6999998 more characters left out)");
    }
}
