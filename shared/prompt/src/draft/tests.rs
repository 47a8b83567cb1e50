#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base::{draft, json::salvage};
use proptest::prelude::*;

use super::*;
use crate::{
    control::ControlPayload,
    corpus::{right_controls, wrong_controls},
};

fn typed() -> PromptDraft {
    PromptDraft {
        prompt_id: " prompt-main-menu-en ".into(),
        base_gain: "-6 dB".into(),
        peak_limit: "0.95".into(),
        compression_ratio: "2:1".into(),
        codec: Codec::G711A,
        allow_voice: true,
        cutoff: CutoffBehavior::Fade,
        silence_trim_ms: "450 ms".into(),
        max_concurrent_streams: "20".into(),
        target_lufs: "−19 LUFS".into(),
        ..PromptDraft::default()
    }
}

fn wrong_fields(draft: &PromptDraft) -> Vec<String> {
    let errors = draft.check(&Limits::default()).err().unwrap_or_default();
    errors.into_iter().map(|error| error.field).collect()
}

#[test]
fn what_is_typed_becomes_what_is_sent() {
    let CheckedPrompt { control, target_lufs } = typed().check(&Limits::default()).unwrap();
    assert_eq!(target_lufs, Some(-19.0));
    let payload = control.payload("s-1".parse().unwrap(), "2026-11-27T20:15:00.000Z").to_json();
    let expected = json!({
        "sessionId": "s-1",
        "promptId": "prompt-main-menu-en",
        "playbackConfig": {
            "volumeMatrix": { "baseGain": 0.501_187_26, "peakLimit": 0.95, "compressionRatio": 0.5 },
            "interruptibility": { "allowDTMF": true, "allowVoice": true, "cutoffBehavior": "fade" },
            "codecPreference": "G711A", "bufferPreload": true, "formatVerification": true, "silenceTrimMs": 450,
        },
        "sessionMetadata": {
            "createdVia": "dialbench", "timestamp": "2026-11-27T20:15:00.000Z", "maxConcurrentStreams": 20,
        },
    });
    assert_eq!(payload, expected);
    assert_eq!(ControlPayload::from_json(&payload, &Limits::default()).unwrap().to_json(), payload);
}

#[test]
fn every_wrong_field_is_named() {
    assert_eq!(wrong_fields(&PromptDraft::default()), ["promptId"]);
    let draft = PromptDraft {
        prompt_id: "a b".into(),
        base_gain: "loud".into(),
        peak_limit: "3 dB".into(),
        compression_ratio: "20:1".into(),
        buffer_preload: false,
        silence_trim_ms: "200".into(),
        max_concurrent_streams: "many".into(),
        target_lufs: "quiet".into(),
        ..PromptDraft::default()
    };
    let fields = [
        "promptId",
        "playbackConfig.volumeMatrix.baseGain",
        "playbackConfig.volumeMatrix.peakLimit",
        "playbackConfig.volumeMatrix.compressionRatio",
        "playbackConfig.bufferPreload",
        "playbackConfig.silenceTrimMs",
        "sessionMetadata.maxConcurrentStreams",
        "targetLufs",
    ];
    assert_eq!(wrong_fields(&draft), fields);
    let above = PromptDraft { base_gain: "0 dB".into(), peak_limit: "-1 dB".into(), ..typed() };
    assert_eq!(wrong_fields(&above), ["playbackConfig.volumeMatrix.peakLimit"]);
}

#[test]
fn a_preview_follows_what_can_be_read() {
    let held = VolumeMatrix { base_gain: 0.5, peak_limit: 0.9, compression_ratio: 0.5 };
    let draft = PromptDraft {
        base_gain: "-".into(),
        peak_limit: "2".into(),
        compression_ratio: "99:1".into(),
        ..typed()
    };
    let volume = VolumeMatrix { base_gain: 0.5, peak_limit: 1.0, compression_ratio: 0.1 };
    assert_eq!(draft.volume_or(held), volume);
    let draft = PromptDraft { base_gain: "0.95".into(), peak_limit: "x".into(), ..typed() };
    assert_eq!(draft.volume_or(held).check(), Ok(()), "the ceiling is never below the gain");
}

