//! Variables while they are being typed.

use std::collections::HashSet;

use base::field_error::FieldErrors;
use ivr::graph::{FlowDefinition, NodeKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A variable as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableDraft {
    /// Its name.
    pub name: String,
    /// Type of the value that its text stands for.
    pub kind: VariableKind,
    /// Its value; ignored for null.
    pub text: String,
}

/// Type of the value that a variable's text stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableKind {
    /// Itself.
    #[default]
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Nothing.
    Null,
    /// Any JSON.
    Json,
}

impl VariableKind {
    /// All five.
    pub const ALL: [Self; 5] = [Self::String, Self::Number, Self::Boolean, Self::Null, Self::Json];

    /// Returns its name in a draft's JSON.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::Json => "json",
        }
    }

    /// Returns its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Number => "number",
            Self::Boolean => "true or false",
            Self::Null => "null",
            Self::Json => "JSON",
        }
    }
}

impl VariableDraft {
    /// Returns a variable of this value as it would have been typed.
    pub fn from_value(name: &str, value: &Value) -> Self {
        let (kind, text) = match value {
            Value::String(text) => (VariableKind::String, text.clone()),
            Value::Number(number) => (VariableKind::Number, number.to_string()),
            Value::Bool(truth) => (VariableKind::Boolean, truth.to_string()),
            Value::Null => (VariableKind::Null, String::new()),
            Value::Array(_) | Value::Object(_) => (VariableKind::Json, value.to_string()),
        };
        Self { name: name.to_owned(), kind, text }
    }

    /// Returns its value, or what is wrong with its text.
    pub fn value(&self) -> Result<Value, String> {
        let text = self.text.trim();
        match self.kind {
            VariableKind::String => Ok(Value::String(self.text.clone())),
            VariableKind::Null => Ok(Value::Null),
            VariableKind::Boolean => {
                text.parse().map(Value::Bool).map_err(|_| "must be true or false".to_owned())
            }
            VariableKind::Number => match serde_json::from_str(text) {
                Ok(Value::Number(number)) => Ok(Value::Number(number)),
                Ok(_) | Err(_) => Err("must be a number, such as 3 or -0.5".into()),
            },
            VariableKind::Json => {
                serde_json::from_str(text).map_err(|error| format!("must be JSON: {error}"))
            }
        }
    }
}

impl VariableDraft {
    /// Returns what is likely a slip: a value that matches no case of the flow's only because it is of another type, such as
    /// the text `true` where the flow asks for the truth value.
    pub fn advice(&self, flow: &FlowDefinition) -> Option<String> {
        let value = self.value().ok()?;
        let name = self.name.trim();
        let mut alike = None;
        for node in &flow.nodes {
            if !matches!(&node.kind, NodeKind::Decision { variable } if variable == name) {
                continue;
            }
            for case in node.branches.iter().filter_map(|branch| branch.on.case()) {
                if text_of(case) == text_of(&value) {
                    if kind_of(case) == kind_of(&value) {
                        return None;
                    }
                    alike = alike.or(Some((case, &node.id)));
                }
            }
        }
        let (case, node) = alike?;
        let (is, asked) = (kind_of(&value), kind_of(case));
        Some(format!(
            "This is {is} {text}, and {node:?} asks for {asked} {text}: as it stands, no case is taken.",
            text = text_of(case)
        ))
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "the truth value",
        Value::Number(_) => "the number",
        Value::String(_) => "the text",
        Value::Array(_) | Value::Object(_) => "the structure",
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

/// Returns the variables of a map as they would have been typed.
pub(super) fn to_drafts(variables: &Map<String, Value>) -> Vec<VariableDraft> {
    variables.iter().map(|(name, value)| VariableDraft::from_value(name, value)).collect()
}

/// Returns the values of variables by name, those left out whose text is not of their kind. A variable whose name is
/// another's, and one without a value, is refused as `path.name`.
pub(super) fn to_map(
    variables: &[VariableDraft],
    path: &str,
    errors: &mut FieldErrors,
) -> Map<String, Value> {
    let mut map = Map::new();
    let mut names = HashSet::new();
    for variable in variables {
        let name = variable.name.trim();
        let field = || format!("{path}.{name}");
        if !names.insert(name) {
            errors.refuse(field(), "another variable has this name");
        }
        match variable.value() {
            Ok(value) => drop(map.insert(name.to_owned(), value)),
            Err(message) => errors.refuse(field(), message),
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_value_of_another_type_than_the_cases_is_said() {
        let case = |value: Value| json!({ "on": "case", "value": value, "to": "end" });
        let decision = |id: &str, variable: &str, cases: Vec<Value>| {
            let default = json!({ "on": "default", "to": "end" });
            let branches: Vec<Value> = cases.into_iter().map(case).chain([default]).collect();
            json!({ "id": id, "type": "decision", "variable": variable, "branches": branches })
        };
        let flow: FlowDefinition = serde_json::from_value(json!({
            "flowId": "f", "name": "", "start": "open?", "nodes": [
                decision("open?", "open", vec![json!(true), json!(false)]),
                decision("level", "level", vec![json!(1), json!("gold")]),
                { "id": "end", "type": "hangup" },
            ],
        }))
        .unwrap();
        let advice = |name: &str, kind: VariableKind, text: &str| {
            VariableDraft { name: name.into(), kind, text: text.into() }.advice(&flow)
        };
        assert_eq!(
            advice("open", VariableKind::String, "true").as_deref(),
            Some(
                "This is the text true, and \"open?\" asks for the truth value true: as it stands, no case is taken."
            )
        );
        assert_eq!(advice("open", VariableKind::Boolean, "true"), None);
        assert_eq!(advice("open", VariableKind::String, "maybe"), None, "another text is another matter");
        assert!(
            advice("level", VariableKind::String, "1").is_some_and(|advice| advice.contains("the number 1"))
        );
        assert_eq!(advice("level", VariableKind::String, "gold"), None);
        assert_eq!(advice("other", VariableKind::String, "true"), None);
    }
}
