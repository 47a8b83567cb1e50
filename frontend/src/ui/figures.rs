//! Numbers as the page writes them.

/// Writes a number with so many decimals, a minus sign in place of a hyphen, and no sign before a zero.
pub(crate) fn figure(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(size) if size.bytes().all(|byte| matches!(byte, b'0' | b'.')) => size.to_owned(),
        Some(size) => format!("−{size}"),
        None => text,
    }
}

/// Writes a number as [`figure`] does, with a plus sign where it is above zero.
pub(crate) fn signed_figure(value: f64, decimals: usize) -> String {
    let text = figure(value, decimals);
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_zero || value < 0.0 { text } else { format!("+{text}") }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn minus_signs_are_minus_signs_and_zero_has_none() {
        for (value, decimals, plain, signed) in [
            (-12.04, 1, "−12.0", "−12.0"),
            (-0.004, 2, "0.00", "0.00"),
            (0.0, 0, "0", "0"),
            (3.25, 2, "3.25", "+3.25"),
            (-0.5, 0, "0", "0"),
            (-1.0, 0, "−1", "−1"),
        ] {
            assert_eq!(figure(value, decimals), plain);
            assert_eq!(signed_figure(value, decimals), signed);
        }
    }
}
