//! The prompt panel in a real browser: real speech opened, heard, interrupted, sent, and compared with what was played.

use std::time::Duration;

use e2e::{Bench, Browser, sound, wait};
use serde_json::Value;
use tempfile::TempDir;

/// A recording of the stand-in's: a sentence of a menu.
const SPEECH: &str = "support-menu";

/// The panel with its browser and server.
struct PromptPage {
    bench: Bench,
    browser: Browser,
    /// The files that are chosen; the browser reads them when the page does.
    folder: TempDir,
}

impl PromptPage {
    async fn open() -> Self {
        let (bench, browser) = (Bench::start(), Browser::start().await);
        sound::tap(&browser).await;
        browser.go_to(&bench.url("/prompts")).await;
        browser.one("form", "Prompt playback").await;
        Self { bench, browser, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Opens a file in the panel, as if it had been chosen.
    async fn choose(&self, name: &str, bytes: &[u8]) {
        let file = self.folder.path().join(name);
        std::fs::write(&file, bytes).expect("a file");
        self.browser.choose_file("#prompt-file", &file).await;
        let settled = "document.querySelector('.frame')?.textContent ?? ''";
        wait::until(&format!("{name} opened or refused"), async || {
            let text = self.browser.evaluate(settled).await;
            text.as_str().is_some_and(|text| text.contains(name)).then_some(())
        })
        .await;
    }

    /// Opens real speech, and waits for its preview.
    async fn open_speech(&self) {
        let wav = self.bench.get(&format!("/api/media/prompts/{SPEECH}/audio")).send().await;
        let wav = wav.expect("the server answers").bytes().await.expect("a WAV file");
        self.choose("menu.wav", &wav).await;
        self.figure("Integrated", 2).await;
    }

    /// Returns a figure of the table of figures, as soon as there is one: column 1 is the original's, 2 the preview's.
    async fn figure(&self, name: &str, column: u32) -> f64 {
        wait::until(&format!("{name} in column {column}"), async || self.figure_now(name, column).await).await
    }

    async fn figure_now(&self, name: &str, column: u32) -> Option<f64> {
        let cell = format!(
            "[...document.querySelectorAll('.loudness tbody tr')].find((row) => row.cells[0].textContent === '{name}')?.cells[{column}].textContent ?? ''"
        );
        self.browser.evaluate(&cell).await.as_str()?.replace('−', "-").parse().ok()
    }

    /// Sets a field by its label.
    async fn set(&self, name: &str, text: &str) {
        let field = self.browser.ready("textbox", name).await;
        field.call("function () { this.focus(); this.select() }", &[]).await;
        self.browser.command("Input.insertText", serde_json::json!({ "text": text })).await;
    }

    async fn until_text(&self, selector: &str, part: &str) -> String {
        let expression = format!("document.querySelector({selector:?})?.textContent ?? ''");
        wait::until(&format!("{part:?} in {selector}"), async || {
            let text = self.browser.evaluate(&expression).await;
            let text = text.as_str().unwrap_or_default().to_owned();
            text.contains(part).then_some(text)
        })
        .await
    }
}

#[tokio::test]
async fn a_prompt_is_opened_changed_sent_and_played_as_it_was_heard() {
    let page = PromptPage::open().await;
    page.open_speech().await;
    let before = page.figure("Integrated", 2).await;
    page.set("Base gain", "-6 dB").await;
    wait::until("half the level", async || {
        let now = page.figure_now("Integrated", 2).await?;
        ((now - before + 6.0).abs() <= 0.15).then_some(())
    })
    .await;
    page.set("Prompt", "e2e-menu").await;
    page.browser.click("button", "Send to CXone").await;
    page.until_text("table[aria-label='Sessions']", "e2e-menu").await;
    page.until_text("table[aria-label='Sessions']", "completed").await;
    page.until_text("table[aria-label='Sessions']", "told").await;
    page.browser.click("button", "Hear what the gateway played of session 1").await;
    page.until_text(".played", "The same as the preview in each of").await;
    let audit = page.bench.audit();
    assert!(audit.contains("control_payload_submitted"), "{audit}");
}

#[tokio::test]
async fn what_is_played_goes_on_while_it_changes_and_ends_as_it_is_interrupted() {
    let page = PromptPage::open().await;
    page.open_speech().await;
    page.browser.click("button", "Play preview").await;
    wait::until("sound", async || (sound::level(&page.browser, 100).await > 0.005).then_some(())).await;
    page.browser.click("button", "Play original").await;
    page.browser.click("button", "Compressor").await;
    page.browser.click("button", "Press 5").await;
    let marks = page.until_text("ol[aria-label='Interruptions']", "key 5 at").await;
    assert!(marks.contains("immediate"), "{marks}");
    wait::until("silence", async || (sound::level(&page.browser, 40).await < 1e-4).then_some(())).await;

    page.browser.click("switch", "Allow DTMF").await;
    page.browser.click("button", "Play preview").await;
    wait::until("sound", async || (sound::level(&page.browser, 100).await > 0.005).then_some(())).await;
    page.browser.click("button", "Press 1").await;
    page.until_text("ol[aria-label='Interruptions']", "not allowed to interrupt").await;
    assert!(sound::level(&page.browser, 200).await > 1e-4, "it goes on");
}

#[tokio::test]
async fn what_is_no_prompt_gets_a_clear_word() {
    let page = PromptPage::open().await;
    let cases: [(&str, &[u8], &str); 3] = [
        ("empty.wav", b"", "empty"),
        ("notes.txt", b"nothing to hear here, only words of a note", "no audio"),
        ("cut.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "cut"),
    ];
    for (name, bytes, _) in cases {
        page.choose(name, bytes).await;
        let said = page.until_text(".notices", name).await;
        assert!(said.len() > name.len() + 40, "{said}");
        page.browser.click("button", "Dismiss").await;
    }
    let rows = page
        .browser
        .evaluate("document.querySelectorAll('table[aria-label=Set] tbody [data-row]').length")
        .await;
    assert_eq!(rows, Value::from(0));
    // A refusal costs nothing but itself.
    tokio::time::timeout(Duration::from_mins(1), page.open_speech()).await.expect("the next one is opened");
}
