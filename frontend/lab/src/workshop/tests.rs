use std::cell::Cell;

use prompt::{codec::Codec, findings::Rule, matching::Reach, render::Bypass, source::Encoding};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::message::{OpenedFacts, Origin, WholeFacts, to_levels};

const CLIP: ClipId = ClipId(7);

/// Bursts of a tone, in 16-bit samples at 8 kHz.
fn bursts(seconds: usize, height: f32) -> Vec<i16> {
    let on = |n: usize| f32::from(u8::from(n % 4_000 < 2_000));
    (0..seconds * 8_000).map(|n| (32_767.0 * height * on(n) * (n as f32 * 0.7).sin()) as i16).collect()
}

fn file(pcm: &[i16]) -> Vec<Attachment> {
    vec![Attachment::Bytes(output::pcm_wav(pcm))]
}

/// Works until nothing is left. Returns the replies, and how many steps it took.
fn replies(workshop: &mut Workshop) -> (Vec<Output>, usize) {
    let time = Cell::new(0.0);
    let clock = || {
        time.set(time.get() + 1.0);
        time.get()
    };
    let mut steps = 1;
    while workshop.work(&clock) {
        steps += 1;
    }
    (core::iter::from_fn(|| workshop.poll_output()).collect(), steps)
}

fn only(workshop: &mut Workshop) -> Output {
    let (mut replies, _) = replies(workshop);
    assert_eq!(replies.len(), 1, "{replies:?}");
    replies.remove(0)
}

fn opened(workshop: &mut Workshop, pcm: &[i16]) -> (OpenedFacts, Vec<Attachment>) {
    workshop.handle_input(1, Request::Open(CLIP), file(pcm));
    match only(workshop) {
        Output { number: 1, reply: Reply::Opened(opened), beside } => (*opened, beside),
        other => panic!("{other:?}"),
    }
}

fn numbers(attachment: &Attachment) -> &[f32] {
    match attachment {
        Attachment::Numbers(numbers) => numbers,
        Attachment::Bytes(_) => panic!("bytes"),
    }
}

fn render_request(settings: Settings, from: Option<usize>) -> Request {
    Request::Render { clip: CLIP, wanted: settings.into(), from }
}

fn whole(output: &Output) -> (&WholeFacts, Vec<&[f32]>) {
    let Reply::Whole(whole) = &output.reply else { panic!("{:?}", output.reply) };
    (whole, output.beside.iter().map(numbers).collect())
}

fn why(output: Output) -> String {
    let Reply::Failed(why) = output.reply else { panic!("{:?}", output.reply) };
    why
}

#[test]
fn a_file_is_opened_with_its_facts_its_samples_and_what_is_drawn_of_it() {
    let pcm = bursts(4, 0.5);
    let (opened, beside) = opened(&mut Workshop::default(), &pcm);
    assert_eq!((opened.facts.encoding, opened.facts.rate, opened.line), (Encoding::Pcm, 8_000, 32_000));
    assert!(opened.findings.iter().any(|finding| finding.rule == Rule::Format));
    let [samples, peaks, momentary, short_term] = &beside[..] else { panic!("{}", beside.len()) };
    assert!((numbers(samples)[1] * 32_768.0 - f32::from(pcm[1])).abs() < 0.5);
    assert_eq!(numbers(peaks).len(), 2 * 200);
    assert!(numbers(peaks)[0] < -0.49 && numbers(peaks)[1] > 0.49);
    assert_eq!((numbers(momentary).len(), numbers(short_term).len()), (40, 40));
    assert!(numbers(momentary)[0].is_nan() && numbers(short_term)[39] < 0.0);
}

#[test]
fn decoded_channels_are_mixed_and_keep_their_origin() {
    let mut workshop = Workshop::default();
    let origin = Origin { container: "FLAC".into(), encoding: Encoding::Pcm, bits: Some(24), rate: 16_000 };
    let channels = [0.5, -0.1].map(|level| Attachment::Numbers(vec![level; 16_000]));
    workshop.handle_input(3, Request::Take { clip: CLIP, origin }, channels.into());
    let Output { reply: Reply::Opened(opened), beside, .. } = only(&mut workshop) else { panic!("refused") };
    let facts = opened.facts;
    assert_eq!((&*facts.container, facts.bits, facts.channels), ("FLAC", Some(24), 2));
    assert!((numbers(&beside[0])[100] - 0.2).abs() < 1e-6);
}

