//! Variables while they are being typed.

use std::collections::HashSet;

use base::field_error::FieldErrors;
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
