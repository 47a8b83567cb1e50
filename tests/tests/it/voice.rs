//! The voice panel, and the audio thread against the core.

use base::digit::Digit;
use e2e::{Bench, CallPage, offline, wait};
use serde_json::{Value, json};
use signal::{
    chain::ChainConfig,
    frame::{FRAME_SAMPLES, Frame},
    receive::VoiceReceiver,
    tone::{ToneConfig, ToneGenerator, synthesize},
};

/// What a sound card asks for at a time.
const QUANTUM: usize = 128;

/// Half a second of something between speech and noise, seeded.
fn rumble() -> Vec<i16> {
    let mut state = 7u32;
    let mut smooth = 0.0f64;
    (0..25 * FRAME_SAMPLES)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            smooth += (f64::from(state >> 16) - 32_768.0 - smooth) * 0.2;
            (smooth * if at / 800 % 2 == 0 { 0.9 } else { 0.01 }) as i16
        })
        .collect()
}

#[tokio::test]
async fn the_audio_thread_plays_what_the_core_computes_sample_for_sample() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    let mut config = ChainConfig::default();
    config.compressor.bypass = false;
    config.gain.factor = 2.5;
    for rate in [44_100, 48_000] {
        let samples = rate as usize / QUANTUM * QUANTUM;
        let pcm = rumble();
        let first = json!([
            { "kind": "chain", "settings": config.to_numbers() },
            { "kind": "audio", "samples": pcm },
        ]);
        let rendered = offline::render(&page, rate, samples, &first).await.samples;

        let mut receiver = VoiceReceiver::new(f64::from(rate), &ChainConfig::default());
        receiver.set_chain(&config);
        for (sequence, frame) in pcm.chunks_exact(FRAME_SAMPLES).enumerate() {
            let frame: &Frame = frame.try_into().expect("a frame");
            receiver.insert(sequence as u64, frame);
        }
        let mut expected = vec![0.0; samples];
        for quantum in expected.chunks_exact_mut(QUANTUM) {
            receiver.fill(quantum);
        }
        assert_eq!(rendered.len(), expected.len());
        let differs = rendered
            .iter()
            .zip(&expected)
            .position(|(page, core)| (page + 0.0).to_bits() != (core + 0.0).to_bits());
        assert_eq!(differs, None, "the first sample that differs at {rate} Hz");
        assert!(expected.iter().any(|sample| sample.abs() > 0.1), "there was something to hear");

        let first = json!([{ "kind": "press", "code": 5 }, { "kind": "release" }]);
        let rendered = offline::render(&page, rate, samples, &first).await.samples;
        let mut tone = ToneGenerator::new(digit('5'), &ToneConfig::default(), rate);
        tone.release();
        let mut expected = vec![0.0; samples];
        tone.fill(&mut expected);
        let differs = rendered
            .iter()
            .zip(&expected)
            .position(|(page, core)| page.to_bits() != (core * 0.5 + 0.0).to_bits());
        assert_eq!(differs, None, "the first sample of a key's tone that differs at {rate} Hz");
    }
}

fn digit(symbol: char) -> Digit {
    Digit::try_from(symbol).expect("a digit")
}

/// A meter's value, in dB.
async fn meter(page: &CallPage, name: &str) -> f64 {
    let script = format!(
        "+document.querySelector('[role=meter][aria-label=\"{name}\"]').getAttribute('aria-valuenow')"
    );
    page.evaluate(&script).await.as_f64().expect("a meter has a value")
}

#[tokio::test]
async fn a_setting_is_heard_at_once_and_a_wrong_one_is_named() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.voice_panel("Voice processing").await;
    page.start_call().await;
    wait::until("the prompt in the meters", async || (meter(&page, "Output").await > -20.0).then_some(()))
        .await;
    let type_gain = async |text: &str| {
        let script = format!(
            "{{ const field = document.getElementById('gain-factor'); field.value = '{text}';
                field.dispatchEvent(new Event('input', {{ bubbles: true }}));
                [field.getAttribute('aria-invalid'), document.getElementById('gain-factor-error').textContent] }}"
        );
        page.evaluate(&script).await
    };
    assert_eq!(type_gain("0.01").await, json!(["false", ""]));
    wait::until("the gain at work", async || {
        let (input, output) = (meter(&page, "Input").await, meter(&page, "Output").await);
        (input > -30.0 && output < input - 25.0).then_some(())
    })
    .await;
    for wrong in ["11", "-1", "loud", ""] {
        let shown = type_gain(wrong).await;
        wait::until("the field's error", async || {
            let shown = type_gain(wrong).await;
            (shown[0] == "true" && shown[1].as_str().is_some_and(|text| !text.is_empty())).then_some(())
        })
        .await;
        assert!(shown.is_array());
    }
}

