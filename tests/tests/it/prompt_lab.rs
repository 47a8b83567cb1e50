//! The prompt lab's worker, in a real browser with the page's own policy.

use e2e::{Bench, Browser};
use prompt::{
    codec::Codec,
    line::Line,
    output::pcm_wav,
    render::{Settings, render},
};
use serde_json::{Value, json};

/// Bursts of a tone of 3 s at 8 kHz.
fn bursts() -> Vec<i16> {
    let on = |n: usize| f32::from(u8::from(n % 4_000 < 2_000));
    (0..24_000).map(|n| (16_000.0 * on(n) * (n as f32 * 0.7).sin()) as i16).collect()
}

async fn ask(file: &[u8], settings: &Settings, from: Option<usize>) -> Vec<Value> {
    let bench = Bench::start();
    let browser = Browser::start().await;
    browser.go_to(&bench.url("/call")).await;
    let limits = prompt::findings::Limits::default();
    let wanted = json!({ "settings": settings, "target": null, "limits": limits, "medianLufs": null });
    let asked = json!({ "file": file, "wanted": wanted, "from": from });
    let replies = browser.evaluate(&format!("{}({asked})", include_str!("../../src/lab.js"))).await;
    replies.as_array().expect("there are replies").clone()
}

fn samples(reply: &Value) -> Vec<i16> {
    let samples = reply["beside"][0].as_array().expect("there are samples");
    samples.iter().map(|sample| (sample.as_f64().expect("a number") * 32_768.0) as i16).collect()
}

#[tokio::test]
async fn the_worker_renders_what_the_core_renders_to_the_sample() {
    let pcm = bursts();
    let settings = Settings { codec: Some(Codec::G711A), gain_db: 3.0, ..Settings::default() };
    let replies = ask(&pcm_wav(&pcm), &settings, Some(8_000)).await;
    let [opened, part, whole] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(opened["reply"]["Opened"]["line"], 24_000);
    let line = Line::from_samples(pcm.iter().map(|&sample| f32::from(sample) / 32_768.0).collect());
    let expect = render(&line, &settings).expect("a codec that is always there");
    assert_eq!(samples(whole), expect.heard);
    assert_eq!(part["reply"]["Part"]["start"], 8_000);
    let part = samples(part);
    assert_eq!(part, expect.heard[8_000..][..part.len()]);
}

#[tokio::test]
async fn what_is_no_prompt_is_refused_in_words() {
    let replies = ask(b"RIFF\x10\0\0\0WAVEfmt ", &Settings::default(), None).await;
    let [opened, rendered] = &replies[..] else { panic!("{replies:?}") };
    for (reply, word) in [(opened, "damaged"), (rendered, "not open")] {
        let why = reply["reply"]["Failed"].as_str().unwrap_or_default();
        assert!(why.contains(word), "{reply}");
    }
}
