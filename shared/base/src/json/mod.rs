//! Reading JSON into types that cannot be built wrong, with the errors of all fields at once.
//!
//! ```
//! use base::json;
//!
//! struct Campaign {
//!     id: String,
//!     concurrency: u64,
//! }
//!
//! let value = serde_json::json!({ "id": "spring", "concurrency": 9, "colour": "red" });
//! let campaign = json::read(&value, |node| {
//!     let fields = node.object()?.only("a campaign", &["id", "concurrency"]);
//!     let id = fields.get("id").id();
//!     let concurrency = fields.get("concurrency").whole(1..=5);
//!     Some(Campaign { id: id?, concurrency: concurrency? })
//! });
//! let errors = campaign.err().expect("two fields are wrong");
//! assert_eq!(
//!     errors.to_string(),
//!     "colour is no field of a campaign; concurrency must be a whole number from 1 to 5, not 9"
//! );
//! ```

mod salvage;

use core::{cell::RefCell, ops::RangeInclusive, str::FromStr};

use serde_json::{Map, Value};

use crate::{field_error::FieldErrors, ids::check_id, lenient};

pub use salvage::salvage;

/// Maximum number of characters that an error quotes of a text.
const MAX_QUOTE_CHARS: usize = 24;

/// Returns true where two values are the same, numbers by what they amount to: `0`, `0.0` and `-0.0` are one number.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Parses a JSON text. What is wrong with it is an error of the whole.
pub fn parse(text: &str) -> Result<Value, FieldErrors> {
    serde_json::from_str(text).map_err(|error| FieldErrors::one("", format!("is no JSON: {error}")))
}

/// Reads a value with `read`, which returns None only after it has refused something.
pub fn read<T>(json: &Value, read: impl FnOnce(&Node<'_>) -> Option<T>) -> Result<T, FieldErrors> {
    let errors = RefCell::new(FieldErrors::new());
    let root = Node { value: Some(json), path: String::new(), errors: &errors };
    let value = read(&root);
    let errors = errors.into_inner();
    match value {
        Some(value) => errors.into_result(value),
        None if errors.is_empty() => Err(FieldErrors::one("", "cannot be read")),
        None => Err(errors),
    }
}

/// Reads a place that may be empty; None only where something stands there that was refused.
pub fn optional<'n, 'a, T>(
    node: Option<&'n Node<'a>>,
    read: impl FnOnce(&'n Node<'a>) -> Option<T>,
) -> Option<Option<T>> {
    node.map_or(Some(None), |node| read(node).map(Some))
}

/// A place in a JSON value that is read, whether something stands there or not. What cannot be read is refused under the
/// place's path and returned as None, so that the caller goes on with the next field.
#[derive(Debug)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    path: String,
    errors: &'a RefCell<FieldErrors>,
}

impl<'a> Node<'a> {
    /// Adds an error of this place.
    pub fn refuse(&self, message: impl Into<String>) {
        self.errors.borrow_mut().refuse(&*self.path, message);
    }

    /// Returns the value, or None where it is missing or null, as Go writes what is empty.
    pub fn value(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// Returns the place itself, or None where its value is missing or null.
    pub fn optional(&self) -> Option<&Self> {
        self.value().map(|_| self)
    }

    /// Returns the place itself, or None where its value is missing, null or an empty text.
    pub fn filled(&self) -> Option<&Self> {
        self.optional().filter(|node| node.value.and_then(Value::as_str) != Some(""))
    }

    /// Reads an object. Null is refused as any other value that is no object.
    pub fn object(&self) -> Option<Object<'a>> {
        match self.value {
            None => self.refuse("must be given"),
            Some(Value::Object(fields)) => {
                return Some(Object { fields, path: self.path.clone(), errors: self.errors });
            }
            Some(other) => self.refuse(format!("must be an object, not {}", kind(other))),
        }
        None
    }

    /// Reads the entries of an object of at most `max` entries, which are called `what`; missing or null is empty.
    pub fn entries(&self, max: usize, what: &str) -> Vec<(&'a str, Node<'a>)> {
        let Some(Object { fields, path, errors }) = self.optional().and_then(Self::object) else {
            return Vec::new();
        };
        self.check_count(fields.len(), max, what);
        let entry = |(name, value): (&'a String, &'a Value)| {
            (name.as_str(), Node { value: Some(value), path: below(&path, name), errors })
        };
        fields.iter().map(entry).collect()
    }

