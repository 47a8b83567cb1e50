//! Tables as CSV (RFC 4180) that a spreadsheet opens as the text it is.

use core::fmt::Display;
use std::borrow::Cow;

/// First characters that make a spreadsheet take a text for a formula (OWASP, CSV injection).
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// A CSV document, written row by row.
///
/// ```
/// use base::csv::{Cell, Csv};
///
/// let mut csv = Csv::new(&["name", "level"]);
/// csv.row([Cell::from("a, b"), Cell::number(-3)]);
/// csv.row([Cell::from("=1+1"), Cell::Empty]);
/// assert_eq!(csv.finish(), "name,level\r\n\"a, b\",-3\r\n'=1+1,\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Csv {
    text: String,
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A text. One that a spreadsheet would run as a formula gets an apostrophe before it.
    Text(Cow<'a, str>),
    /// A number or another value that no user wrote.
    Value(String),
    /// Nothing.
    Empty,
}

impl Csv {
    /// Begins a document with its header.
    pub fn new(columns: &[&str]) -> Self {
        let mut csv = Self { text: String::new() };
        csv.row(columns.iter().map(|name| Cell::Text((*name).into())));
        csv
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            match cell {
                Cell::Text(text) if text.starts_with(FORMULA_STARTS) => self.field(&format!("'{text}")),
                Cell::Text(text) => self.field(&text),
                Cell::Value(value) => self.field(&value),
                Cell::Empty => {}
            }
        }
        self.text.push_str("\r\n");
    }

    /// Returns the document.
    pub fn finish(self) -> String {
        self.text
    }

    fn field(&mut self, field: &str) {
        if field.contains(['"', ',', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(&field.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(field);
        }
    }
}

impl Cell<'_> {
    /// Returns the cell of a number.
    pub fn number(number: impl Display) -> Self {
        Self::Value(number.to_string())
    }

    /// Returns the cell of a number that may be missing.
    pub fn optional(number: Option<impl Display>) -> Self {
        number.map_or(Self::Empty, Self::number)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn line(cells: Vec<Cell<'_>>) -> String {
        let mut csv = Csv::new(&["x"]);
        csv.row(cells);
        csv.finish().strip_prefix("x\r\n").unwrap().strip_suffix("\r\n").unwrap().to_owned()
    }

    #[test]
    fn no_text_becomes_a_formula_and_no_number_a_text() {
        for text in ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1"] {
            assert!(line(vec![text.into()]).trim_start_matches('"').starts_with('\''), "{text:?}");
        }
        assert_eq!(line(vec!["*1".into(), "#2".into(), "22".into()]), "*1,#2,22");
        assert_eq!(
            line(vec![Cell::number(-1.5), Cell::optional(None::<f64>), Cell::optional(Some(2))]),
            "-1.5,,2"
        );
        assert_eq!(line(vec!["=a,\"b\"".into()]), "\"'=a,\"\"b\"\"\"");
    }

    /// Reads rows as RFC 4180 has them.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut symbols = text.chars().peekable();
        let mut quoted = false;
        while let Some(symbol) = symbols.next() {
            match symbol {
                '"' if quoted && symbols.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(core::mem::take(&mut field)),
                '\r' if !quoted && symbols.next_if_eq(&'\n').is_some() => {
                    row.push(core::mem::take(&mut field));
                    rows.push(core::mem::take(&mut row));
                }
                other => field.push(other),
            }
        }
        rows
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(cells in prop::collection::vec(any::<String>(), 1..5)) {
            let mut csv = Csv::new(&["a"]);
            csv.row(cells.iter().map(Cell::from));
            let guarded = |text: &String| if text.starts_with(FORMULA_STARTS) { format!("'{text}") } else { text.clone() };
            let expected: Vec<String> = cells.iter().map(guarded).collect();
            prop_assert_eq!(&parse(&csv.finish())[1], &expected);
        }
    }
}
