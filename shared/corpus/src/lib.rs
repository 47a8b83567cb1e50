//! Requests that are wrong, and at which fields. Tests of the page and of the proxy send the same ones, and see that
//! both refuse them alike.

use base::ids::MAX_ID_CHARS;
use serde_json::{Map, Value, json};
use wire::api::Limits;

/// A request that must be refused.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongRequest {
    /// The request.
    pub body: Value,
    /// Fields that the refusal has to name, among others.
    pub fields: Vec<String>,
}

/// Returns `count` wrong requests for a flow, the same for the same seed. Every rule is broken once among the first
/// [`RULES`] of them, and several at a time now and then.
pub fn wrong_requests(seed: u64, flow_id: &str, limits: &Limits, count: usize) -> Vec<WrongRequest> {
    let mut random = Random(seed);
    (0..count).map(|index| wrong_request(&mut random, flow_id, limits, index)).collect()
}

/// Returns `count` requests of all kinds that hold to the rules, the same for the same seed.
pub fn right_requests(seed: u64, flow_id: &str, limits: &Limits, count: usize) -> Vec<Value> {
    let mut random = Random(seed);
    (0..count).map(|_| Value::Object(right_request(&mut random, flow_id, limits))).collect()
}

/// The number of rules.
pub const RULES: usize = WHOLE.len() + PARTS.len();

/// Values that take the place of a whole request.
const WHOLE: [fn() -> Value; 5] =
    [|| json!([]), || json!("support-line"), || json!(7), || Value::Null, || json!(true)];

/// Breaks one rule, and names the field.
type Break = fn(&mut Random, &Limits, &mut Map<String, Value>) -> String;

/// By the part of the request that they are about, of which a request breaks one rule at most.
const PARTS: [(&str, Break); 32] = [
    ("flowId", |_, _, body| without(body, "flowId")),
    ("flowId", |_, _, body| set(body, "flowId", Value::Null)),
    ("flowId", |random, _, body| set(body, "flowId", random.below(9).into())),
    ("flowId", |_, _, body| set(body, "flowId", "".into())),
    ("flowId", |_, _, body| set(body, "flowId", "two words".into())),
    ("flowId", |_, _, body| set(body, "flowId", "bell\u{7}".into())),
    ("flowId", |random, _, body| set(body, "flowId", ".".repeat(1 + random.below(2)).into())),
    ("flowId", |random, _, body| set(body, "flowId", "x".repeat(MAX_ID_CHARS + 1 + random.below(9)).into())),
    ("digits", |_, _, body| set(body, "dtmfSequence", "12".into())),
    ("digits", |random, limits, body| {
        let count = limits.dtmf_sequence + 1 + random.below(5);
        set(body, "dtmfSequence", vec!["1"; count].into())
    }),
    ("digits", |random, _, body| digit(random, body, "E".into())),
    ("digits", |random, _, body| digit(random, body, "12".into())),
    ("digits", |random, _, body| digit(random, body, "".into())),
    ("digits", |random, _, body| digit(random, body, "é".into())),
    ("digits", |random, _, body| digit(random, body, 5.into())),
    ("digits", |random, _, body| digit(random, body, Value::Null)),
    ("variables", |_, _, body| set(body, "variableStateMatrix", json!([1]))),
    ("variables", |_, _, body| set(body, "variableStateMatrix", "x".into())),
    ("variables", |random, limits, body| {
        let count = limits.variables + 1 + random.below(3);
        let all: Map<String, Value> = (0..count).map(|at| (format!("v{at}"), at.into())).collect();
        set(body, "variableStateMatrix", all.into())
    }),
    ("variables", |_, _, body| variable(body, "")),
    ("variables", |_, _, body| variable(body, "  ")),
    ("variables", |_, _, body| variable(body, "a\u{1}b")),
    ("variables", |_, _, body| variable(body, &"v".repeat(MAX_ID_CHARS + 1))),
    ("media", |_, _, body| set(body, "mediaAssetReferences", json!({ "assetId": "a", "type": "tts" }))),
    ("media", |random, limits, body| {
        let count = limits.media_references + 1 + random.below(3);
        set(body, "mediaAssetReferences", vec![json!({ "assetId": "a", "type": "tts" }); count].into())
    }),
    ("media", |random, _, body| media(random, body, "", &json!("media-001"))),
    ("media", |random, _, body| media(random, body, ".assetId", &json!({ "type": "audio" }))),
    ("media", |random, _, body| media(random, body, ".assetId", &json!({ "assetId": " ", "type": "audio" }))),
    ("media", |random, _, body| media(random, body, ".type", &json!({ "assetId": "m" }))),
    ("media", |random, _, body| media(random, body, ".type", &json!({ "assetId": "m", "type": "gif" }))),
    ("media", |random, _, body| {
        media(random, body, ".volume", &json!({ "assetId": "m", "type": "tts", "volume": 1 }))
    }),
    ("extra", |random, _, body| {
        let name = format!("extra{}", random.below(100));
        set(body, &name, 1.into())
    }),
];

