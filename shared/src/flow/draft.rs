//! A simulation while it is being typed: the fields of a form, whatever stands in them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    expect::{Expectation, ExpectationDraft},
    request::{SimulationRequest, typed_digits},
};
use crate::wire::{FieldError, Limits, MediaKind};

/// The fields as they are typed. It is what a link, a file and the tab's memory hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Draft {
    /// The flow.
    pub flow_id: String,
    /// The digits; blanks and commas between them mean nothing.
    pub digits: String,
    /// The variables, in the form's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<VariableDraft>,
    /// The media references.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaDraft>,
    /// What is expected of the run; never sent to CXone.
    #[serde(skip_serializing_if = "ExpectationDraft::is_empty")]
    pub expectation: ExpectationDraft,
}

/// A variable as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableDraft {
    /// Its name.
    pub name: String,
    /// What its text stands for.
    pub kind: VariableKind,
    /// Its value; ignored for null.
    pub text: String,
}

/// What a variable's text stands for.
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

    /// Its name for people.
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

/// A media reference as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaDraft {
    /// The asset.
    pub asset_id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: MediaKind,
}

impl VariableDraft {
    /// A variable of this value, as it would have been typed.
    pub fn of(name: &str, value: &Value) -> Self {
        let (kind, text) = match value {
            Value::String(text) => (VariableKind::String, text.clone()),
            Value::Number(number) => (VariableKind::Number, number.to_string()),
            Value::Bool(truth) => (VariableKind::Boolean, truth.to_string()),
            Value::Null => (VariableKind::Null, String::new()),
            Value::Array(_) | Value::Object(_) => (VariableKind::Json, value.to_string()),
        };
        Self { name: name.to_owned(), kind, text }
    }

    /// Its value, or what is wrong with its text.
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

impl Draft {
    /// The fields that `request` would have been typed into.
    pub fn from_request(request: &SimulationRequest) -> Self {
        let media = |reference: &crate::wire::MediaReference| MediaDraft {
            asset_id: reference.asset_id.clone(),
            kind: reference.kind,
        };
        Self {
            flow_id: request.flow_id.clone(),
            digits: request.digits_text(),
            variables: (request.variable_state_matrix.iter())
                .map(|(name, value)| VariableDraft::of(name, value))
                .collect(),
            media: request.media_asset_references.iter().map(media).collect(),
            expectation: ExpectationDraft::default(),
        }
    }

    /// The request and what is expected of it, or every field's error at once, by the fields of the request:
    /// `dtmfSequence[3]`, `variableStateMatrix.x`, `mediaAssetReferences[0].type`, `expectation.…`.
    pub fn parse(&self, limits: &Limits) -> Result<(SimulationRequest, Expectation), Vec<FieldError>> {
        let (json, mut errors) = self.to_json();
        let request =
            SimulationRequest::from_json(&json, limits).map_err(|mut wrong| errors.append(&mut wrong));
        let expectation = self.expectation.parse().map_err(|mut wrong| errors.append(&mut wrong));
        match (request, expectation) {
            (Ok(request), Ok(expectation)) if errors.is_empty() => Ok((request, expectation)),
            _ => Err(errors),
        }
    }

