//! The sixteen digits and strings of them.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One of the sixteen DTMF digits: `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digit(u8);

const SYMBOLS: [u8; 16] = *b"0123456789*#ABCD";

/// ITU-T Q.23, low group: the rows of the keypad, top to bottom, in Hz.
const LOW_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// ITU-T Q.23, high group: the columns of the keypad, left to right, in Hz.
const HIGH_HZ: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// The keypad of ITU-T Q.23 as indices into `SYMBOLS`, by row and column.
const KEYPAD: [[u8; 4]; 4] = [[1, 2, 3, 12], [4, 5, 6, 13], [7, 8, 9, 14], [10, 0, 11, 15]];

/// The zeros of the other scripts in Unicode's Basic Multilingual Plane; each is followed by its script's other nine digits.
const ZEROS: [u16; 35] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
    0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
];
/// Unicode's full-width forms stand this far behind the ASCII characters that they are forms of.
const FULL_WIDTH: u32 = 0xFEE0;

/// A character that is no DTMF digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no DTMF digit (0-9, *, #, A-D)")]
pub struct DigitError(pub char);

impl Digit {
    /// `*`
    pub const STAR: Self = Self(10);
    /// `#`
    pub const POUND: Self = Self(11);

    /// All sixteen, in the order `0`–`9`, `*`, `#`, `A`–`D`, which is that of the codes of RFC 4733.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        (0..16).map(Self)
    }

    /// The digit with the event code `code` of RFC 4733 (0–15).
    pub const fn from_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// Reads a digit of any script, for instance Arabic-Indic, Devanagari or full-width, as a keyboard types it.
    pub fn of_any_script(symbol: char) -> Option<Self> {
        let code = u32::from(symbol);
        let narrow = code.checked_sub(FULL_WIDTH).and_then(|code| u8::try_from(code).ok());
        if let Ok(digit) = Self::try_from(narrow.map_or(symbol, char::from)) {
            return Some(digit);
        }
        let mut values = ZEROS.iter().map(|&zero| code.wrapping_sub(u32::from(zero)));
        values.find(|value| *value < 10).map(|value| Self(value as u8))
    }

    /// The event code of RFC 4733, 0–15.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The digit's character; letters are upper case.
    pub const fn as_char(self) -> char {
        SYMBOLS[self.0 as usize] as char
    }

    /// The frequencies of ITU-T Q.23, low group then high group, in Hz.
    pub fn frequencies(self) -> (f64, f64) {
        let (row, column) = self.position();
        (LOW_HZ[row], HIGH_HZ[column])
    }

    /// The digit at `row` (0–3, rising low-group frequency) and `column` (0–3, rising high-group frequency).
    pub fn at(row: usize, column: usize) -> Option<Self> {
        Some(Self(*KEYPAD.get(row)?.get(column)?))
    }

    /// Row and column on the keypad, 0–3 each.
    pub fn position(self) -> (usize, usize) {
        for (row, keys) in KEYPAD.iter().enumerate() {
            if let Some(column) = keys.iter().position(|&key| key == self.0) {
                return (row, column);
            }
        }
        unreachable!("every code below 16 stands on the keypad")
    }
}

impl TryFrom<char> for Digit {
    type Error = DigitError;

    /// Reads a digit; `a`–`d` are read as `A`–`D`.
    fn try_from(symbol: char) -> Result<Self, DigitError> {
        let upper = symbol.to_ascii_uppercase();
        SYMBOLS
            .iter()
            .position(|&known| char::from(known) == upper)
            .map(|code| Self(code as u8))
            .ok_or(DigitError(symbol))
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.as_char())
    }
}

impl FromStr for Digit {
    type Err = DigitError;

    fn from_str(text: &str) -> Result<Self, DigitError> {
        let mut symbols = text.chars();
        let first = symbols.next().ok_or(DigitError('\0'))?;
        match symbols.next() {
            None => Self::try_from(first),
            Some(second) => Err(DigitError(second)),
        }
    }
}

impl Serialize for Digit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.as_char())
    }
}

impl<'de> Deserialize<'de> for Digit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let symbol = char::deserialize(deserializer)?;
        Self::try_from(symbol).map_err(de::Error::custom)
    }
}

/// Up to [`DigitString::CAPACITY`] digits, packed four bits each, copied without allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DigitString {
    packed: [u64; 4],
    len: u8,
}

/// The reason why a text is no [`DigitString`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigitStringError {
    /// The character at `position` (counted from 0) is no digit.
    #[error("position {}: {error}", position + 1)]
    Digit {
        /// Position, counted from 0.
        position: usize,
        /// The character there.
        error: DigitError,
    },
    /// More digits than a string holds.
    #[error("more than {} digits", DigitString::CAPACITY)]
    TooLong,
}

impl DigitString {
    /// Maximum number of digits in a string.
    pub const CAPACITY: usize = 64;

    /// Creates an empty string.
    pub const fn new() -> Self {
        Self { packed: [0; 4], len: 0 }
    }

    /// Returns the number of digits.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Returns true when there are no digits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a digit. Returns false, and changes nothing, where the string is full.
    #[must_use]
    pub fn push(&mut self, digit: Digit) -> bool {
        let at = self.len();
        if at == Self::CAPACITY {
            return false;
        }
        self.packed[at / 16] |= u64::from(digit.0) << (at % 16 * 4);
        self.len += 1;
        true
    }

