//! What can be kept of a draft whose text is damaged: of a link that was cut short on its way, or edited by hand.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::draft::Draft;
use crate::wire::FieldError;

/// A damaged text is cut back in at most so many places.
const MOST_CUTS: usize = 64;

/// Reads a draft's text field by field: the draft as far as it can be read, and what is wrong with the rest, by the
/// draft's own fields, the text itself being the empty one. An error where nothing of it is a draft.
pub fn salvage(text: &str) -> Result<(Draft, Vec<FieldError>), String> {
    let mut reader = Reader { errors: Vec::new() };
    let value = serde_json::from_str(text).or_else(|error| {
        let kept = mended(text).ok_or_else(|| format!("it is no JSON: {error}"))?;
        reader.errors.push(FieldError::new("", format!("the text is damaged: {error}")));
        Ok::<_, String>(kept)
    })?;
    let Value::Object(fields) = value else { return Err("it is JSON, but no draft".into()) };
    let known = ["flowId", "digits", "variables", "media", "expectation"];
    if !fields.is_empty() && !fields.keys().any(|name| known.contains(&name.as_str())) {
        return Err("it is JSON, but no draft".into());
    }
    let draft = reader.draft(fields);
    Ok((draft, reader.errors))
}

struct Reader {
    errors: Vec<FieldError>,
}

impl Reader {
    fn draft(&mut self, fields: Map<String, Value>) -> Draft {
        let mut draft = Draft::default();
        for (name, value) in fields {
            match name.as_str() {
                "flowId" => draft.flow_id = self.one(&name, value),
                "digits" => draft.digits = self.one(&name, value),
                "variables" => draft.variables = self.list(&name, value),
                "media" => draft.media = self.list(&name, value),
                "expectation" => self.expectation(&mut draft, value),
                _ => self.errors.push(FieldError::new(name, "is no field of a draft")),
            }
        }
        draft
    }

    fn expectation(&mut self, draft: &mut Draft, value: Value) {
        let Value::Object(fields) = value else {
            self.errors.push(FieldError::new("expectation", "must be an object"));
            return;
        };
        for (name, value) in fields {
            let field = format!("expectation.{name}");
            match name.as_str() {
                "endNode" => draft.expectation.end_node = self.one(&field, value),
                "decisions" => draft.expectation.decisions = self.list(&field, value),
                "actions" => draft.expectation.actions = self.one(&field, value),
                "variables" => draft.expectation.variables = self.list(&field, value),
                _ => self.errors.push(FieldError::new(field, "is no field of a draft")),
            }
        }
    }

    fn one<T: DeserializeOwned + Default>(&mut self, field: &str, value: Value) -> T {
        self.read(field, value).unwrap_or_default()
    }

    fn list<T: DeserializeOwned>(&mut self, field: &str, value: Value) -> Vec<T> {
        let items: Vec<Value> = self.one(field, value);
        let read = |(index, item)| self.read(&format!("{field}[{index}]"), item);
        items.into_iter().enumerate().filter_map(read).collect()
    }

    fn read<T: DeserializeOwned>(&mut self, field: &str, value: Value) -> Option<T> {
        serde_json::from_value(value)
            .map_err(|error| self.errors.push(FieldError::new(field, format!("cannot be read: {error}"))))
            .ok()
    }
}

/// The longest beginning of a JSON text that makes sense once what is open is closed.
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
    cuts.into_iter().rev().take(MOST_CUTS).find_map(|(end, open)| {
        let closed: String = text[..end].chars().chain(open.into_iter().rev()).collect();
        serde_json::from_str(&closed).ok()
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;
    use crate::{
        flow::{MediaDraft, VariableDraft, VariableKind},
        wire::MediaKind,
    };

    fn whole() -> Draft {
        let variable =
            VariableDraft { name: "a, \"b\" {".into(), kind: VariableKind::Json, text: "[1,{}]".into() };
        let mut draft = Draft {
            flow_id: "account-desk".into(),
            digits: "1 2 #".into(),
            variables: vec![variable.clone()],
            media: vec![MediaDraft { asset_id: "m".into(), kind: MediaKind::Tts }],
            ..Draft::default()
        };
        draft.expectation.actions = "a, b".into();
        draft.expectation.variables = vec![variable];
        draft
    }

    fn check(value: &Value, kept: &Value, wrong: &[&str]) {
        let (draft, errors) = salvage(&value.to_string()).unwrap();
        assert_eq!(draft, serde_json::from_value(kept.clone()).unwrap());
        let mut fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        fields.sort_unstable();
        assert_eq!(fields, wrong, "{errors:?}");
    }

    #[test]
    fn a_draft_that_is_whole_is_kept_whole() {
        let text = serde_json::to_string(&whole()).unwrap();
        assert_eq!(salvage(&text), Ok((whole(), Vec::new())));
        assert_eq!(salvage("{}"), Ok((Draft::default(), Vec::new())));
    }

    #[test]
    fn a_wrong_field_takes_no_other_with_it() {
        check(
            &json!({ "flowId": "f", "digits": 12, "color": "red", "media": [{ "assetId": "m", "type": "tts" }, 7] }),
            &json!({ "flowId": "f", "media": [{ "assetId": "m", "type": "tts" }] }),
            &["color", "digits", "media[1]"],
        );
        check(
            &json!({ "digits": "1", "variables": "x", "expectation": { "endNode": "e", "actions": [], "more": 1 } }),
            &json!({ "digits": "1", "expectation": { "endNode": "e" } }),
            &["expectation.actions", "expectation.more", "variables"],
        );
        check(&json!({ "digits": "1", "expectation": 7 }), &json!({ "digits": "1" }), &["expectation"]);
    }

    #[test]
    fn a_text_that_ends_anywhere_keeps_what_is_before() {
        let text = serde_json::to_string(&whole()).unwrap();
        let mut kept = 0;
        for end in 0..text.len() {
            let Ok((draft, errors)) = salvage(&text[..end]) else { continue };
            assert_eq!(errors[0].field, "", "{end}");
            assert!(["", "account-desk"].contains(&&*draft.flow_id));
            assert!(["", "1 2 #"].contains(&&*draft.digits), "no half of a field: {draft:?}");
            let known = usize::from(!draft.flow_id.is_empty())
                + usize::from(!draft.digits.is_empty())
                + draft.variables.len()
                + draft.media.len()
                + usize::from(!draft.expectation.actions.is_empty());
            assert!(known >= kept, "a longer text keeps no less: {end}");
            kept = known;
        }
        assert!(kept >= 4, "{kept}");
    }

    #[test]
    fn what_is_no_draft_is_none() {
        for text in ["", "x", "{", "[1]", "7", "{\"a\":1}", "{\"flowId\":\"half"] {
            assert!(salvage(text).is_err(), "{text}");
        }
    }
}
