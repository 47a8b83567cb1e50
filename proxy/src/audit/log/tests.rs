use std::fs;

use proptest::prelude::*;
use serde_json::json;

use wire::api::{AuditDamage, AuditOutcome, AuditPage};

use super::*;
use crate::audit::verify;

pub(super) fn entry(detail: serde_json::Value) -> Entry {
    Entry {
        action: "test".into(),
        correlation: crate::id::random_correlation(),
        outcome: AuditOutcome::Ok,
        detail,
    }
}

pub(super) fn close(opened: Opened) {
    drop(opened.audit);
    opened.writer.join().unwrap();
}

pub(super) async fn log_of(path: &Path, entries: u64) {
    let opened = Audit::open(path, Vec::new()).unwrap();
    let detail = |number| json!({ "number": number, "text": "ä \"quoted\" \u{2028}" });
    let writing = (0..entries).map(|number| opened.audit.record(entry(detail(number))));
    for written in futures_util::future::join_all(writing).await {
        written.unwrap();
    }
    close(opened);
}

#[tokio::test]
async fn a_thousand_writers_make_one_unbroken_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let opened = Audit::open(&path, Vec::new()).unwrap();
    let writing = (0..1_000).map(|number| opened.audit.record(entry(json!(number))));
    for written in futures_util::future::join_all(writing).await {
        written.unwrap();
    }
    assert_eq!(verify(&path).unwrap().lines, 1_000);
    let query = AuditQuery { after: Some(997), limit: 10, ..AuditQuery::default() };
    let page = page(&opened.audit, &query);
    assert_eq!((numbers(&page).len(), page.next_after), (3, None));
    assert_eq!(
        ascending(&opened.audit, 0, &AuditQuery { limit: 130, ..AuditQuery::default() }),
        (1..=1_000).collect::<Vec<_>>()
    );
    close(opened);
}

/// Reads a page to its end.
pub(super) fn page(audit: &Audit, query: &AuditQuery) -> AuditPage {
    let (mut page, mut text) = (audit.page(query.clone()), Vec::new());
    while let Some(piece) = page.next_piece().unwrap() {
        text.extend(piece);
    }
    serde_json::from_slice(&text).unwrap()
}

fn broken_at(opened: &Opened) -> Option<u64> {
    opened.faults.first().map(|fault| fault.line)
}

pub(super) fn numbers(page: &AuditPage) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.seq).collect()
}

/// All pages from `after` to the newest entry.
pub(super) fn ascending(audit: &Audit, after: u64, query: &AuditQuery) -> Vec<u64> {
    let (mut seen, mut next) = (Vec::new(), Some(after));
    while next.is_some() {
        let page = page(audit, &AuditQuery { after: next, ..query.clone() });
        seen.extend(numbers(&page));
        assert_eq!(page.next_before, None);
        next = page.next_after;
    }
    seen
}

/// All pages from the newest entry, or from `before`, to the oldest.
pub(super) fn descending(audit: &Audit, before: Option<u64>, query: &AuditQuery) -> Vec<u64> {
    let mut query = AuditQuery { before, ..query.clone() };
    let mut seen = Vec::new();
    loop {
        let page = page(audit, &query);
        seen.extend(numbers(&page));
        assert_eq!(page.next_after, None);
        if page.next_before.is_none() {
            return seen;
        }
        query.before = page.next_before;
    }
}

/// A log of 1,000 entries: every tenth of the action `tenth`, every hundredth under the correlation id `hundredth`.
async fn long_log(path: &Path) -> Opened {
    let opened = Audit::open(path, Vec::new()).unwrap();
    for number in 1..=1_000u64 {
        let mut entry = entry(
            json!({ "number": number, "text": "tenth hundredth", "word": format!("W\"{}", number % 100) }),
        );
        if number.is_multiple_of(10) {
            entry.action = "tenth".into();
        }
        if number.is_multiple_of(100) {
            entry.correlation = "hundredth".parse().unwrap();
        }
        if number < 1_000 {
            // The queue has room for all of them, and keeps their order.
            opened.audit.note(entry);
        } else {
            opened.audit.record(entry).await.unwrap();
        }
    }
    opened
}

fn pages_are_right(audit: &Audit) {
    let query = |limit| AuditQuery { limit, ..AuditQuery::default() };
    let down = |from: u64| (1..=from).rev().collect::<Vec<u64>>();
    let up = |from: u64| (from..=1_000).collect::<Vec<u64>>();
    for limit in [1_000, 999, 130, 7] {
        assert_eq!(descending(audit, None, &query(limit)), down(1_000), "{limit}");
        assert_eq!(ascending(audit, 0, &query(limit)), up(1), "{limit}");
    }
    for place in [1, 2, 127, 128, 129, 130, 257, 999, 1_000, 1_001] {
        assert_eq!(descending(audit, Some(place), &query(100)), down(place.min(1_001) - 1), "before {place}");
        assert_eq!(ascending(audit, place, &query(100)), up(place + 1), "after {place}");
    }
    assert_eq!(descending(audit, Some(0), &query(100)), [0_u64; 0]);
    assert_eq!(descending(audit, Some(u64::MAX), &query(500)), down(1_000));
    assert_eq!(ascending(audit, u64::MAX, &query(100)), [0_u64; 0]);
    let between = AuditQuery { before: Some(133), ..query(2) };
    assert_eq!(ascending(audit, 127, &between), [128, 129, 130, 131, 132]);
}

