//! A simulation's request: checked as a whole, every field's error at once. The page checks it while it is typed, the
//! proxy before CXone is asked, the stand-in before it runs: all with this. Where the flow is known, page and proxy go on
//! with [`check_depth`](super::check_depth).

use serde::{Serialize, ser::SerializeSeq as _};
use serde_json::{Map, Value};

use crate::{
    dtmf::Digit,
    flow::analysis::Suggested,
    wire::{FieldError, Limits, MediaKind, MediaReference},
};

/// The longest identifier, in characters; CXone's are shorter.
pub(super) const LONGEST_ID: usize = 128;
/// The longest text that an error message quotes, in characters.
const LONGEST_QUOTE: usize = 24;

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
    /// Reads a request's JSON text. An error of the JSON itself comes as one of the whole: an empty field.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, Vec<FieldError>> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| vec![FieldError::new("", format!("is no JSON: {error}"))])?;
        Self::from_json(&value, limits)
    }

    /// Reads a request. Lists and variables that are missing, or null as Go writes empty ones, are empty.
    pub fn from_json(json: &Value, limits: &Limits) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader { errors: Vec::new() };
        let request = reader.request(json, limits);
        if reader.errors.is_empty() { Ok(request) } else { Err(reader.errors) }
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

    /// The flow that is simulated.
    pub fn flow_id(&self) -> &str {
        &self.flow_id
    }

    /// The digits, in order.
    pub fn digits(&self) -> &[Digit] {
        &self.dtmf_sequence
    }

    /// The variables that differ from the flow's own.
    pub fn variables(&self) -> &Map<String, Value> {
        &self.variable_state_matrix
    }

    /// The recordings and texts it refers to.
    pub fn media(&self) -> &[MediaReference] {
        &self.media_asset_references
    }

    /// The digits as text.
    pub fn digits_text(&self) -> String {
        self.dtmf_sequence.iter().map(|digit| digit.as_char()).collect()
    }

    /// The body as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a request has string keys only")
    }
}

struct Reader {
    errors: Vec<FieldError>,
}

impl Reader {
    fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    fn request(&mut self, json: &Value, limits: &Limits) -> SimulationRequest {
        let nothing = Map::new();
        let fields = json.as_object().unwrap_or_else(|| {
            self.refuse("", format!("must be an object, not {}", kind(json)));
            &nothing
        });
        let known = ["flowId", "dtmfSequence", "variableStateMatrix", "mediaAssetReferences"];
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            self.refuse(quote(name), "is no field of a simulation");
        }
        SimulationRequest {
            flow_id: if json.is_object() {
                self.identifier("flowId".into(), fields.get("flowId"))
            } else {
                String::new()
            },
            dtmf_sequence: self.digits(fields.get("dtmfSequence"), limits.dtmf_sequence),
            variable_state_matrix: self.variables(fields.get("variableStateMatrix"), limits.variables),
            media_asset_references: self.media(fields.get("mediaAssetReferences"), limits.media_references),
        }
    }

    fn identifier(&mut self, field: String, value: Option<&Value>) -> String {
        match value {
            None | Some(Value::Null) => self.refuse(field, "must be given"),
            Some(Value::String(text)) => match check_id(text) {
                Ok(()) => return text.clone(),
                Err(message) => self.refuse(field, message),
            },
            Some(other) => self.refuse(field, format!("must be a text, not {}", kind(other))),
        }
        String::new()
    }

    fn list<'a>(&mut self, field: &str, value: Option<&'a Value>, most: usize, what: &str) -> &'a [Value] {
        match value {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) => {
                self.count(field, items.len(), most, what);
                items
            }
            Some(other) => {
                self.refuse(field, format!("must be a list, not {}", kind(other)));
                &[]
            }
        }
    }

    fn count(&mut self, field: &str, count: usize, most: usize, what: &str) {
        if count > most {
            self.refuse(field, format!("must be at most {most} {what}, not {count}"));
        }
    }

    fn digits(&mut self, value: Option<&Value>, most: usize) -> Vec<Digit> {
        let mut digits = Vec::new();
        for (index, item) in self.list("dtmfSequence", value, most, "digits").iter().enumerate() {
            match item {
                Value::String(text) => match text.parse::<Digit>() {
                    Ok(digit) => digits.push(digit),
                    Err(_) => self.refuse(
                        format!("dtmfSequence[{index}]"),
                        format!("must be one digit (0-9, *, #, A-D), not \"{}\"", quote(text)),
                    ),
                },
                other => self.refuse(
                    format!("dtmfSequence[{index}]"),
                    format!("must be one digit as a text, not {}", kind(other)),
                ),
            }
        }
        digits
    }

    fn variables(&mut self, value: Option<&Value>, most: usize) -> Map<String, Value> {
        match value {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(variables)) => {
                self.count("variableStateMatrix", variables.len(), most, "variables");
                for name in variables.keys() {
                    if let Err(message) = check_name(name) {
                        self.refuse(format!("variableStateMatrix.{name}"), message);
                    }
                }
                variables.clone()
            }
            Some(other) => {
                self.refuse("variableStateMatrix", format!("must be an object, not {}", kind(other)));
                Map::new()
            }
        }
    }

    fn media(&mut self, value: Option<&Value>, most: usize) -> Vec<MediaReference> {
        let mut media = Vec::new();
        for (index, item) in self.list("mediaAssetReferences", value, most, "references").iter().enumerate() {
            let at = format!("mediaAssetReferences[{index}]");
            let Some(fields) = item.as_object() else {
                self.refuse(at, format!("must be an object, not {}", kind(item)));
                continue;
            };
            for name in fields.keys().filter(|name| !["assetId", "type"].contains(&name.as_str())) {
                self.refuse(format!("{at}.{}", quote(name)), "is no field of a media reference");
            }
            let asset_id = self.identifier(format!("{at}.assetId"), fields.get("assetId"));
            let named = fields.get("type").and_then(Value::as_str);
            match MediaKind::ALL.into_iter().find(|kind| Some(kind.name()) == named) {
                Some(kind) => media.push(MediaReference { asset_id, kind }),
                None => self.refuse(format!("{at}.type"), "must be audio, tts or video"),
            }
        }
        media
    }
}

/// Whether `id` can be an identifier of CXone's: 1–128 visible characters.
fn check_id(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err("must not be empty".into());
    }
    let visible = |symbol: char| !symbol.is_control() && !symbol.is_whitespace();
    // A client's URL library would take dots for a step up.
    if id.chars().count() > LONGEST_ID || !id.chars().all(visible) || id == "." || id == ".." {
        return Err(format!("must be 1 to {LONGEST_ID} visible characters without spaces"));
    }
    Ok(())
}

/// Whether a variable can be called `name`.
fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a variable needs a name".into());
    }
    if name.chars().count() > LONGEST_ID || name.chars().any(char::is_control) {
        return Err(format!("a variable's name must be 1 to {LONGEST_ID} visible characters"));
    }
    Ok(())
}

/// Splits typed digits; blanks and commas between them mean nothing.
pub(super) fn typed_digits(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|symbol| !symbol.is_whitespace() && *symbol != ',')
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
    let mut short: String = text.chars().take(LONGEST_QUOTE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
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