#[tokio::test]
async fn a_call_leaves_its_figures() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.voice_panel("Media quality").await;
    page.start_call().await;
    wait::until("a whole stream's bitrate", async || {
        page.quality("Bitrate").await.filter(|rate| (110.0..140.0).contains(rate))
    })
    .await;
    wait::until("a delay", async || page.quality("Delay").await.filter(|ms| (5.0..200.0).contains(ms))).await;
    page.click("button", "Hang up").await;
    wait::until("the call's snapshot", async || {
        let text = page.evaluate("document.querySelector('.quality').textContent").await;
        text.as_str().is_some_and(|text| text.contains("Last call:")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_busy_is_not_heard() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.voice_panel("Media quality").await;
    page.start_call().await;
    let counts = async || Some((page.quality("Concealed").await?, page.quality_frames().await?));
    let counts_after = async |frames: f64| {
        wait::until("frames", async || counts().await.filter(|(_, come)| *come >= frames)).await
    };
    counts_after(50.0).await;
    // The second core may be another's for a moment, so that what comes is late whatever the page does. Where audio goes
    // through the page, what it holds up is made up each time.
    let heard = wait::look(wait::PATIENCE, async || {
        let (before, frames) = counts().await?;
        page.evaluate("{ const end = performance.now() + 1000; while (performance.now() < end); }").await;
        let (after, _) = counts_after(frames + 75.0).await;
        (after - before < 100.0).then_some(())
    })
    .await;
    assert!(heard.is_some(), "too much was made up each time");
}

#[tokio::test]
async fn a_recording_that_is_dropped_is_decoded() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.voice_panel("Decode a recording").await;
    let drop = async |name: &str, bytes: &[u8]| {
        let script = format!(
            "{{ const data = new DataTransfer();
                data.items.add(new File([new Uint8Array({bytes:?})], '{name}'));
                document.querySelector('.recording').dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, bubbles: true }})); }}"
        );
        page.evaluate(&script).await;
    };
    drop("noise.txt", b"no audio at all").await;
    wait::until("the refusal", async || {
        let text = page.evaluate("document.querySelector('.recording [role=status]').textContent").await;
        text.as_str().is_some_and(|text| text.starts_with("noise.txt: ")).then_some(())
    })
    .await;

    let digits: Vec<Digit> = "159D*0#".chars().map(digit).collect();
    let pcm = synthesize(digits, &ToneConfig::default(), 8_000);
    drop("keys.wav", &wav(&pcm)).await;
    page.one("table", "Decoded digits").await;
    let rows = page
        .evaluate(
            "[...document.querySelectorAll('[aria-label=\"Decoded digits\"] tbody tr')]
                .map(row => [...row.cells].map(cell => cell.textContent))",
        )
        .await;
    let rows: &Vec<Value> = rows.as_array().expect("rows");
    let found: String = rows.iter().filter_map(|row| row[0].as_str()).collect();
    assert_eq!(found, "159D*0#");
    let number = |cell: &Value| {
        // Written with a minus sign, which is no hyphen.
        cell.as_str().and_then(|text| text.replace('−', "-").parse::<f64>().ok()).expect("a number")
    };
    for (index, row) in rows.iter().enumerate() {
        let start = index as f64 * 200.0;
        assert!((number(&row[1]) - start).abs() < 4.0, "{row}");
        assert!((number(&row[2]) - start - 100.0).abs() < 4.0, "{row}");
        assert!(number(&row[6]).abs() < 0.05 && number(&row[7]).abs() < 0.05, "{row}");
    }
}

/// A WAV file of 16 bits, 8 kHz, mono.
fn wav(pcm: &[i16]) -> Vec<u8> {
    let bytes = (pcm.len() * 2) as u32;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(8_000u32.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

#[tokio::test]
async fn the_test_phrase_goes_to_the_far_end() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.voice_panel("Your voice").await;
    page.start_call().await;
    assert!(meter(&page, "Sent").await <= -60.0);
    page.click("radio", "Test phrase").await;
    wait::until("the phrase on its way", async || (meter(&page, "Sent").await > -20.0).then_some(())).await;
    page.click("checkbox", "Mute").await;
    wait::until("silence", async || (meter(&page, "Sent").await <= -60.0).then_some(())).await;
}