fn wrong_request(random: &mut Random, flow_id: &str, limits: &Limits, index: usize) -> WrongRequest {
    /// One more broken rule in so many requests.
    const ANOTHER: usize = 3;
    let index = index % RULES;
    if let Some(whole) = WHOLE.get(index) {
        return WrongRequest { body: whole(), fields: vec![String::new()] };
    }
    let mut body = right_request(random, flow_id, limits);
    let (part, first) = PARTS[index - WHOLE.len()];
    let mut parts = vec![part];
    let mut fields = vec![first(random, limits, &mut body)];
    while random.below(ANOTHER) == 0 {
        let (part, another) = PARTS[random.below(PARTS.len())];
        if !parts.contains(&part) {
            parts.push(part);
            fields.push(another(random, limits, &mut body));
        }
    }
    WrongRequest { body: body.into(), fields }
}

fn right_request(random: &mut Random, flow_id: &str, limits: &Limits) -> Map<String, Value> {
    const DIGITS: [&str; 17] =
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D", "a"];
    let mut body = Map::from_iter([("flowId".to_owned(), flow_id.into())]);
    let count = random.below(limits.dtmf_sequence.min(8) + 1);
    let digits: Vec<&str> = (0..count).map(|_| DIGITS[random.below(DIGITS.len())]).collect();
    set(&mut body, "dtmfSequence", digits.into());
    let values = [json!("gold"), json!(-1.5), json!(true), Value::Null, json!({ "a": [1] })];
    let count = random.below(limits.variables.min(3) + 1);
    let variables: Map<String, Value> =
        (0..count).map(|at| (format!("name {at}"), values[random.below(values.len())].clone())).collect();
    set(&mut body, "variableStateMatrix", variables.into());
    let kinds = ["audio", "tts", "video"];
    let count = random.below(limits.media_references.min(3) + 1);
    let all: Vec<Value> = (0..count)
        .map(|at| json!({ "assetId": format!("media-{at}"), "type": kinds[random.below(kinds.len())] }))
        .collect();
    set(&mut body, "mediaAssetReferences", all.into());
    for optional in ["dtmfSequence", "variableStateMatrix", "mediaAssetReferences"] {
        match random.below(8) {
            0 => drop(body.remove(optional)),
            1 => drop(body.insert(optional.to_owned(), Value::Null)),
            _ => {}
        }
    }
    body
}

fn set(body: &mut Map<String, Value>, name: &str, value: Value) -> String {
    body.insert(name.to_owned(), value);
    name.to_owned()
}

fn without(body: &mut Map<String, Value>, name: &str) -> String {
    body.remove(name);
    name.to_owned()
}

/// Puts something that is no digit among digits.
fn digit(random: &mut Random, body: &mut Map<String, Value>, wrong: Value) -> String {
    let mut digits = vec![json!("1"); 1 + random.below(5)];
    let at = random.below(digits.len());
    digits[at] = wrong;
    set(body, "dtmfSequence", digits.into());
    format!("dtmfSequence[{at}]")
}

fn variable(body: &mut Map<String, Value>, name: &str) -> String {
    set(body, "variableStateMatrix", json!({ "ok": 1, name: "x" }));
    format!("variableStateMatrix.{name}")
}

/// Puts a wrong reference among right ones.
fn media(random: &mut Random, body: &mut Map<String, Value>, field: &str, wrong: &Value) -> String {
    let mut all = vec![json!({ "assetId": "a", "type": "video" }); 1 + random.below(3)];
    let at = random.below(all.len());
    all[at] = wrong.clone();
    set(body, "mediaAssetReferences", all.into());
    format!("mediaAssetReferences[{at}]{field}")
}

/// `SplitMix64`: a seed is enough, and the core asks nobody for randomness.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::BTreeSet;

    use super::*;
    use scenario::flow::SimulationRequest;

    #[test]
    fn every_wrong_request_is_refused_at_its_fields() {
        let limits = Limits::default();
        let all = wrong_requests(1, "f", &limits, 500);
        for WrongRequest { body, fields } in &all {
            let errors = SimulationRequest::from_json(body, &limits).expect_err(&body.to_string());
            for field in fields {
                assert!(errors.iter().any(|error| error.field == *field), "{field}: {errors:?} of {body}");
            }
        }
        let bodies: BTreeSet<String> = all.iter().map(|wrong| wrong.body.to_string()).collect();
        assert!(bodies.len() > 400, "{} different ones", bodies.len());
        assert!(all.iter().any(|wrong| wrong.fields.len() > 2));
        assert_eq!(wrong_requests(1, "f", &limits, 500), all);
        assert_ne!(wrong_requests(2, "f", &limits, 500), all);
    }

    #[test]
    fn every_right_request_is_taken() {
        let limits = Limits::default();
        for body in right_requests(1, "f", &limits, 200) {
            assert!(SimulationRequest::from_json(&body, &limits).is_ok(), "{body}");
        }
    }
}