#[test]
fn a_rendering_is_what_the_core_renders() {
    let mut workshop = Workshop::default();
    let pcm = bursts(3, 0.5);
    opened(&mut workshop, &pcm);
    let settings = Settings { silence_trim_ms: Some(300), gain_db: -3.0, ..Settings::default() };
    workshop.handle_input(2, render_request(settings, None), Vec::new());
    let output = only(&mut workshop);
    let (facts, beside) = whole(&output);
    let line = Line::from_samples(pcm.iter().map(|&sample| f32::from(sample) / 32_768.0).collect());
    let expect = render(&line, &settings).unwrap();
    let heard: Vec<f32> = expect.heard.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
    assert_eq!(beside[0], heard);
    assert_eq!(to_levels(beside[1]), expect.levels);
    assert_eq!((&facts.trim, facts.code_bytes, facts.cut), (&expect.trim, expect.codes.len(), 0));
    assert_eq!(facts.measured, prompt::measure::measure_pcm(&expect.sent).0);
    assert!(facts.render_ms > 0.0 && facts.measure_ms > 0.0);
}

#[test]
fn what_is_heard_comes_first_and_is_the_same_in_the_whole() {
    let mut workshop = Workshop::default();
    opened(&mut workshop, &bursts(8, 0.5));
    for from in [0, 20_037, 62_000, 90_000] {
        workshop.handle_input(2, render_request(Settings::default(), Some(from)), Vec::new());
        let (outputs, _) = replies(&mut workshop);
        let [part, all] = &outputs[..] else { panic!("{} replies", outputs.len()) };
        let Reply::Part { start } = part.reply else { panic!("no part") };
        let (_, all) = whole(all);
        let part = numbers(&part.beside[0]);
        assert!(start <= from && from.min(64_000) - start < 160, "{start} for {from}");
        assert_eq!(part, &all[0][start..][..part.len()], "from {from}");
        assert!(part.len() > 15_500 || start + part.len() == 64_000);
    }
}

#[test]
fn newer_settings_take_the_place_of_older_ones() {
    let mut workshop = Workshop::default();
    opened(&mut workshop, &bursts(20, 0.5));
    let clock = || 0.0;
    workshop.handle_input(2, render_request(Settings::default(), None), Vec::new());
    for _ in 0..5 {
        assert!(workshop.work(&clock));
    }
    let quieter = Settings { gain_db: -6.0, ..Settings::default() };
    workshop.handle_input(3, render_request(quieter, None), Vec::new());
    let (outputs, steps) = replies(&mut workshop);
    assert_eq!(outputs.iter().map(|output| output.number).collect::<Vec<_>>(), [3]);
    assert_eq!(whole(&outputs[0]).0.settings, quieter);
    assert!(steps > 20, "{steps} steps for 20 s");
}

#[test]
fn a_prompt_that_is_heard_goes_before_others_and_files_wait_for_both() {
    let mut workshop = Workshop::default();
    opened(&mut workshop, &bursts(2, 0.5));
    workshop.handle_input(2, Request::Open(ClipId(8)), file(&bursts(2, 0.1)));
    replies(&mut workshop);
    let other = Request::Render { clip: ClipId(8), wanted: Wanted::default(), from: None };
    workshop.handle_input(3, Request::Write { clip: CLIP, wanted: Wanted::default() }, Vec::new());
    workshop.handle_input(4, other, Vec::new());
    workshop.handle_input(5, render_request(Settings::default(), Some(0)), Vec::new());
    let (outputs, _) = replies(&mut workshop);
    assert_eq!(outputs[0].number, 5);
    assert!(matches!(outputs[0].reply, Reply::Part { .. }));
    assert_eq!(outputs.last().map(|output| output.number), Some(3));
    assert_eq!(outputs.len(), 4);
}

#[test]
fn a_target_is_reached_and_the_next_part_has_its_gain() {
    let mut workshop = Workshop::default();
    opened(&mut workshop, &bursts(4, 0.05));
    let target = Target { lufs: -19.0, reach: Reach::GainOnly };
    let settings = Settings { codec: None, ..Settings::default() };
    let wanted = Wanted { target: Some(target), ..settings.into() };
    let request = Request::Render { clip: CLIP, wanted, from: Some(0) };
    for turn in 0..2 {
        workshop.handle_input(2, request.clone(), Vec::new());
        let (outputs, _) = replies(&mut workshop);
        let [part, all] = &outputs[..] else { panic!("{} replies", outputs.len()) };
        let (facts, all) = whole(all);
        assert!((facts.measured.integrated_lufs.unwrap() + 19.0).abs() < 0.05, "{turn}");
        assert_eq!(Some(facts.settings.gain_db), facts.matched.map(|matched| matched.gain_db));
        assert!(!facts.findings.iter().any(|finding| finding.rule == Rule::TooQuiet));
        assert_eq!(numbers(&part.beside[0])[..8_000], all[0][..8_000], "{turn}");
    }
}

