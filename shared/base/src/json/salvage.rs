//! Keeping what can be read of a damaged text: a link that was cut short on its way, or a file edited by hand.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::field_error::FieldErrors;

/// Maximum number of places in which a damaged text is cut back.
const MAX_CUTS: usize = 64;

/// Reads a text field by field: the value as far as it can be read, and the errors of the rest. An error of the text
/// itself has an empty field. Returns why, where nothing of the text belongs to a `T`.
///
/// `T` is an object whose missing fields have defaults (`#[serde(default)]`), as has each object in it of which single
/// fields can be kept. Items of a list are kept one by one.
pub fn salvage<T: DeserializeOwned + Default>(text: &str) -> Result<(T, FieldErrors), String> {
    let mut recovery = Recovery { errors: FieldErrors::new(), found: false };
    let value = serde_json::from_str(text).or_else(|error| {
        let kept = mended(text).ok_or_else(|| format!("it is no JSON: {error}"))?;
        recovery.errors.refuse("", format!("the text is damaged: {error}"));
        Ok::<_, String>(kept)
    })?;
    let Value::Object(fields) = value else { return Err("it is JSON, but no draft".into()) };
    let any = !fields.is_empty();
    let kept = recovery.fields::<T>(&[], fields);
    if any && !recovery.found {
        return Err("it is JSON, but no draft".into());
    }
    let value = serde_json::from_value(kept).unwrap_or_else(|error| {
        recovery.errors.refuse("", format!("cannot be read: {error}"));
        T::default()
    });
    Ok((value, recovery.errors))
}

/// A step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Item(usize),
}

struct Recovery {
    errors: FieldErrors,
    /// True once a field was found that is one of the type's.
    found: bool,
}

impl Recovery {
    /// Returns the part of an object that can be read.
    fn fields<T: DeserializeOwned>(&mut self, path: &[Step], fields: Map<String, Value>) -> Value {
        let mut kept = Map::new();
        for (name, value) in fields {
            if let Some(value) = self.part::<T>(&joined(path, Step::Field(name.clone())), value) {
                kept.insert(name, value);
            }
        }
        Value::Object(kept)
    }

    /// Returns what can be read of the part of a `T` at `path`.
    fn part<T: DeserializeOwned>(&mut self, path: &[Step], value: Value) -> Option<Value> {
        let error = match fit::<T>(path, value.clone()) {
            Ok(unknown) => {
                self.found |= !unknown.contains(&path[..1].to_vec());
                let whole = unknown.iter().any(|unknown| unknown.len() <= path.len());
                for unknown in unknown {
                    self.errors.refuse(shown(&unknown), "is no field of a draft");
                }
                return (!whole).then_some(value);
            }
            Err(error) => error,
        };
        self.found = true;
        match value {
            Value::Array(items) if fit::<T>(path, Value::Array(Vec::new())).is_ok() => {
                let kept = items.into_iter().enumerate();
                let kept =
                    kept.filter_map(|(index, item)| self.part::<T>(&joined(path, Step::Item(index)), item));
                Some(Value::Array(kept.collect()))
            }
            Value::Object(fields) if fit::<T>(path, Value::Object(Map::new())).is_ok() => {
                Some(self.fields::<T>(path, fields))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => {
                self.errors.refuse(shown(path), format!("cannot be read: {error}"));
                None
            }
        }
    }
}

/// Reads a `T` of which only the part at `path` is given; returns the paths of the fields that no `T` has.
fn fit<T: DeserializeOwned>(path: &[Step], value: Value) -> Result<Vec<Vec<Step>>, serde_json::Error> {
    let whole = path.iter().rev().fold(value, |part, step| match step {
        Step::Field(name) => Value::Object(Map::from_iter([(name.clone(), part)])),
        Step::Item(_) => Value::Array(vec![part]),
    });
    let mut unknown = Vec::new();
    serde_ignored::deserialize::<_, _, T>(whole, |ignored| {
        let mut steps = Vec::new();
        collect(&ignored, &mut steps);
        // Where a list was cut down to one item, the item's true place is the path's.
        for (step, place) in steps.iter_mut().zip(path) {
            step.clone_from(place);
        }
        unknown.push(steps);
    })?;
    Ok(unknown)
}

fn collect(path: &serde_ignored::Path<'_>, steps: &mut Vec<Step>) {
    use serde_ignored::Path;
    match path {
        Path::Root => {}
        Path::Seq { parent, index } => {
            collect(parent, steps);
            steps.push(Step::Item(*index));
        }
        Path::Map { parent, key } => {
            collect(parent, steps);
            steps.push(Step::Field(key.clone()));
        }
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            collect(parent, steps);
        }
    }
}