fn filters_are_right(audit: &Audit) {
    let tenths: Vec<u64> = (1..=100).map(|number| number * 10).collect();
    let hundredths: Vec<u64> = (1..=10).map(|number| number * 100).collect();
    let check = |correlation: Option<&str>, action: Option<&str>, expect: &[u64]| {
        let query = AuditQuery {
            limit: 3,
            correlation: correlation.map(Into::into),
            action: action.map(Into::into),
            ..AuditQuery::default()
        };
        assert_eq!(ascending(audit, 0, &query), expect, "{correlation:?} {action:?}");
        let reversed: Vec<u64> = expect.iter().rev().copied().collect();
        assert_eq!(descending(audit, None, &query), reversed, "{correlation:?} {action:?}");
    };
    check(None, Some("tenth"), &tenths);
    check(Some("hundredth"), None, &hundredths);
    check(Some("hundredth"), Some("tenth"), &hundredths);
    check(Some("hundredth"), Some("test"), &[]);
    check(Some("tenth"), None, &[]);
    check(None, Some("ten"), &[]);
    let containing = |text: &str| {
        let query = AuditQuery { limit: 7, text: Some(text.into()), ..AuditQuery::default() };
        ascending(audit, 0, &query).len()
    };
    assert_eq!(containing("w\"0"), hundredths.len());
    assert_eq!(containing("\"correlationId\":"), 0, "JSON's own signs are no text of an entry");
    assert_eq!(containing("nowhere"), 0);
}

#[tokio::test]
async fn pages_and_filters_reach_all_of_the_trail_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let opened = long_log(&path).await;
    pages_are_right(&opened.audit);
    filters_are_right(&opened.audit);
    let head = opened.audit.head();
    close(opened);
    let opened = Audit::open(&path, Vec::new()).unwrap();
    pages_are_right(&opened.audit);
    filters_are_right(&opened.audit);
    assert_eq!(opened.audit.head(), head, "the head after a restart");
    let last = fs::read_to_string(&path).unwrap().lines().last().unwrap().to_owned();
    assert!(head.seq == 1_000 && last.ends_with(&format!("\"{}\"}}", head.hash)), "{head:?}: {last}");
    close(opened);
}

#[tokio::test]
async fn numbers_stay_unique_after_a_line_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 5).await;
    let changed = fs::read_to_string(&path).unwrap().replacen("\"number\":1", "\"number\":7", 1);
    fs::write(&path, changed).unwrap();
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert_eq!(broken_at(&opened), Some(2));
    opened.audit.record(entry(json!(null))).await.unwrap();
    let query = AuditQuery { limit: 10, ..AuditQuery::default() };
    assert_eq!(descending(&opened.audit, None, &query), [6, 5, 4, 3, 2, 1]);
    close(opened);
    let lines: Vec<u64> = verify(&path).unwrap().faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2], "the damage is named once");
}

#[tokio::test]
async fn the_chain_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 3).await;
    log_of(&path, 200).await;
    let verdict = verify(&path).unwrap();
    assert_eq!((verdict.lines, verdict.faults.len()), (203, 0));
    let opened = Audit::open(&path, Vec::new()).unwrap();
    let query = AuditQuery { after: Some(128), limit: 1, ..AuditQuery::default() };
    assert_eq!(numbers(&page(&opened.audit, &query)), [129]);
    close(opened);
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 3).await;
    let mut whole = fs::read(&path).unwrap();
    let half_an_entry = whole[..100].to_vec();
    whole.extend(half_an_entry);
    fs::write(&path, whole).unwrap();
    assert_eq!(verify(&path).unwrap().faults[0].kind, AuditDamage::Torn);
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert_eq!(opened.torn_bytes, 100);
    assert_eq!(opened.audit.record(entry(json!(null))).await.unwrap(), 4);
    close(opened);
    let verdict = verify(&path).unwrap();
    assert_eq!((verdict.lines, verdict.faults.len()), (4, 0));
}

#[tokio::test]
async fn a_broken_chain_is_noticed_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 4).await;
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    fs::write(&path, format!("{}\n{}\n{}\n", lines[0], lines[2], lines[3])).unwrap();
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert_eq!(broken_at(&opened), Some(2));
    close(opened);
}

#[test]
fn two_writers_of_one_log_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert!(matches!(Audit::open(&path, Vec::new()), Err(AuditError::InUse { .. })));
    close(opened);
}

/// A log of some lines, made once.
pub(super) fn whole_log() -> &'static [u8] {
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
        let faults = verify(file.path()).unwrap().faults;
        let fault = faults.first().expect("a change is found");
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
        let faults = verify(file.path()).unwrap().faults;
        let fault = faults.first().expect("a change is found");
        prop_assert_eq!(fault.line, line as u64 + if repeat { 2 } else { 1 });
    }
}
