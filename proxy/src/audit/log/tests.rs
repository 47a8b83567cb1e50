use std::fs;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::audit::verify;

fn entry(detail: serde_json::Value) -> Entry {
    Entry { action: "test", correlation: CorrelationId::random(), outcome: "ok", detail }
}

fn close(opened: Opened) {
    drop(opened.audit);
    opened.writer.join().unwrap();
}

async fn log_of(path: &Path, entries: u64) {
    let opened = Audit::open(path).unwrap();
    for number in 0..entries {
        opened
            .audit
            .record(entry(json!({ "number": number, "text": "ä \"quoted\" \u{2028}" })))
            .await
            .unwrap();
    }
    close(opened);
}

#[tokio::test]
async fn a_thousand_writers_make_one_unbroken_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let opened = Audit::open(&path).unwrap();
    let writing = (0..1_000).map(|number| opened.audit.record(entry(json!(number))));
    for written in futures_util::future::join_all(writing).await {
        written.unwrap();
    }
    assert_eq!(verify(&path).unwrap().lines, 1_000);
    let page = opened.audit.page(997, 10).unwrap();
    assert_eq!((page.entries.len(), page.next_after), (3, None));
    let mut seen = Vec::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let page = opened.audit.page(from, 130).unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.seq));
        after = page.next_after;
    }
    assert_eq!(seen, (1..=1_000).collect::<Vec<_>>());
    close(opened);
}

#[tokio::test]
async fn the_chain_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 3).await;
    log_of(&path, 200).await;
    let verdict = verify(&path).unwrap();
    assert_eq!((verdict.lines, verdict.fault), (203, None));
    let opened = Audit::open(&path).unwrap();
    assert_eq!(opened.audit.page(128, 1).unwrap().entries[0].seq, 129);
    close(opened);
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 3).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    assert!(verify(&path).unwrap().fault.unwrap().reason.contains("torn"));
    let opened = Audit::open(&path).unwrap();
    assert!(opened.torn_bytes > 0);
    opened.audit.record(entry(json!(null))).await.unwrap();
    close(opened);
    let verdict = verify(&path).unwrap();
    assert_eq!((verdict.lines, verdict.fault), (3, None));
}

#[tokio::test]
async fn a_broken_chain_is_noticed_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 4).await;
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    fs::write(&path, format!("{}\n{}\n{}\n", lines[0], lines[2], lines[3])).unwrap();
    let opened = Audit::open(&path).unwrap();
    assert_eq!(opened.broken_at, Some(2));
    close(opened);
}

#[test]
fn two_writers_of_one_log_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let opened = Audit::open(&path).unwrap();
    assert!(matches!(Audit::open(&path), Err(AuditError::InUse { .. })));
    close(opened);
}

/// A log of some lines, made once.
fn whole_log() -> &'static [u8] {
    static LOG: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    LOG.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        tokio::runtime::Runtime::new().unwrap().block_on(log_of(&path, 6));
        fs::read(&path).unwrap()
    })
}

fn line_at(log: &[u8], position: usize) -> u64 {
    log[..position].split(|byte| *byte == b'\n').count() as u64
}

proptest! {
    #[test]
    fn a_changed_byte_is_found_in_its_line(place in any::<prop::sample::Index>(), change in 1u8..=255) {
        let mut log = whole_log().to_vec();
        let position = place.index(log.len());
        let line = line_at(&log, position);
        log[position] ^= change;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &log).unwrap();
        let fault = verify(file.path()).unwrap().fault.expect("a change is found");
        prop_assert_eq!(fault.line, line);
    }

    #[test]
    fn a_removed_or_repeated_line_is_found(line in 0usize..6, repeat: bool) {
        let text = str::from_utf8(whole_log()).unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        // The last line may be taken away unnoticed: nothing follows that could miss it.
        prop_assume!(repeat || line < 5);
        if repeat { lines.insert(line, lines[line]); } else { lines.remove(line); }
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), lines.join("\n") + "\n").unwrap();
        let fault = verify(file.path()).unwrap().fault.expect("a change is found");
        prop_assert_eq!(fault.line, line as u64 + if repeat { 2 } else { 1 });
    }
}
