//! What reaches the loudspeaker: nothing, the keys' tones, the prompts.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use e2e::{
    Bench, Browser, CallPage,
    sound::{self, Recording},
    wait,
};

/// Rows and columns of the keypad, in hertz (ITU-T Q.23).
const TONES: [f64; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];

/// Quieter than this is silence; a prompt's speech is at least 30 dB above.
const SILENT: f64 = 1e-4;

#[tokio::test]
async fn a_held_key_sounds_for_as_long_as_it_is_held_and_a_prompt_while_it_plays() {
    const HELD: Duration = Duration::from_millis(300);
    /// A buffer of the browser's and a turn of its event loop, at either end.
    const SLACK_MS: f64 = 45.0;
    let bench = Bench::start();
    let browser = Browser::start().await;
    sound::tap(&browser).await;
    let page = CallPage::open_in(browser, &bench).await;
    page.ready("button", "Start call").await;
    // The first gesture wakes the browser's sound.
    page.press("1").await;
    wait::until("the first key heard", async || (sound::level(&page, 600).await > SILENT).then_some(()))
        .await;

    // A machine that is busy tells the audio thread late; what is judged is a time when it did not.
    let mut times = Vec::new();
    let heard = wait::look(wait::PATIENCE, async || {
        wait::until("silence", async || (sound::level(&page, 600).await < SILENT).then_some(())).await;
        let held = page.hold("5").await;
        tokio::time::sleep(HELD).await;
        held.release().await;
        let heard = sound::around_release(&page).await;
        let tone_ms = heard.ms(heard.sounding());
        times.push((tone_ms, heard.held_ms));
        ((tone_ms - heard.held_ms).abs() < SLACK_MS).then_some(heard)
    })
    .await;
    println!("ms of tone, and held: {times:?}");
    let heard = heard.expect("a tone is as long as its key is held");
    let tone = heard.sounding();
    assert!(heard.held_ms >= HELD.as_secs_f64() * 1_000.0, "{} ms", heard.held_ms);
    // Over all of it, and over its beginning and end.
    let third = tone.len() / 3;
    for part in [tone, &tone[..third], &tone[tone.len() - third..]] {
        let power = |frequency| sound::power_db(part, heard.rate, frequency);
        let weaker = power(770.0).min(power(1336.0));
        assert!(weaker > -30.0, "{weaker} dB");
        for other in TONES.into_iter().filter(|tone| ![770.0, 1336.0].contains(tone)) {
            assert!(weaker - power(other) >= 20.0, "{other} Hz is {} dB, 5 is {weaker} dB", power(other));
        }
    }

    wait::until("silence", async || (sound::level(&page, 600).await < SILENT).then_some(())).await;
    page.start_call().await;
    page.until_row("call", "of the prompt", |row| row.text == "prompt of root began").await;
    let loud = wait::until("the prompt heard", async || {
        let level = sound::level(&page, 600).await;
        (level > 30.0 * SILENT).then_some(level)
    })
    .await;
    assert!(loud < 0.7, "{loud} is no speech");
    // Whatever is still on its way when the last event comes.
    page.until_row("call", "of the prompt's end", |row| row.text == "prompt of root ended").await;
    wait::until("silence after the prompt", async || (sound::level(&page, 600).await < SILENT).then_some(()))
        .await;
    assert_eq!(page.status().await.menu, "Main menu", "nothing was pressed");
}

#[tokio::test]
async fn what_matches_nothing_is_answered_with_the_no_match_prompt() {
    const PROMPTS: [&str; 8] =
        ["agent", "billing", "goodbye", "menu", "no-match", "root", "sales", "technical"];
    /// The prompt's 2 s, and as long again until it begins.
    const LISTENED: Duration = Duration::from_secs(4);
    /// So short that what is compared of each piece overlaps.
    const BETWEEN: Duration = Duration::from_millis(100);
    let bench = Bench::start();
    let browser = Browser::start().await;
    sound::tap(&browser).await;
    let page = CallPage::open_in(browser, &bench).await;
    page.start_call().await;
    page.press("9").await;
    page.until_action("no_match").await;
    let recording = |name: &str| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../sandbox/prompts/support-{name}.flac"))
    };
    // Compared afterwards: that takes longer than the prompt.
    let mut pieces = Vec::new();
    let began = Instant::now();
    while began.elapsed() < LISTENED {
        pieces.push(sound::last(&page).await);
        tokio::time::sleep(BETWEEN).await;
    }
    let likenesses = |piece: &Recording| PROMPTS.map(|name| (name, sound::likeness(piece, &recording(name))));
    let is_no_match_alone = |piece: &Recording| {
        likenesses(piece)
            .iter()
            .all(|&(name, likeness)| if name == "no-match" { likeness > 0.9 } else { likeness < 0.7 })
    };
    assert!(pieces.iter().any(is_no_match_alone), "{:?}", pieces.iter().map(likenesses).collect::<Vec<_>>());
}
