//! A simulation's request: checked as a whole, every field's error at once. The page checks it while it is typed, the
//! proxy before CXone is asked, the stand-in before it runs: all with this. Where the flow is known, page and proxy go on
//! with [`check_depth`](super::check_depth).

use base::{
    dial_script::DialScript,
    digit::Digit,
    field_error::FieldErrors,
    ids::MAX_ID_CHARS,
    json::{self, Node},
};
use ivr::analysis::Suggested;
use serde::{Serialize, ser::SerializeSeq as _};
use serde_json::{Map, Value};
use wire::{
    api::Limits,
    cxone::{MediaKind, MediaReference},
};

const FIELDS: [&str; 4] = ["flowId", "dtmfSequence", "variableStateMatrix", "mediaAssetReferences"];

/// A request that holds to the limits. It serialises as the body of CXone's `POST /api/v2/flow/simulator`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationRequest {
    pub(super) flow_id: String,
    #[serde(serialize_with = "one_by_one")]
    pub(super) dtmf_sequence: Vec<Digit>,
    pub(super) variable_state_matrix: Map<String, Value>,
    pub(super) media_asset_references: Vec<MediaReference>,
}

fn one_by_one<S: serde::Serializer>(digits: &[Digit], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(digits.len()))?;
    for digit in digits {
        sequence.serialize_element(digit)?;
    }
    sequence.end()
}

impl SimulationRequest {
    /// Reads a request's JSON text. An error of the JSON itself is one of the whole: its field is empty.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, FieldErrors> {
        Self::from_json(&json::parse(text)?, limits)
    }

    /// Reads a request. Lists and variables that are missing, or null as Go writes empty ones, are empty.
    pub fn from_json(json: &Value, limits: &Limits) -> Result<Self, FieldErrors> {
        json::read(json, |node| {
            let fields = node.object()?.only("a simulation", &FIELDS);
            let flow_id = fields.get("flowId").id();
            let dtmf_sequence = digits(&fields.get("dtmfSequence"), limits.dtmf_sequence);
            let variable_state_matrix = variables(&fields.get("variableStateMatrix"), limits.variables);
            let media_asset_references = media(&fields.get("mediaAssetReferences"), limits.media_references);
            Some(Self { flow_id: flow_id?, dtmf_sequence, variable_state_matrix, media_asset_references })
        })
    }

    /// Returns the request that makes a suggested run of a flow.
    pub fn suggested(flow_id: &str, run: &Suggested) -> Self {
        Self {
            flow_id: flow_id.to_owned(),
            dtmf_sequence: run.digits.clone(),
            variable_state_matrix: run.variables.clone(),
            media_asset_references: Vec::new(),
        }
    }

    /// Returns the flow that is simulated.
    pub fn flow_id(&self) -> &str {
        &self.flow_id
    }

    /// Returns the digits, in order.
    pub fn digits(&self) -> &[Digit] {
        &self.dtmf_sequence
    }

    /// Returns the variables that differ from the flow's own.
    pub fn variables(&self) -> &Map<String, Value> {
        &self.variable_state_matrix
    }

    /// Returns the recordings and texts it refers to.
    pub fn media(&self) -> &[MediaReference] {
        &self.media_asset_references
    }

    /// Returns the digits as text.
    pub fn digits_text(&self) -> String {
        self.dtmf_sequence.iter().map(|digit| digit.as_char()).collect()
    }

    /// Returns the body as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a request has string keys only")
    }
}

fn digits(node: &Node<'_>, max: usize) -> Vec<Digit> {
    let digit = |item: &Node<'_>| item.parsed("one digit (0-9, *, #, A-D)");
    node.list(max, "digits").iter().filter_map(digit).collect()
}

fn variables(node: &Node<'_>, max: usize) -> Map<String, Value> {
    let mut variables = Map::new();
    for (name, variable) in node.entries(max, "variables") {
        if let Err(message) = check_name(name) {
            variable.refuse(message);
        }
        variables.insert(name.to_owned(), variable.value().cloned().unwrap_or_default());
    }
    variables
}