    /// Returns the digit at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<Digit> {
        (index < self.len()).then(|| Digit((self.packed[index / 16] >> (index % 16 * 4) & 0xf) as u8))
    }

    /// Returns the digits, first to last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Digit> + ExactSizeIterator + '_ {
        (0..self.len()).map(|index| Digit((self.packed[index / 16] >> (index % 16 * 4) & 0xf) as u8))
    }

    /// Appends digits as far as there is room.
    pub fn append(&mut self, more: &Self) {
        let (word, shift) = (self.len() / 16, self.len() % 16 * 4);
        for (index, bits) in more.packed.iter().enumerate() {
            if let Some(low) = self.packed.get_mut(word + index) {
                *low |= bits << shift;
            }
            if let Some(high) = self.packed.get_mut(word + index + 1).filter(|_| shift > 0) {
                *high |= bits >> (64 - shift);
            }
        }
        self.len = (self.len + more.len).min(Self::CAPACITY as u8);
    }

    /// Forgets all digits.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Removes the first digit.
    pub fn pop_front(&mut self) -> Option<Digit> {
        let first = self.get(0)?;
        let [a, b, c, d] = self.packed;
        self.packed = [a >> 4 | b << 60, b >> 4 | c << 60, c >> 4 | d << 60, d >> 4];
        self.len -= 1;
        Some(first)
    }
}

impl FromStr for DigitString {
    type Err = DigitStringError;

    fn from_str(text: &str) -> Result<Self, DigitStringError> {
        let mut digits = Self::new();
        for (position, symbol) in text.chars().enumerate() {
            let digit =
                Digit::try_from(symbol).map_err(|error| DigitStringError::Digit { position, error })?;
            if !digits.push(digit) {
                return Err(DigitStringError::TooLong);
            }
        }
        Ok(digits)
    }
}

impl FromIterator<Digit> for DigitString {
    /// Collects the first [`DigitString::CAPACITY`] digits.
    fn from_iter<I: IntoIterator<Item = Digit>>(digits: I) -> Self {
        let mut string = Self::new();
        for digit in digits {
            if !string.push(digit) {
                break;
            }
        }
        string
    }
}

impl fmt::Display for DigitString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|digit| digit.fmt(f))
    }
}

impl fmt::Debug for DigitString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for DigitString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DigitString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_keypad_is_that_of_q23() {
        let check = |symbol: char, low: f64, high: f64| {
            assert_eq!(Digit::try_from(symbol).unwrap().frequencies(), (low, high), "{symbol}");
        };
        check('1', 697.0, 1209.0);
        check('5', 770.0, 1336.0);
        check('9', 852.0, 1477.0);
        check('*', 941.0, 1209.0);
        check('0', 941.0, 1336.0);
        check('#', 941.0, 1477.0);
        check('A', 697.0, 1633.0);
        check('D', 941.0, 1633.0);
    }

    #[test]
    fn digits_of_any_script_are_read_by_their_value() {
        let check = |text: &str, expected: &str| {
            let read: String =
                text.chars().map(|symbol| Digit::of_any_script(symbol).map_or('?', Digit::as_char)).collect();
            assert_eq!(read, expected, "{text}");
        };
        check("0123456789*#AdE", "0123456789*#AD?");
        check("٠١٢٣٤٥٦٧٨٩", "0123456789");
        check("۰۱۲۳۴۵۶۷۸۹", "0123456789");
        check("०१२३४५६७८९", "0123456789");
        check("０１２３４５６７８９＊＃", "0123456789*#");
        check("๐๙ ߀߉ ꩐꩙", "09?09?09");
        check("³½Ⅷ①", "????");
        let digits = ZEROS.iter().flat_map(|&zero| (0..10).map(move |value| u32::from(zero) + value));
        for symbol in digits.filter_map(char::from_u32) {
            assert!(symbol.is_numeric() && Digit::of_any_script(symbol).is_some(), "{symbol}");
        }
    }

    #[test]
    fn text_that_is_no_digit_is_named() {
        assert_eq!(
            "12x".parse::<DigitString>().unwrap_err().to_string(),
            "position 3: 'x' is no DTMF digit (0-9, *, #, A-D)"
        );
        assert_eq!("1".repeat(65).parse::<DigitString>(), Err(DigitStringError::TooLong));
    }

    proptest! {
        #[test]
        fn a_string_holds_what_was_pushed(text in "[0-9*#A-D]{0,64}") {
            let digits: DigitString = text.parse().unwrap();
            prop_assert_eq!(digits.to_string(), text.clone());
            let mut rest = digits;
            let mut popped = String::new();
            while let Some(digit) = rest.pop_front() {
                popped.push(digit.as_char());
            }
            prop_assert_eq!(popped, text);
            prop_assert_eq!(rest, DigitString::new());
        }

        #[test]
        fn appending_is_what_pushing_one_by_one_is(a in "[0-9*#A-D]{0,64}", b in "[0-9*#A-D]{0,64}") {
            let (a, b): (DigitString, DigitString) = (a.parse().unwrap(), b.parse().unwrap());
            let mut appended = a;
            appended.append(&b);
            prop_assert_eq!(appended, a.iter().chain(b.iter()).collect::<DigitString>());
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Ok(digits) = text.parse::<DigitString>() {
                prop_assert_eq!(digits.to_string(), text.to_ascii_uppercase());
            }
        }
    }
}