    /// Reads a list of at most `max` items, which are called `what`; missing or null is empty.
    pub fn list(&self, max: usize, what: &str) -> Vec<Node<'a>> {
        match self.value() {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                self.check_count(items.len(), max, what);
                let item = |(index, value)| Node {
                    value: Some(value),
                    path: format!("{}[{index}]", self.path),
                    errors: self.errors,
                };
                items.iter().enumerate().map(item).collect()
            }
            Some(other) => {
                self.refuse(format!("must be a list, not {}", kind(other)));
                Vec::new()
            }
        }
    }

    fn check_count(&self, count: usize, max: usize, what: &str) {
        if count > max {
            self.refuse(format!("must be at most {max} {what}, not {count}"));
        }
    }

    /// Reads a text.
    pub fn text(&self) -> Option<&'a str> {
        self.expect("a text", Value::as_str)
    }

    /// Reads a text of so many characters, none of them a control character, and not only blanks.
    pub fn text_of(&self, chars: RangeInclusive<usize>) -> Option<&'a str> {
        let (min, max) = (*chars.start(), *chars.end());
        let text = self.text()?;
        let fits = chars.contains(&text.chars().count())
            && !text.chars().any(char::is_control)
            && (min == 0 || !text.trim().is_empty());
        if !fits {
            self.refuse(if min == 0 {
                format!("must be a text of at most {max} visible characters")
            } else {
                format!("must be a text of {min} to {max} visible characters")
            });
        }
        fits.then_some(text)
    }

    /// Reads an identifier; see [`check_id`].
    pub fn id(&self) -> Option<String> {
        let text = self.text()?;
        check_id(text).map_err(|error| self.refuse(error.to_string())).ok()?;
        Some(text.to_owned())
    }

    /// Reads a text as a value of `T`, which is called `what`.
    pub fn parsed<T: FromStr>(&self, what: &str) -> Option<T> {
        let text = self.expect(&format!("{what} as a text"), Value::as_str)?;
        let refused = |_| self.refuse(format!("must be {what}, not \"{}\"", quote(text)));
        text.parse().map_err(refused).ok()
    }

    /// Reads a text that names one of `options`.
    pub fn choice<T: Copy>(&self, options: &[(&str, T)]) -> Option<T> {
        let text = self.value.and_then(Value::as_str);
        let found = options.iter().find(|(name, _)| Some(*name) == text);
        if found.is_none() {
            let all: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
            self.refuse(match &*all {
                [rest @ .., last] if !rest.is_empty() => format!("must be {} or {last}", rest.join(", ")),
                all => format!("must be {}", all.join("")),
            });
        }
        found.map(|(_, option)| *option)
    }

    /// Reads true or false.
    pub fn truth(&self) -> Option<bool> {
        self.expect("true or false", Value::as_bool)
    }

    /// Reads a number within `range`.
    pub fn number(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let what = format!("a number from {} to {}", range.start(), range.end());
        let number = self.expect(&what, Value::as_f64)?;
        self.within(range.contains(&number), &what, number)
    }

    /// Reads a whole number within `range`.
    pub fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let what = match *range.end() {
            u64::MAX => format!("a whole number of at least {}", range.start()),
            max => format!("a whole number from {} to {max}", range.start()),
        };
        let number = self.expect(&what, Value::as_number)?;
        let whole = lenient::whole_of(number).filter(|whole| range.contains(whole));
        self.within(whole.is_some(), &what, number)?;
        whole
    }

    fn within<N: core::fmt::Display>(&self, holds: bool, what: &str, number: N) -> Option<N> {
        if !holds {
            self.refuse(format!("must be {what}, not {number}"));
        }
        holds.then_some(number)
    }

    fn expect<T>(&self, what: &str, take: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let Some(value) = self.value() else {
            self.refuse("must be given");
            return None;
        };
        let taken = take(value);
        if taken.is_none() {
            self.refuse(format!("must be {what}, not {}", kind(value)));
        }
        taken
    }
}

/// The fields of an object that is read.
#[derive(Debug)]
pub struct Object<'a> {
    fields: &'a Map<String, Value>,
    path: String,
    errors: &'a RefCell<FieldErrors>,
}

impl<'a> Object<'a> {
    /// Refuses each field that is not one of `known`, the fields of `what`.
    #[must_use]
    pub fn only(self, what: &str, known: &[&str]) -> Self {
        for name in self.fields.keys().filter(|name| !known.contains(&name.as_str())) {
            let path = below(&self.path, &quote(name));
            self.errors.borrow_mut().refuse(path, format!("is no field of {what}"));
        }
        self
    }