    /// The body that would be sent, wrong fields included, and the errors of what no body can hold: a variable whose
    /// text is not of its kind, or whose name is another's.
    pub fn to_json(&self) -> (Value, Vec<FieldError>) {
        let mut errors = Vec::new();
        let mut variables = Map::new();
        let mut names = HashSet::new();
        for variable in &self.variables {
            let name = variable.name.trim();
            let field = || format!("variableStateMatrix.{name}");
            if !names.insert(name) {
                errors.push(FieldError::new(field(), "another variable has this name"));
            }
            match variable.value() {
                Ok(value) => drop(variables.insert(name.to_owned(), value)),
                Err(message) => errors.push(FieldError::new(field(), message)),
            }
        }
        let digits: Vec<String> = typed_digits(&self.digits).map(String::from).collect();
        let media: Vec<Value> = (self.media.iter())
            .map(|media| json!({ "assetId": media.asset_id.trim(), "type": media.kind }))
            .collect();
        let body = json!({
            "flowId": self.flow_id.trim(),
            "dtmfSequence": digits,
            "variableStateMatrix": variables,
            "mediaAssetReferences": media,
        });
        (body, errors)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn variable(name: &str, kind: VariableKind, text: &str) -> VariableDraft {
        VariableDraft { name: name.into(), kind, text: text.into() }
    }

    #[test]
    fn what_is_typed_becomes_what_is_sent() {
        let draft = Draft {
            flow_id: " f ".into(),
            digits: "2, 2 a#".into(),
            variables: vec![
                variable("s", VariableKind::String, " as it is "),
                variable("n", VariableKind::Number, " -1.5e3 "),
                variable("b", VariableKind::Boolean, "true"),
                variable("z", VariableKind::Null, "ignored"),
                variable("j", VariableKind::Json, "{\"a\":[1]}"),
            ],
            media: vec![MediaDraft { asset_id: "m-1".into(), kind: MediaKind::Video }],
            ..Draft::default()
        };
        let (request, expectation) = draft.parse(&Limits::default()).unwrap();
        assert_eq!(
            request.to_json(),
            json!({
                "flowId": "f", "dtmfSequence": ["2", "2", "A", "#"],
                "variableStateMatrix": { "s": " as it is ", "n": -1.5e3, "b": true, "z": null, "j": { "a": [1] } },
                "mediaAssetReferences": [{ "assetId": "m-1", "type": "video" }],
            })
        );
        assert!(expectation.is_empty());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let draft = Draft {
            digits: "1x".into(),
            variables: vec![
                variable("x", VariableKind::Number, "one"),
                variable("x", VariableKind::String, ""),
                variable("", VariableKind::Json, "{"),
                variable("b", VariableKind::Boolean, "yes"),
            ],
            ..Draft::default()
        };
        let errors = draft.parse(&Limits::default()).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(
            fields,
            [
                "variableStateMatrix.x",
                "variableStateMatrix.x",
                "variableStateMatrix.",
                "variableStateMatrix.b",
                "flowId",
                "dtmfSequence[1]",
            ]
        );
    }

    fn drafts() -> impl Strategy<Value = Draft> {
        let kinds = prop::sample::select(VariableKind::ALL.to_vec());
        let text = prop_oneof![
            Just("1".to_owned()),
            Just("true".into()),
            Just("{\"a\":1}".into()),
            Just("null".into()),
            "[ -~]{0,6}"
        ];
        let variable =
            ("[a-c ]{0,2}", kinds, text).prop_map(|(name, kind, text)| VariableDraft { name, kind, text });
        let media = ("[a-z ]{0,3}", prop::sample::select(MediaKind::ALL.to_vec()))
            .prop_map(|(asset_id, kind)| MediaDraft { asset_id, kind });
        let (variables, media) = (prop::collection::vec(variable, 0..4), prop::collection::vec(media, 0..13));
        ("[a-z ./]{0,8}", "[0-9*#A-Dx ,]{0,60}", variables, media).prop_map(
            |(flow_id, digits, variables, media)| Draft {
                flow_id,
                digits,
                variables,
                media,
                expectation: ExpectationDraft::default(),
            },
        )
    }

    proptest! {
        #[test]
        fn a_draft_is_refused_for_just_what_its_body_is_refused_for(draft in drafts()) {
            let limits = Limits::default();
            let (body, inexpressible) = draft.to_json();
            let sent = SimulationRequest::from_json(&body, &limits);
            match draft.parse(&limits) {
                Ok((request, _)) => {
                    prop_assert!(inexpressible.is_empty());
                    prop_assert_eq!(request.to_json(), body);
                    let again = Draft::from_request(&request).parse(&limits).unwrap().0;
                    prop_assert_eq!(again, request);
                }
                Err(errors) => {
                    let mut expected = inexpressible;
                    expected.extend(sent.err().unwrap_or_default());
                    prop_assert!(!errors.is_empty());
                    prop_assert_eq!(errors, expected);
                }
            }
        }

        #[test]
        fn a_draft_survives_a_link_or_a_file(draft in drafts()) {
            let text = serde_json::to_string(&draft).unwrap();
            prop_assert_eq!(serde_json::from_str::<Draft>(&text).unwrap(), draft);
        }
    }
}