fn media(node: &Node<'_>, max: usize) -> Vec<MediaReference> {
    let reference = |item: &Node<'_>| {
        let fields = item.object()?.only("a media reference", &["assetId", "type"]);
        let asset_id = fields.get("assetId").id();
        let kind = fields.get("type").choice(&MediaKind::ALL.map(|kind| (kind.name(), kind)));
        Some(MediaReference { asset_id: asset_id?, kind: kind? })
    };
    node.list(max, "references").iter().filter_map(reference).collect()
}

/// Checks that a variable can be called `name`.
fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a variable needs a name".into());
    }
    if name.chars().count() > MAX_ID_CHARS || name.chars().any(char::is_control) {
        return Err(format!("a variable's name must be 1 to {MAX_ID_CHARS} visible characters"));
    }
    Ok(())
}

/// Returns the digits of a dial script, for whose pauses a simulation has no place. Of a text that is none it returns
/// each symbol that is no pause, so that the wrong ones can be named.
pub(super) fn typed_digits(text: &str) -> Vec<char> {
    text.parse::<DialScript>().map_or_else(
        |_| {
            let is_pause = |symbol: char| symbol.is_whitespace() || ",pPwW".contains(symbol);
            text.chars().filter(|symbol| !is_pause(*symbol)).collect()
        },
        |script| script.digits().map(Digit::as_char).collect(),
    )
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    fn check(body: &Value, wrong: &[&str]) {
        let errors = SimulationRequest::from_json(body, &Limits::default()).err().unwrap_or_default();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, wrong, "{body}: {errors:?}");
    }

    #[test]
    fn every_wrong_field_is_named() {
        check(&json!({ "flowId": "f" }), &[]);
        check(&json!({ "flowId": "f", "dtmfSequence": null, "variableStateMatrix": null }), &[]);
        check(&json!([]), &[""]);
        check(&json!({}), &["flowId"]);
        check(
            &json!({
                "flowId": " ", "dtmfSequence": ["1", "x", 2, "", "12", "a"],
                "variableStateMatrix": { "ok": 1, "": 2 },
                "mediaAssetReferences": [
                    { "assetId": "m", "type": "tts" }, { "assetId": "", "type": "gif" }, 3, { "type": "audio", "x": 1 },
                ],
                "extra": 1,
            }),
            &[
                "extra",
                "flowId",
                "dtmfSequence[1]",
                "dtmfSequence[2]",
                "dtmfSequence[3]",
                "dtmfSequence[4]",
                "variableStateMatrix.",
                "mediaAssetReferences[1].assetId",
                "mediaAssetReferences[1].type",
                "mediaAssetReferences[2]",
                "mediaAssetReferences[3].x",
                "mediaAssetReferences[3].assetId",
            ],
        );
        let variables: Map<String, Value> = (0..101).map(|at| (at.to_string(), Value::Null)).collect();
        let media = vec![json!({ "assetId": "m", "type": "video" }); 11];
        check(
            &json!({ "flowId": "f", "dtmfSequence": vec!["1"; 51], "variableStateMatrix": variables,
                     "mediaAssetReferences": media }),
            &["dtmfSequence", "variableStateMatrix", "mediaAssetReferences"],
        );
        check(
            &json!({ "flowId": 1, "dtmfSequence": "12", "variableStateMatrix": [], "mediaAssetReferences": {} }),
            &["flowId", "dtmfSequence", "variableStateMatrix", "mediaAssetReferences"],
        );
    }

    #[test]
    fn the_body_is_the_contract_s() {
        let body = json!({
            "flowId": "flow-abc123", "dtmfSequence": ["1", "3", "0"],
            "variableStateMatrix": { "customer_id": "cust-998877", "n": 1.5, "vip": true, "none": null, "list": [1] },
            "mediaAssetReferences": [{ "assetId": "media-001", "type": "audio" }, { "assetId": "tts-002", "type": "tts" }],
        });
        let request = SimulationRequest::from_json(&body, &Limits::default()).unwrap();
        assert_eq!(request.to_json(), body);
        assert_eq!(request.digits_text(), "130");
        assert!(
            SimulationRequest::parse("{", &Limits::default()).unwrap_err()[0].message.contains("no JSON")
        );
    }
}