    /// Returns the place of a field, which may be empty.
    pub fn get(&self, name: &str) -> Node<'a> {
        Node { value: self.fields.get(name), path: below(&self.path, name), errors: self.errors }
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTE_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_the_same_by_what_they_amount_to() {
        use serde_json::json;
        let same = |a: Value, b: Value| super::same(&a, &b);
        assert!(same(json!(0), json!(0.0)) && same(json!([{ "a": 1.0 }]), json!([{ "a": 1 }])));
        assert!(
            !same(json!(0), json!("0")) && !same(json!(0), json!(0.5)) && !same(json!([1]), json!([1, 1]))
        );
        let large = 9_007_199_254_740_993_u64;
        assert!(!same(json!(large), json!(large - 1)), "whole numbers are compared as such");
    }

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    /// Reads `value` as the field `x`.
    fn check<T: PartialEq + core::fmt::Debug>(
        value: &Value,
        take: impl Fn(&Node<'_>) -> Option<T>,
        expect: Result<T, &str>,
    ) {
        let result = read(&json!({ "x": value }), |node| take(&node.object()?.get("x")));
        assert_eq!(result.map_err(|errors| errors.to_string()), expect.map_err(str::to_owned), "{value}");
    }

    #[test]
    fn what_fits_is_read_and_what_does_not_is_named() {
        check(&json!("a b"), |x| x.text().map(str::to_owned), Ok("a b".into()));
        check(&json!(7), |x| x.text().map(str::to_owned), Err("x must be a text, not a number"));
        check(&Value::Null, |x| x.text().map(str::to_owned), Err("x must be given"));
        check(&json!("a"), |x| x.id().map(String::into_boxed_str), Ok("a".into()));
        check(
            &json!("a b"),
            |x| x.id().map(String::into_boxed_str),
            Err("x must be 1 to 128 visible characters without spaces"),
        );
        check(
            &json!("  "),
            |x| x.text_of(1..=9).map(str::to_owned),
            Err("x must be a text of 1 to 9 visible characters"),
        );
        check(&json!(""), |x| x.text_of(0..=9).map(str::to_owned), Ok(String::new()));
        check(&json!("1.5"), |x| x.parsed::<f32>("a factor"), Ok(1.5));
        check(&json!("loud"), |x| x.parsed::<f32>("a factor"), Err("x must be a factor, not \"loud\""));
        check(&json!(true), |x| x.truth().map(u8::from), Ok(1));
        check(&json!("yes"), |x| x.truth().map(u8::from), Err("x must be true or false, not a text"));
        check(&json!(0.5), |x| x.number(0.0..=1.0), Ok(0.5));
        check(&json!(2), |x| x.number(0.0..=1.0), Err("x must be a number from 0 to 1, not 2"));
        check(&json!(5), |x| x.whole(1..=5), Ok(5));
        check(&json!(-1), |x| x.whole(1..=5), Err("x must be a whole number from 1 to 5, not -1"));
        check(&json!(1.5), |x| x.whole(0..=u64::MAX), Err("x must be a whole number of at least 0, not 1.5"));
        let codecs = [("G711U", 1), ("G729", 2), ("OPUS", 3)];
        check(&json!("G729"), |x| x.choice(&codecs), Ok(2));
        check(&json!("MP3"), |x| x.choice(&codecs), Err("x must be G711U, G729 or OPUS"));
    }

    #[test]
    fn lists_and_entries_are_optional_and_counted() {
        let texts =
            |node: &Node<'_>| Some(node.list(2, "texts").iter().filter_map(Node::id).collect::<Vec<_>>());
        check(&Value::Null, texts, Ok(vec![]));
        check(&json!(["a"]), texts, Ok(vec!["a".into()]));
        check(&json!(["a", 1]), texts, Err("x[1] must be a text, not a number"));
        check(&json!(["a", "b", "c"]), texts, Err("x must be at most 2 texts, not 3"));
        check(&json!("a"), texts, Err("x must be a list, not a text"));
        let names = |node: &Node<'_>| {
            let entries = node.entries(1, "names");
            for (_, node) in &entries {
                node.id();
            }
            Some(entries.len())
        };
        check(&Value::Null, names, Ok(0));
        check(&json!({ "a": "b" }), names, Ok(1));
        check(
            &json!({ "a": 1, "b": "" }),
            names,
            Err("x must be at most 1 names, not 2; x.a must be a text, not a number; x.b must not be empty"),
        );
        check(&json!([]), names, Err("x must be an object, not a list"));
    }

    #[test]
    fn what_is_unknown_is_refused_and_quoted_short() {
        let value = json!({ "a": 1, "x".repeat(30): 2 });
        let errors =
            read(&value, |node| node.object().map(|fields| fields.only("a thing", &["a"])).map(drop));
        let errors = errors.unwrap_err();
        assert_eq!(errors[0].field, format!("{}…", "x".repeat(24)));
        assert_eq!(errors[0].message, "is no field of a thing");
    }

    #[test]
    fn nothing_read_is_an_error_even_if_nobody_said_why() {
        assert!(read(&json!(1), |_| None::<()>).is_err());
        assert!(parse("{").unwrap_err().to_string().starts_with("is no JSON"));
    }
}
