//! A simulation while it is being typed: the fields of a form, whatever stands in them.

use base::{dial_script::DialScript, draft::Draft, field_error::FieldErrors};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::{
    api::Limits,
    cxone::{MediaKind, MediaReference},
};

use super::{
    expect::{Expectation, ExpectationDraft},
    request::{SimulationRequest, typed_digits},
    variable::VariableDraft,
};
use crate::flow::variable::{self};

/// The fields as they are typed. It is what a link, a file and the tab's memory hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SimulationDraft {
    /// The flow.
    pub flow_id: String,
    /// The digits: a dial script, whose pauses are left out.
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

impl Default for MediaDraft {
    fn default() -> Self {
        Self { asset_id: String::new(), kind: MediaKind::Audio }
    }
}

impl SimulationDraft {
    /// Returns the draft that `request` would have been typed into.
    pub fn from_request(request: &SimulationRequest) -> Self {
        let media = |reference: &MediaReference| MediaDraft {
            asset_id: reference.asset_id.clone(),
            kind: reference.kind,
        };
        Self {
            flow_id: request.flow_id.clone(),
            digits: request.digits_text(),
            variables: variable::to_drafts(&request.variable_state_matrix),
            media: request.media_asset_references.iter().map(media).collect(),
            expectation: ExpectationDraft::default(),
        }
    }

    /// Returns the number of digits that would be sent, wrong ones included.
    pub fn digit_count(&self) -> usize {
        typed_digits(&self.digits).len()
    }

    /// Returns true where the digits are a dial script with pauses, which a simulation has no place for.
    pub fn leaves_pauses_out(&self) -> bool {
        self.digits.parse().is_ok_and(|script: DialScript| script.has_pauses())
    }