fn joined(path: &[Step], step: Step) -> Vec<Step> {
    path.iter().cloned().chain([step]).collect()
}

/// Returns a path as errors have it: `media[1].type`.
fn shown(path: &[Step]) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Field(name) => super::below(&text, name),
        Step::Item(index) => format!("{text}[{index}]"),
    })
}

/// Returns the longest beginning of a JSON text that makes sense once what is open is closed.
fn mended(text: &str) -> Option<Value> {
    let mut open = Vec::new();
    let mut cuts = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for (at, symbol) in text.char_indices() {
        if in_string {
            in_string = escaped || symbol != '"';
            escaped = !escaped && symbol == '\\';
            continue;
        }
        match symbol {
            '"' => in_string = true,
            '{' => open.push('}'),
            '[' => open.push(']'),
            ',' => cuts.push((at, open.clone())),
            '}' | ']' => {
                if open.pop() != Some(symbol) {
                    break;
                }
                cuts.push((at + 1, open.clone()));
            }
            _ => {}
        }
    }
    cuts.into_iter().rev().take(MAX_CUTS).find_map(|(end, open)| {
        let closed: String = text[..end].chars().chain(open.into_iter().rev()).collect();
        serde_json::from_str(&closed).ok()
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Whole {
        name: String,
        count: Option<u8>,
        rows: Vec<Row>,
        part: Part,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        id: String,
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Part {
        share: f64,
        parts: Vec<Part>,
    }

    fn check(value: &Value, kept: Value, wrong: &[&str]) {
        let (whole, errors) = salvage::<Whole>(&value.to_string()).unwrap();
        assert_eq!(whole, serde_json::from_value(kept).unwrap(), "{value}");
        let mut fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        fields.sort_unstable();
        assert_eq!(fields, wrong, "{value}: {errors}");
    }

    #[test]
    fn a_wrong_field_takes_no_other_with_it() {
        check(&json!({}), json!({}), &[]);
        check(&json!({ "name": "n", "count": -1 }), json!({ "name": "n" }), &["count"]);
        check(&json!({ "count": 7, "more": 1 }), json!({ "count": 7 }), &["more"]);
        check(
            &json!({ "rows": [{ "id": "a" }, { "id": 1 }, { "id": "b", "x": 1 }, 7] }),
            json!({ "rows": [{ "id": "a" }, { "id": "b" }] }),
            &["rows[1]", "rows[2].x", "rows[3]"],
        );
        check(
            &json!({ "part": { "share": "half", "parts": [{ "share": 0.5, "y": 1 }, { "share": [] }, 1] } }),
            json!({ "part": { "parts": [{ "share": 0.5 }, {}] } }),
            &["part.parts[0].y", "part.parts[1].share", "part.parts[2]", "part.share"],
        );
        check(&json!({ "name": "n", "rows": {}, "part": 7 }), json!({ "name": "n" }), &["part", "rows"]);
    }

    #[test]
    fn what_has_none_of_the_fields_is_none() {
        for text in ["", "x", "{", "[1]", "7", "{\"a\":1}", "{\"name\":\"half"] {
            assert!(salvage::<Whole>(text).is_err(), "{text}");
        }
        assert!(salvage::<Whole>("{\"name\":1}").is_ok(), "a field of the type's, though wrong");
    }

    fn wholes() -> impl Strategy<Value = Whole> {
        let row = "[a-z\"{},é]{0,4}".prop_map(|id| Row { id });
        // Quarters are read as they are written.
        let part = (0u8..4, 0usize..3).prop_map(|(quarters, count)| {
            let share = f64::from(quarters) / 4.0;
            Part { share, parts: vec![Part { share, parts: Vec::new() }; count] }
        });
        ("[ -~é]{0,8}", any::<Option<u8>>(), prop::collection::vec(row, 0..4), part)
            .prop_map(|(name, count, rows, part)| Whole { name, count, rows, part })
    }

    proptest! {
        #[test]
        fn what_is_whole_is_kept_whole(whole in wholes()) {
            let text = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(salvage::<Whole>(&text), Ok((whole, FieldErrors::new())));
        }

        #[test]
        fn a_text_that_ends_anywhere_keeps_only_what_was_there(whole in wholes(), share in 0.0..1.0f64) {
            let text = serde_json::to_string(&whole).unwrap();
            let mut end = (text.len() as f64 * share) as usize;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            if let Ok((kept, errors)) = salvage::<Whole>(&text[..end]) {
                prop_assert_eq!(&*errors[0].field, "");
                prop_assert!(kept.name.is_empty() || kept.name == whole.name);
                prop_assert!(whole.rows.starts_with(&kept.rows));
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "[{}\\[\\]\",:a-e0-9 ]{0,40}") {
            let _ = salvage::<Whole>(&text);
        }
    }
}
