#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{
    line::Line,
    measure::{measure_line, measure_source},
    source::{Format, Source},
};

fn tone(seconds: f32, height: f32) -> Vec<f32> {
    (0..(seconds * 8_000.0) as usize).map(|n| height * (n as f32 * 0.7).sin()).collect()
}

fn mu_law(samples: &[f32], channels: u16) -> Source {
    let format = Format { encoding: Encoding::MuLaw, bits: Some(8), channels, rate: 8_000 };
    Source::new("WAV", samples, &format).unwrap()
}

/// The findings of a source that is sent as it is.
fn found(source: &Source, limits: &Limits, median_lufs: Option<f64>) -> Vec<(Rule, Severity)> {
    let line = Line::new(source);
    let (of_source, of_sent) = (measure_source(source, &line).0, measure_line(&line).0);
    let evidence = Evidence { facts: &source.facts, source: &of_source, sent: &of_sent, cut: 0, median_lufs };
    let found = limits.findings(&evidence);
    assert!(found.iter().all(|finding| finding.detail.len() > 20 && finding.detail.ends_with('.')));
    found.into_iter().map(|finding| (finding.rule, finding.level)).collect()
}

#[test]
fn a_good_prompt_has_no_findings() {
    assert_eq!(found(&mu_law(&tone(2.0, 0.3), 1), &Limits::default(), Some(-14.0)), []);
}

#[test]
fn each_rule_finds_its_fault() {
    let limits = Limits::default();
    let check =
        |source: &Source, expect: &[(Rule, Severity)]| assert_eq!(found(source, &limits, None), expect);
    let loud: Vec<f32> = tone(2.0, 1.2).iter().map(|x| x.clamp(-0.7, 0.7)).collect();
    check(&mu_law(&loud, 1), &[(Rule::Clipping, Severity::Error)]);
    let late: Vec<f32> = [vec![0.0; 3_360], tone(2.0, 0.3), vec![0.0; 9_000]].concat();
    check(
        &mu_law(&late, 1),
        &[(Rule::LeadingSilence, Severity::Error), (Rule::TrailingSilence, Severity::Error)],
    );
    let shifted: Vec<f32> = tone(2.0, 0.3).iter().map(|x| x + 0.05).collect();
    check(&mu_law(&shifted, 1), &[(Rule::DcOffset, Severity::Warning)]);
    check(&mu_law(&tone(0.2, 0.3), 1), &[(Rule::NoLoudness, Severity::Warning)]);
    check(&mu_law(&vec![0.0; 16_000], 1), &[(Rule::NoLoudness, Severity::Warning)]);
    let left: Vec<f32> = tone(2.0, 0.3).iter().flat_map(|&x| [x, 0.0]).collect();
    check(&mu_law(&left, 2), &[(Rule::ChannelsDiffer, Severity::Warning), (Rule::Format, Severity::Note)]);
    let against: Vec<f32> = tone(2.0, 0.3).iter().flat_map(|&x| [x, -0.9 * x]).collect();
    check(&mu_law(&against, 2), &[(Rule::ChannelsCancel, Severity::Error), (Rule::Format, Severity::Note)]);
    let hiss: Vec<f32> = (0..32_000)
        .map(|n| if n < 20_000 { 0.2 * (n as f32 * 0.5).sin() } else { 0.2 * (n as f32 * 2.2).sin() })
        .collect();
    let hiss = Source::from_samples("microphone", hiss, 16_000).unwrap();
    check(&hiss, &[(Rule::Sibilance, Severity::Warning), (Rule::Format, Severity::Note)]);
    let high = Source::from_samples("tone", tone(2.0, 1.3), 8_000).unwrap();
    let rules: Vec<Rule> = found(&high, &limits, None).into_iter().map(|(rule, _)| rule).collect();
    assert!(rules.contains(&Rule::TruePeak), "{rules:?}");
}

#[test]
fn loudness_is_held_against_the_target_or_the_set() {
    let prompt = mu_law(&tone(2.0, 0.3), 1);
    let aim = |target_lufs| Limits { target_lufs: Some(target_lufs), ..Limits::default() };
    assert_eq!(found(&prompt, &aim(-13.4), Some(-40.0)), []);
    assert_eq!(found(&prompt, &aim(-19.0), None), [(Rule::TooLoud, Severity::Error)]);
    assert_eq!(found(&prompt, &aim(-9.0), None), [(Rule::TooQuiet, Severity::Error)]);
    assert_eq!(found(&prompt, &Limits::default(), Some(-20.5)), [(Rule::TooLoud, Severity::Error)]);
    assert_eq!(found(&prompt, &Limits::default(), Some(-12.0)), []);
}