    /// Returns the body that would be sent, wrong fields included, and the errors of what no body can hold: a variable
    /// whose text is not of its kind, or whose name is another's.
    pub fn to_json(&self) -> (Value, FieldErrors) {
        let mut errors = FieldErrors::new();
        let variables = variable::to_map(&self.variables, "variableStateMatrix", &mut errors);
        let digits: Vec<String> = typed_digits(&self.digits).into_iter().map(String::from).collect();
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

impl Draft for SimulationDraft {
    type Checked = (SimulationRequest, Expectation);
    type Limits = Limits;

    const PANEL: &'static str = "flow";
    const NOUN: &'static str = "simulation";

    fn title(&self) -> &str {
        self.flow_id.trim()
    }

    /// Returns the request and what is expected of it. Errors are named by the fields of the request and of the
    /// expectation: `dtmfSequence[3]`, `variableStateMatrix.x`, `mediaAssetReferences[0].type`, `expectation.…`.
    fn check(&self, limits: &Limits) -> Result<Self::Checked, FieldErrors> {
        let (json, mut errors) = self.to_json();
        let request = SimulationRequest::from_json(&json, limits).map_err(|wrong| errors.extend(wrong));
        let expectation =
            self.expectation.parse().map_err(|wrong| errors.extend(wrong.nested("expectation")));
        match (request, expectation) {
            (Ok(request), Ok(expectation)) if errors.is_empty() => Ok((request, expectation)),
            _ => Err(errors),
        }
    }

    fn payload(&self) -> Value {
        self.to_json().0
    }

    fn set_payload(&mut self, payload: &Value, limits: &Limits) -> Result<(), FieldErrors> {
        let request = SimulationRequest::from_json(payload, limits)?;
        let expectation = core::mem::take(&mut self.expectation);
        *self = Self { expectation, ..Self::from_request(&request) };
        Ok(())
    }

    fn is_payload(json: &Value) -> bool {
        json.get("dtmfSequence").is_some() || json.get("flowId").is_none()
    }

    fn cleared(&self) -> Self {
        Self { flow_id: self.flow_id.clone(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;
    use crate::flow::VariableKind;
    use base::{draft, json::salvage};

    fn variable(name: &str, kind: VariableKind, text: &str) -> VariableDraft {
        VariableDraft { name: name.into(), kind, text: text.into() }
    }

    #[test]
    fn what_is_typed_becomes_what_is_sent() {
        let draft = SimulationDraft {
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
            ..SimulationDraft::default()
        };
        let (request, expectation) = draft.check(&Limits::default()).unwrap();
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
    fn a_dial_script_is_taken_without_its_pauses() {
        for (typed, sent, leaves_out) in [
            ("2w2p1#", "221#", true),
            ("1,,2", "12", true),
            ("4711 w800ms #", "4711#", true),
            ("2 2", "22", false),
            ("", "", false),
        ] {
            let draft =
                SimulationDraft { flow_id: "f".into(), digits: typed.into(), ..SimulationDraft::default() };
            let (request, _) = draft.check(&Limits::default()).unwrap();
            assert_eq!(request.digits_text().replace(' ', ""), sent, "{typed:?}");
            assert_eq!(
                (draft.digit_count(), draft.leaves_pauses_out()),
                (sent.len(), leaves_out),
                "{typed:?}"
            );
        }
        let wrong =
            SimulationDraft { flow_id: "f".into(), digits: "1w2x".into(), ..SimulationDraft::default() };
        assert_eq!(wrong.check(&Limits::default()).unwrap_err()[0].field, "dtmfSequence[2]");
        assert!(!wrong.leaves_pauses_out());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let draft = SimulationDraft {
            digits: "1x".into(),
            variables: vec![
                variable("x", VariableKind::Number, "one"),
                variable("x", VariableKind::String, ""),
                variable("", VariableKind::Json, "{"),
                variable("b", VariableKind::Boolean, "yes"),
            ],
            ..SimulationDraft::default()
        };
        let errors = draft.check(&Limits::default()).unwrap_err();
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

    fn whole() -> SimulationDraft {
        let variable = variable("a, \"b\" {", VariableKind::Json, "[1,{}]");
        let mut draft = SimulationDraft {
            flow_id: "account-desk".into(),
            digits: "1 2 #".into(),
            variables: vec![variable.clone()],
            media: vec![MediaDraft { asset_id: "m".into(), kind: MediaKind::Tts }],
            ..SimulationDraft::default()
        };
        draft.expectation.actions = "a, b".into();
        draft.expectation.variables = vec![variable];
        draft
    }

    fn check_salvage(value: &Value, kept: &Value, wrong: &[&str]) {
        let (draft, errors) = salvage::<SimulationDraft>(&value.to_string()).unwrap();
        assert_eq!(draft, serde_json::from_value(kept.clone()).unwrap());
        let mut fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        fields.sort_unstable();
        assert_eq!(fields, wrong, "{errors:?}");
    }

    #[test]
    fn a_draft_that_is_whole_is_kept_whole() {
        let text = serde_json::to_string(&whole()).unwrap();
        assert_eq!(salvage(&text), Ok((whole(), FieldErrors::new())));
        assert_eq!(salvage("{}"), Ok((SimulationDraft::default(), FieldErrors::new())));
    }

    #[test]
    fn a_wrong_field_takes_no_other_with_it() {
        check_salvage(
            &json!({ "flowId": "f", "digits": 12, "color": "red", "media": [{ "assetId": "m", "type": "tts" }, 7] }),
            &json!({ "flowId": "f", "media": [{ "assetId": "m", "type": "tts" }] }),
            &["color", "digits", "media[1]"],
        );
        check_salvage(
            &json!({ "digits": "1", "variables": "x", "expectation": { "endNode": "e", "actions": [], "more": 1 } }),
            &json!({ "digits": "1", "expectation": { "endNode": "e" } }),
            &["expectation.actions", "expectation.more", "variables"],
        );
        check_salvage(
            &json!({ "digits": "1", "expectation": 7 }),
            &json!({ "digits": "1" }),
            &["expectation"],
        );
    }

    #[test]
    fn a_text_that_ends_anywhere_keeps_what_is_before() {
        let text = serde_json::to_string(&whole()).unwrap();
        let mut kept = 0;
        for end in 0..text.len() {
            let Ok((draft, errors)) = salvage::<SimulationDraft>(&text[..end]) else { continue };
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
            assert!(salvage::<SimulationDraft>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_a_draft_or_a_request() {
        let open = |text: &str| draft::open::<SimulationDraft>(text, &Limits::default());
        let text = serde_json::to_string_pretty(&whole()).unwrap();
        assert_eq!(open(&text), Ok((whole(), FieldErrors::new())));
        let (draft, errors) = open("{\"flowId\": \"f\", \"dtmfSequence\": [\"1\", \"*\"]}").unwrap();
        assert_eq!((&*draft.digits, errors), ("1*", FieldErrors::new()));
        let why = open("{\"flowId\": \"x\", \"dtmfSequence\": [\"12\"]}").unwrap_err();
        assert!(why.starts_with("dtmfSequence[0] must be one digit"), "{why}");
        let (draft, errors) = open("{\"flowId\": \"f\", \"digits\": 1}").unwrap();
        assert_eq!((&*draft.flow_id, &*errors[0].field), ("f", "digits"));
        assert!(open("{\"flowId").is_err());
    }

    #[test]
    fn a_payload_leaves_the_expectation_alone() {
        let mut draft = whole();
        let limits = Limits::default();
        assert!(draft.set_payload(&json!({ "flowId": "" }), &limits).is_err());
        assert_eq!(draft, whole());
        draft.set_payload(&json!({ "flowId": "g" }), &limits).unwrap();
        let expected = SimulationDraft {
            flow_id: "g".into(),
            expectation: whole().expectation,
            ..SimulationDraft::default()
        };
        assert_eq!(draft, expected);
        assert_eq!(draft.cleared(), SimulationDraft { flow_id: "g".into(), ..SimulationDraft::default() });
    }

    fn drafts() -> impl Strategy<Value = SimulationDraft> {
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
            |(flow_id, digits, variables, media)| SimulationDraft {
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
            match draft.check(&limits) {
                Ok((request, _)) => {
                    prop_assert!(inexpressible.is_empty());
                    prop_assert_eq!(request.to_json(), body);
                    let again = SimulationDraft::from_request(&request).check(&limits).unwrap().0;
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
            prop_assert_eq!(serde_json::from_str::<SimulationDraft>(&text).unwrap(), draft);
        }
    }
}
