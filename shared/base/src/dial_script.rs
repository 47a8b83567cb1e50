//! Dial scripts: digits with pauses between them, as modems and telephones have them: `2w2p1#`, `1,,2`, `4711 w800ms #`.

use core::{fmt, str::FromStr, time::Duration};

use crate::digit::{Digit, DigitString};

/// Pause of a `,` or a `w` without a length, as telephones have it.
const PAUSE: Duration = Duration::from_secs(2);
/// Longest pause: longer than any timeout of a flow.
const MAX_PAUSE: Duration = Duration::from_secs(150);
/// Maximum number of steps in a script.
const MAX_STEPS: usize = 256;

/// A step of a dial script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialStep {
    /// A digit is dialled.
    Digit(Digit),
    /// Nothing is dialled for this long.
    Pause(Duration),
    /// Nothing is dialled until the prompt has ended.
    PromptEnd,
}

/// Digits to dial, with pauses.
///
/// Digits are dialled one after the other; blanks between them mean nothing. `,` and `w` pause for 2 s, `w800ms` and `w3s`
/// for that long, and `p` waits for the prompt's end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialScript {
    steps: Vec<DialStep>,
}

/// The reason why a text is no dial script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialScriptError {
    /// The character at `position` (counted from 1) begins nothing.
    #[error(
        "position {position}: {symbol:?} is no DTMF digit (0-9, *, #, A-D) and no pause (\",\", \"w\", \"w800ms\", \"w3s\" or \"p\")"
    )]
    Symbol {
        /// Position, counted from 1.
        position: usize,
        /// The character there.
        symbol: char,
    },
    /// The pause at `position` (counted from 1) is too long.
    #[error("position {position}: a pause lasts at most {} s", MAX_PAUSE.as_secs())]
    PauseTooLong {
        /// Position, counted from 1.
        position: usize,
    },
    /// There are too many steps.
    #[error("more than {MAX_STEPS} digits and pauses")]
    TooLong,
}

impl DialScript {
    /// Returns the steps, first to last.
    pub fn steps(&self) -> &[DialStep] {
        &self.steps
    }

    /// Returns the digits without the pauses.
    pub fn digits(&self) -> impl Iterator<Item = Digit> + '_ {
        self.steps.iter().filter_map(|step| match step {
            DialStep::Digit(digit) => Some(*digit),
            DialStep::Pause(_) | DialStep::PromptEnd => None,
        })
    }

    /// Returns true where it has a step that is no digit.
    pub fn has_pauses(&self) -> bool {
        self.digits().count() < self.steps.len()
    }
}

impl From<&DigitString> for DialScript {
    fn from(digits: &DigitString) -> Self {
        Self { steps: digits.iter().map(DialStep::Digit).collect() }
    }
}

impl FromStr for DialScript {
    type Err = DialScriptError;

    fn from_str(text: &str) -> Result<Self, DialScriptError> {
        let symbols: Vec<char> = text.chars().collect();
        let mut steps = Vec::new();
        let mut at = 0;
        while let Some(&symbol) = symbols.get(at) {
            let position = at + 1;
            at += 1;
            let step = match symbol {
                symbol if symbol.is_whitespace() => continue,
                ',' => DialStep::Pause(PAUSE),
                'p' | 'P' => DialStep::PromptEnd,
                'w' | 'W' => {
                    let pause = match length(&symbols[at..]) {
                        Some((pause, read)) => {
                            at += read;
                            pause.filter(|pause| *pause <= MAX_PAUSE)
                        }
                        None => Some(PAUSE),
                    };
                    DialStep::Pause(pause.ok_or(DialScriptError::PauseTooLong { position })?)
                }
                symbol => Digit::try_from(symbol)
                    .map(DialStep::Digit)
                    .map_err(|_| DialScriptError::Symbol { position, symbol })?,
            };
            if steps.len() == MAX_STEPS {
                return Err(DialScriptError::TooLong);
            }
            steps.push(step);
        }
        Ok(Self { steps })
    }
}

/// Reads `800ms` or `3s`, and returns it with the number of characters read; without a unit the digits are dialled. The length
/// is absent where it is too long for a number.
fn length(symbols: &[char]) -> Option<(Option<Duration>, usize)> {
    let digits = symbols.iter().take_while(|symbol| symbol.is_ascii_digit()).count();
    let unit: String = symbols[digits..].iter().take(2).map(char::to_ascii_lowercase).collect();
    let (millis, unit) = match &*unit {
        "ms" => (1, 2),
        unit if unit.starts_with('s') => (1_000, 1),
        _ => return None,
    };
    let number: String = symbols[..digits].iter().collect();
    let number = (digits > 0).then(|| number.parse::<u64>().ok()?.checked_mul(millis));
    Some((number?.map(Duration::from_millis), digits + unit))
}

impl fmt::Display for DialScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            match step {
                DialStep::Digit(digit) => digit.fmt(f)?,
                DialStep::Pause(PAUSE) => f.write_str(",")?,
                DialStep::Pause(pause) => write!(f, "w{}ms", pause.as_millis())?,
                DialStep::PromptEnd => f.write_str("p")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_stand_between_digits_and_blanks_mean_nothing() {
        let check = |text: &str, expect: &str| {
            assert_eq!(text.parse::<DialScript>().unwrap().to_string(), expect, "{text}");
        };
        check("2w2p1#", "2,2p1#");
        check("1,,2", "1,,2");
        check(" 4711 w800ms # ", "4711w800ms#");
        check("1w3s2W2", "1w3000ms2,2");
        check("1w12", "1,12");
        check("a\t*\n", "A*");
        check("", "");
        let script: DialScript = "1w2s 2p".parse().unwrap();
        assert_eq!(script.digits().map(Digit::as_char).collect::<String>(), "12");
        assert_eq!(script.steps()[1], DialStep::Pause(Duration::from_secs(2)));
        assert!(script.has_pauses());
    }

    #[test]
    fn an_error_names_the_place_and_what_may_stand_there() {
        let check = |text: &str, expect: &str| {
            let error = text.parse::<DialScript>().unwrap_err().to_string();
            assert!(error.starts_with(expect), "{error}");
        };
        check("12x", "position 3: 'x' is no DTMF digit (0-9, *, #, A-D) and no pause");
        check("1 ms", "position 3: 'm'");
        check("ws", "position 2: 's'");
        check("1w151s", "position 2: a pause lasts at most 150 s");
        check("w99999999999999999999s", "position 1: a pause lasts at most 150 s");
        check(&"1".repeat(257), "more than 256");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_is_written_and_read_again(text in ".{0,40}|[0-9wpms,# ]{0,40}") {
            if let Ok(script) = text.parse::<DialScript>() {
                prop_assert_eq!(script.to_string().parse::<DialScript>(), Ok(script));
            }
        }
    }
}
