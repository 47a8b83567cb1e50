#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

use super::*;
use crate::corpus::{WrongControl, right_controls, wrong_controls};

/// The payload of CXone's own tutorial.
fn example() -> Value {
    json!({
        "sessionId": "0a6d1c3e-52f4-4f8b-9d0e-5f5f0f3d7c11",
        "promptId": "prompt-main-menu-en",
        "playbackConfig": {
            "volumeMatrix": { "baseGain": 0.8, "peakLimit": 0.95, "compressionRatio": 0.7 },
            "interruptibility": { "allowDTMF": true, "allowVoice": false, "cutoffBehavior": "fade" },
            "codecPreference": "G711U",
            "bufferPreload": true,
            "formatVerification": true
        },
        "sessionMetadata": {
            "createdVia": "automated_ivr_controller",
            "timestamp": "2026-11-27T20:15:00.000Z"
        }
    })
}

/// Checks which fields of a payload are refused.
fn check(body: &Value, wrong: &[&str]) {
    let errors = ControlPayload::from_json(body, &Limits::default()).err().unwrap_or_default();
    let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, wrong, "{body}: {errors:?}");
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = example();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

#[test]
fn the_body_is_the_contract_s() {
    let payload = ControlPayload::from_json(&example(), &Limits::default()).unwrap();
    assert_eq!(payload.to_json(), example());
    let body = with("/playbackConfig/silenceTrimMs", json!(450));
    assert_eq!(ControlPayload::from_json(&body, &Limits::default()).unwrap().to_json(), body);
    let body = with("/sessionMetadata/maxConcurrentStreams", json!(50));
    assert_eq!(ControlPayload::from_json(&body, &Limits::default()).unwrap().to_json(), body);
    assert!(ControlPayload::parse("{", &Limits::default()).unwrap_err()[0].message.contains("no JSON"));
}

#[test]
fn a_form_s_part_becomes_a_payload_with_what_is_made_up_at_sending() {
    let mut body = example();
    for made_up in ["sessionId", "sessionMetadata"] {
        body.as_object_mut().unwrap().remove(made_up);
    }
    let control = Control::from_json(&body, &Limits::default()).unwrap();
    assert_eq!(Control::from_json(&example(), &Limits::default()).unwrap(), control);
    let id = "0a6d1c3e-52f4-4f8b-9d0e-5f5f0f3d7c11".parse().unwrap();
    let mut expected = example();
    expected["sessionMetadata"]["createdVia"] = json!("dialbench");
    assert_eq!(control.payload(id, "2026-11-27T20:15:00.000Z").to_json(), expected);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let wrong = json!({
        "sessionId": "", "promptId": "two words", "volume": 1,
        "playbackConfig": {
            "volumeMatrix": { "baseGain": -0.1, "peakLimit": 1.1, "compressionRatio": 0.05, "x": 1 },
            "interruptibility": { "allowDTMF": "yes", "allowVoice": null, "cutoffBehavior": "abrupt" },
            "codecPreference": "MP3", "bufferPreload": false, "formatVerification": 1, "silenceTrimMs": 299,
        },
        "sessionMetadata": { "createdVia": "", "timestamp": "yesterday", "maxConcurrentStreams": 51 },
    });
    check(
        &wrong,
        &[
            "volume",
            "sessionId",
            "promptId",
            "playbackConfig.volumeMatrix.x",
            "playbackConfig.volumeMatrix.baseGain",
            "playbackConfig.volumeMatrix.peakLimit",
            "playbackConfig.volumeMatrix.compressionRatio",
            "playbackConfig.interruptibility.allowDTMF",
            "playbackConfig.interruptibility.allowVoice",
            "playbackConfig.interruptibility.cutoffBehavior",
            "playbackConfig.codecPreference",
            "playbackConfig.bufferPreload",
            "playbackConfig.formatVerification",
            "playbackConfig.silenceTrimMs",
            "sessionMetadata.maxConcurrentStreams",
            "sessionMetadata.createdVia",
            "sessionMetadata.timestamp",
        ],
    );
    check(&json!({}), &["sessionId", "sessionMetadata", "promptId", "playbackConfig"]);
    check(&json!([]), &[""]);
    check(&with("/sessionMetadata", json!(7)), &["sessionMetadata"]);
    check(&with("/playbackConfig", json!([])), &["playbackConfig"]);
}

#[test]
fn a_limit_itself_is_within_the_limits() {
    let matrix = "/playbackConfig/volumeMatrix";
    for (gain, peak, ratio) in [(0.0, 0.0, 0.1), (1.0, 1.0, 1.0), (0.5, 0.5, 0.1)] {
        let numbers = json!({ "baseGain": gain, "peakLimit": peak, "compressionRatio": ratio });
        check(&with(matrix, numbers.clone()), &[]);
        let payload = ControlPayload::from_json(&with(matrix, numbers.clone()), &Limits::default()).unwrap();
        assert_eq!(payload.to_json().pointer(matrix), Some(&numbers));
    }
    let peak = "playbackConfig.volumeMatrix.peakLimit";
    check(&with(&format!("{matrix}/peakLimit"), json!(0.799_999_999_9)), &[peak]);
    check(&with(&format!("{matrix}/peakLimit"), json!(1.000_000_000_1)), &[peak]);
    check(&with("/playbackConfig/silenceTrimMs", json!(300)), &[]);
    check(&with("/playbackConfig/silenceTrimMs", Value::Null), &[]);
}

#[test]
fn every_wrong_payload_is_refused_at_its_fields() {
    let limits = Limits::default();
    let all = wrong_controls(1, "main", &limits, 400);
    for WrongControl { body, fields } in &all {
        let errors = ControlPayload::from_json(body, &limits).expect_err(&body.to_string());
        for field in fields {
            assert!(errors.iter().any(|error| error.field == *field), "{field}: {errors:?} of {body}");
        }
    }
    assert_eq!(wrong_controls(1, "main", &limits, 400), all);
    assert!(all.iter().any(|wrong| wrong.fields.len() > 2), "several rules are broken at a time");
}

#[test]
fn every_right_payload_is_taken_and_sent_as_it_is() {
    let limits = Limits::default();
    for body in right_controls(1, "main", &limits, 200) {
        let payload = ControlPayload::from_json(&body, &limits).unwrap();
        let sent = sendable(body.clone());
        assert!(!sent.to_string().contains("null"), "{sent}");
        assert_eq!(ControlPayload::from_json(&sent, &limits).as_ref(), Ok(&payload));
        let again = ControlPayload::from_json(&payload.to_json(), &limits).unwrap();
        assert_eq!(again, payload, "{body}");
    }
}
