//! Correction of misrecognised digits: the valid sequence nearest to the digits heard, if there is exactly one.

use base::digit::{Digit, DigitString};

/// Outcome of a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// No valid sequence is near enough.
    None,
    /// Exactly one is nearest: the one at this index.
    To(usize),
    /// Several are equally near: nothing is guessed.
    Ambiguous,
}

/// Returns the nearest of `valid` to `heard` by Levenshtein distance, at most `max_distance` away.
///
/// A correction keeps at least one digit as it was heard: a single digit is never turned into another,
/// since nothing of what the caller pressed would be left.
pub fn correct(
    heard: &DigitString,
    valid: impl IntoIterator<Item = DigitString>,
    max_distance: u8,
) -> Correction {
    let limit = usize::from(max_distance).min(heard.len().saturating_sub(1));
    if limit == 0 {
        return Correction::None;
    }
    let mut best = (limit + 1, Correction::None);
    for (index, sequence) in valid.into_iter().enumerate() {
        let distance = last_row(heard, &sequence).distance();
        if distance > limit {
            continue;
        }
        if distance < best.0 {
            best = (distance, Correction::To(index));
        } else if distance == best.0 {
            best.1 = Correction::Ambiguous;
        }
    }
    best.1
}

/// Returns true when digits that follow `heard` could still bring it within `max_distance` of `sequence`.
pub(super) fn may_become(heard: &DigitString, sequence: &DigitString, max_distance: u8) -> bool {
    last_row(heard, sequence).distance_to_nearest_prefix() <= usize::from(max_distance)
}

/// The last row of Levenshtein's table: the distance of `heard` to each prefix of a sequence.
struct Row {
    cells: [u8; DigitString::CAPACITY + 1],
    len: usize,
}

impl Row {
    fn distance(&self) -> usize {
        self.cells[self.len - 1].into()
    }

    fn distance_to_nearest_prefix(&self) -> usize {
        self.cells[..self.len].iter().copied().min().unwrap_or(0).into()
    }
}

/// On the stack, because it runs for a digit.
fn last_row(heard: &DigitString, sequence: &DigitString) -> Row {
    let mut target = [Digit::POUND; DigitString::CAPACITY];
    for (slot, digit) in target.iter_mut().zip(sequence.iter()) {
        *slot = digit;
    }
    let len = sequence.len() + 1;
    let mut cells = [0u8; DigitString::CAPACITY + 1];
    for (column, cell) in cells[..len].iter_mut().enumerate() {
        *cell = column as u8;
    }
    for (row, digit) in heard.iter().enumerate() {
        let mut diagonal = cells[0];
        cells[0] = row as u8 + 1;
        for column in 1..len {
            let substituted = diagonal + u8::from(target[column - 1] != digit);
            diagonal = cells[column];
            cells[column] = substituted.min(cells[column] + 1).min(cells[column - 1] + 1);
        }
    }
    Row { cells, len }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn check(heard: &str, valid: &[&str], max_distance: u8, expect: Correction) {
        let valid = valid.iter().map(|text| text.parse().unwrap());
        assert_eq!(correct(&heard.parse().unwrap(), valid, max_distance), expect, "{heard}");
    }

    #[test]
    fn only_a_single_nearest_sequence_is_taken() {
        check("331", &["101", "202", "330"], 1, Correction::To(2));
        check("102", &["101", "202"], 1, Correction::Ambiguous);
        check("999", &["101", "202", "330"], 1, Correction::None);
        check("1011", &["101", "202"], 1, Correction::To(0));
        check("12", &["101"], 2, Correction::None);
        check("9", &["1"], 1, Correction::None);
        check("331", &["330"], 0, Correction::None);
    }

    proptest! {
        #[test]
        fn distances_are_those_of_strsim(heard in "[0-9*#]{0,20}", sequence in "[0-9*#]{0,20}") {
            let row = last_row(&heard.parse().unwrap(), &sequence.parse().unwrap());
            prop_assert_eq!(row.distance(), strsim::levenshtein(&heard, &sequence));
            let nearest = (0..=sequence.len()).map(|end| strsim::levenshtein(&heard, &sequence[..end])).min();
            prop_assert_eq!(Some(row.distance_to_nearest_prefix()), nearest);
        }
    }
}
