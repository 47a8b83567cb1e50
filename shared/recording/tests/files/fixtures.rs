use std::{collections::BTreeMap, fs, path::PathBuf};

use recording::{Encoding, Failure, Format, Kind, Origin, PcmDecoder};
use serde::Deserialize;

use crate::read;

/// Expectation of a file in `expected.json`.
#[derive(Deserialize)]
struct Expected {
    digits: String,
    channels: Vec<usize>,
    remark: Option<String>,
    failure: Option<String>,
    #[serde(default)]
    sources: Vec<Option<String>>,
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).join(name)).unwrap()
}

#[test]
fn every_file_has_its_digits_channels_and_words_whatever_the_pieces() {
    let expected: BTreeMap<String, Expected> = serde_json::from_slice(&fixture("expected.json")).unwrap();
    assert!(expected.len() > 50);
    for (name, expected) in expected {
        let bytes = fixture(&name);
        let Some(kind) = Kind::of(&bytes, Some(&name)) else {
            let failure = if bytes.is_empty() { Failure::Empty } else { Failure::NotAudio };
            assert!(expected.failure.is_some_and(|words| failure.to_string().contains(&words)), "{name}");
            continue;
        };
        if matches!(kind, Kind::Container(_)) {
            continue;
        }
        for length in [1, 13, 65_536] {
            let result = read(kind, &bytes, length);
            let digits: String = result.digits.iter().map(|heard| heard.digit.as_char()).collect();
            let channels: Vec<usize> = result.digits.iter().map(|heard| heard.channel).collect();
            assert_eq!((digits, channels), (expected.digits.clone(), expected.channels.clone()), "{name}");
            let failure = result.failure.map(|failure| failure.to_string());
            assert_eq!(failure.is_some(), expected.failure.is_some(), "{name}: {failure:?}");
            if let (Some(said), Some(words)) = (failure, &expected.failure) {
                assert!(said.contains(words) || words.contains(&said), "{name}: {said}");
            }
            let remarks: Vec<String> = result.remarks.iter().map(ToString::to_string).collect();
            match &expected.remark {
                Some(words) => {
                    assert!(remarks.iter().any(|remark| remark.contains(words)), "{name}: {remarks:?}");
                }
                None if matches!(kind, Kind::Capture) => {}
                None => assert!(remarks.is_empty() || expected.failure.is_some(), "{name}: {remarks:?}"),
            }
            if !expected.sources.is_empty() {
                let is_event: Vec<bool> =
                    result.digits.iter().map(|heard| matches!(heard.origin, Origin::Event(_))).collect();
                let expect: Vec<bool> = expected.sources.iter().map(Option::is_some).collect();
                assert_eq!(is_event, expect, "{name}");
            }
        }
    }
}

#[test]
fn events_have_the_times_of_their_timestamps_and_one_without_an_end_ends_with_its_last_report() {
    let result = read(Kind::Capture, &fixture("events.pcap"), 100);
    let times: Vec<(f64, f64)> = result.digits.iter().map(|heard| (heard.start_ms, heard.end_ms)).collect();
    assert_eq!(times[..2], [(60.0, 120.0), (180.0, 240.0)]);
    // The tone that follows them, on the same clock.
    assert!((times[2].0 - 340.0).abs() < 3.0, "{times:?}");
}

#[test]
fn gsm_is_decoded_to_the_bit() {
    let format = Format { encoding: Encoding::Gsm, channels: 1, rate: 8_000 };
    let decoded: Vec<u8> = PcmDecoder::new(format)
        .interleaved(&fixture("raw.gsm"))
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    assert!(decoded == fixture("gsm-decoded.sln"), "libgsm's samples differ");
}

#[test]
fn a_file_that_is_cut_off_anywhere_has_the_digits_before_the_cut() {
    let bytes = fixture("pcm16.wav");
    let whole = read(Kind::Wav, &bytes, bytes.len()).digits;
    for end in (46..bytes.len()).step_by(61) {
        let result = read(Kind::Wav, &bytes[..end], 1_000);
        let until_ms = (end - 44) as f64 / 16.0;
        let before = whole.iter().filter(|heard| heard.end_ms + 15.0 < until_ms).count();
        let found: Vec<_> = result.digits.iter().map(|heard| heard.digit).collect();
        let expect: Vec<_> = whole.iter().map(|heard| heard.digit).collect();
        assert!(found.len() >= before && expect.starts_with(&found), "{found:?} of {end} bytes");
        assert_eq!(result.failure, None, "{end} bytes");
        assert!(!result.remarks.is_empty(), "{end} bytes");
    }
}