#[test]
fn a_file_is_a_draft_or_a_payload() {
    let open = |text: &str| draft::open::<PromptDraft>(text, &Limits::default());
    let text = serde_json::to_string_pretty(&typed()).unwrap();
    assert_eq!(open(&text), Ok((typed(), FieldErrors::new())));
    let whole = &right_controls(3, "main", &Limits::default(), 1)[0];
    let (opened, errors) = open(&whole.to_string()).unwrap();
    assert_eq!((&*opened.prompt_id, errors), ("main", FieldErrors::new()));
    let why = open(r#"{"promptId":"main","playbackConfig":{}}"#).unwrap_err();
    assert!(why.contains("playbackConfig.volumeMatrix must be given"), "{why}");
    let (opened, errors) = salvage::<PromptDraft>(r#"{"promptId":"p","baseGain":1,"codec":"MP3"}"#).unwrap();
    assert_eq!(opened, PromptDraft { prompt_id: "p".into(), ..PromptDraft::default() });
    let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, ["baseGain", "codec"]);
}

#[test]
fn a_payload_leaves_the_preview_alone() {
    let limits = Limits::default();
    let mut draft = typed();
    assert!(draft.set_payload(&json!({ "promptId": "" }), &limits).is_err());
    assert_eq!(draft, typed());
    for body in right_controls(7, "main", &limits, 100) {
        draft.set_payload(&body, &limits).unwrap();
        assert_eq!(draft.target_lufs, "−19 LUFS");
        let control = draft.check(&limits).unwrap().control;
        assert_eq!(control, Control::from_json(&body, &limits).unwrap(), "{body}");
    }
    for wrong in wrong_controls(7, "main", &limits, 100) {
        let before = draft.clone();
        if draft.set_payload(&wrong.body, &limits).is_err() {
            assert_eq!(draft, before);
        }
    }
    assert_eq!(draft.cleared(), PromptDraft { prompt_id: "main".into(), ..PromptDraft::default() });
}

fn drafts() -> impl Strategy<Value = PromptDraft> {
    let number = || {
        prop_oneof![
            Just(String::new()),
            "[0-9.]{1,4}",
            "-?[0-9]{1,2}(\\.[0-9])? ?dB",
            "[0-9]{1,2}:[0-9]",
            "[ -~]{0,6}"
        ]
    };
    let optional = || prop_oneof![Just(String::new()), "[0-9]{1,4}( ms)?", "[ -~]{0,4}"];
    let codec = prop::sample::select(Codec::ALL.to_vec());
    let cutoff = prop::sample::select(CutoffBehavior::ALL.to_vec());
    let texts = ("[a-z ./]{0,8}", number(), number(), number(), optional(), optional(), optional());
    (texts, codec, cutoff, any::<(bool, bool, bool, bool)>()).prop_map(|(texts, codec, cutoff, truths)| {
        let (prompt_id, base_gain, peak_limit, compression_ratio, trim, streams, target_lufs) = texts;
        let (allow_dtmf, allow_voice, buffer_preload, format_verification) = truths;
        PromptDraft {
            prompt_id,
            base_gain,
            peak_limit,
            compression_ratio,
            codec,
            allow_dtmf,
            allow_voice,
            cutoff,
            buffer_preload,
            format_verification,
            silence_trim_ms: trim,
            max_concurrent_streams: streams,
            target_lufs,
        }
    })
}

proptest! {
    /// The page's check and the proxy's are one.
    #[test]
    fn a_draft_is_refused_for_just_what_its_payload_is_refused_for(draft in drafts()) {
        let limits = Limits::default();
        let mut body = draft.payload();
        body["sessionId"] = json!("s-1");
        for (name, value) in [("createdVia", "dialbench"), ("timestamp", "2026-11-27T20:15:00Z")] {
            body["sessionMetadata"][name] = json!(value);
        }
        let sent = ControlPayload::from_json(&body, &limits);
        let of_page = |errors: &FieldErrors| -> FieldErrors {
            errors.iter().filter(|error| error.field != TARGET_LUFS).cloned().collect()
        };
        match (draft.check(&limits), sent) {
            (Ok(checked), Ok(sent)) => {
                let again = PromptDraft::from_control(&checked.control).check(&limits).unwrap();
                prop_assert_eq!(&again.control, &checked.control);
                prop_assert_eq!(checked.control.payload("s-1".parse().unwrap(), "2026-11-27T20:15:00Z"), sent);
            }
            (Err(errors), sent) => {
                let mut at_proxy: Vec<_> = sent.err().unwrap_or_default().into_iter().collect();
                let mut at_page: Vec<_> = of_page(&errors).into_iter().collect();
                at_proxy.sort_by(|a, b| a.field.cmp(&b.field));
                at_page.sort_by(|a, b| a.field.cmp(&b.field));
                prop_assert_eq!(at_page, at_proxy);
            }
            (Ok(checked), Err(errors)) => prop_assert!(false, "{checked:?}: {errors}"),
        }
    }

    #[test]
    fn a_draft_survives_a_link_or_a_file(draft in drafts()) {
        let text = serde_json::to_string(&draft).unwrap();
        prop_assert_eq!(serde_json::from_str::<PromptDraft>(&text).unwrap(), draft);
    }
}