#[test]
fn a_written_file_is_the_result_in_its_codec() {
    let mut workshop = Workshop::default();
    opened(&mut workshop, &bursts(2, 0.5));
    let settings = Settings { gain_db: -6.0, ..Settings::default() };
    workshop.handle_input(2, Request::Write { clip: CLIP, wanted: settings.into() }, Vec::new());
    let Output { reply: Reply::Written, beside, .. } = only(&mut workshop) else { panic!("not written") };
    let Attachment::Bytes(bytes) = &beside[0] else { panic!("no bytes") };
    let source = prompt::source::read_wav(bytes).unwrap();
    assert_eq!((source.facts.encoding, source.samples.len()), (Encoding::MuLaw, 16_000));
}

#[test]
fn what_cannot_be_done_is_refused_in_words() {
    let mut workshop = Workshop::default();
    workshop.handle_input(1, Request::Open(CLIP), vec![Attachment::Bytes(b"RIFX nonsense".to_vec())]);
    assert!(why(only(&mut workshop)).contains("RIFX"));
    workshop.handle_input(2, Request::Open(CLIP), Vec::new());
    assert!(why(only(&mut workshop)).contains("empty"));
    workshop.handle_input(3, render_request(Settings::default(), Some(0)), Vec::new());
    assert!(why(only(&mut workshop)).contains("not open"));
    opened(&mut workshop, &bursts(1, 0.5));
    workshop.handle_input(4, render_request(Settings::default(), None), Vec::new());
    workshop.handle_input(5, Request::Close(CLIP), Vec::new());
    assert_eq!(replies(&mut workshop).0, []);
    workshop.handle_input(6, Request::Write { clip: CLIP, wanted: Wanted::default() }, Vec::new());
    assert!(why(only(&mut workshop)).contains("not open"));
}

#[test]
fn a_codec_that_is_not_loaded_is_named() {
    let mut workshop = Workshop::default();
    opened(&mut workshop, &bursts(1, 0.5));
    let bypass = Bypass::default();
    let settings = Settings { codec: Some(Codec::G729), bypass, ..Settings::default() };
    for from in [None, Some(0)] {
        workshop.handle_input(2, render_request(settings, from), Vec::new());
        assert!(why(only(&mut workshop)).contains("G729"));
    }
}

#[test]
fn a_rendering_waits_for_the_file_that_it_was_asked_for_with() {
    let mut workshop = Workshop::default();
    let file = vec![Attachment::Bytes(prompt::output::pcm_wav(&[1_000; 8_000]))];
    workshop.handle_input(1, Request::Open(CLIP), file);
    workshop.handle_input(2, render_request(Settings::default(), None), Vec::new());
    while workshop.work(&|| 0.0) {}
    let numbers: Vec<u32> =
        std::iter::from_fn(|| workshop.poll_output()).map(|output| output.number).collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_prompt_that_is_handed_over_is_rendered_alike() {
    let (mut first, mut second) = (Workshop::default(), Workshop::default());
    opened(&mut first, &bursts(2, 0.5));
    let render = || render_request(Settings::default(), None);
    first.handle_input(2, render(), Vec::new());
    let before = only(&mut first);
    for (request, line) in first.hand_over() {
        second.handle_input(0, request, vec![line]);
    }
    second.handle_input(2, render(), Vec::new());
    let after = only(&mut second);
    // Bit by bit, for what has no loudness is no number.
    let bits = |output: &Output| {
        let parts = whole(output).1;
        parts.iter().map(|part| part.iter().map(|x| x.to_bits()).collect()).collect::<Vec<Vec<u32>>>()
    };
    assert_eq!(bits(&before), bits(&after));
    assert_eq!(whole(&before).0.findings, whole(&after).0.findings);
    first.handle_input(3, render(), Vec::new());
    assert!(why(only(&mut first)).contains("not open"));
}
