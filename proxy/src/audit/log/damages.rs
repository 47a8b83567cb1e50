//! Logs that somebody, or a disk, has damaged.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::api::{AuditDamage as Damage, AuditOutcome};

use super::{
    tests::{ascending, close, descending, entry, log_of, numbers, page, whole_log},
    *,
};
use crate::audit::verify;

fn all() -> AuditQuery {
    AuditQuery { limit: 1_000, ..AuditQuery::default() }
}

fn lines_of(path: &Path) -> Vec<String> {
    String::from_utf8_lossy(&fs::read(path).unwrap()).lines().map(str::to_owned).collect()
}

fn write_lines(path: &Path, lines: &[String]) {
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn damages(path: &Path) -> Vec<(u64, Damage)> {
    verify(path).unwrap().faults.iter().map(|fault| (fault.line, fault.kind)).collect()
}

/// Opens a damaged log, writes one entry more, and returns its number.
async fn goes_on(path: &Path) -> u64 {
    let opened = Audit::open(path, Vec::new()).unwrap();
    let number = opened.audit.record(entry(json!("new"))).await.unwrap();
    close(opened);
    number
}

#[tokio::test]
async fn each_kind_of_damage_is_named_with_its_line_and_no_number_is_given_twice() {
    type Harm = fn(&mut Vec<String>);
    let check = async |harm: Harm, before: &[(u64, Damage)], next: u64, after: &[(u64, Damage)]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        log_of(&path, 6).await;
        let mut lines = lines_of(&path);
        harm(&mut lines);
        write_lines(&path, &lines);
        assert_eq!(damages(&path), before);
        assert_eq!(goes_on(&path).await, next, "{before:?}");
        assert_eq!(damages(&path), after, "{before:?}");
        assert_eq!(goes_on(&path).await, next + 1, "{before:?}");
        assert_eq!(damages(&path), after, "what is written behind a damage is sound");
    };
    let same = async |harm: Harm, damages: &[(u64, Damage)]| check(harm, damages, 7, damages).await;
    same(|_| {}, &[]).await;
    same(|lines| lines[2] = "garbage".into(), &[(3, Damage::Unreadable)]).await;
    same(|lines| lines[5] = "garbage".into(), &[(6, Damage::Unreadable)]).await;
    same(|lines| lines[5] = "\0".repeat(300), &[(6, Damage::Unreadable)]).await;
    same(|lines| lines[5].truncate(40), &[(6, Damage::Unreadable)]).await;
    same(|lines| lines[5] = lines[5].replace("\"seq\":6", "\"seq\":4"), &[(6, Damage::Changed)]).await;
    same(|lines| lines[3] = lines[3].replace("ä", "a"), &[(4, Damage::Changed)]).await;
    let huge: Harm = |lines| lines[5] = lines[5].replace("\"seq\":6", "\"seq\":18446744073709551615");
    same(huge, &[(6, Damage::Changed)]).await;
    same(|lines| drop(lines.remove(2)), &[(3, Damage::Missing)]).await;
    same(|lines| lines.insert(3, lines[2].clone()), &[(4, Damage::Repeated)]).await;
    same(|lines| lines.extend(lines[1..4].to_vec()), &[(7, Damage::Repeated)]).await;
    let cut = [(5, Damage::CutOff)];
    check(|lines| lines.truncate(4), &cut, 7, &[(5, Damage::Missing)]).await;
}

#[tokio::test]
async fn a_last_line_that_had_been_whole_is_kept_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 3).await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    assert_eq!(damages(&path), [(3, Damage::Torn)]);
    assert_eq!(goes_on(&path).await, 4);
    assert_eq!(damages(&path), [(3, Damage::Unreadable)]);
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_known_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 6).await;
    let state_file = folder.path().join("audit.jsonl.head");
    let (head, lines) = (fs::read_to_string(&state_file).unwrap(), lines_of(&path));
    assert!(lines[5].contains(serde_json::from_str::<Value>(&head).unwrap()["hash"].as_str().unwrap()));
    write_lines(&path, &lines[..4]);
    fs::remove_file(&state_file).unwrap();
    assert_eq!(damages(&path), []);
    // As the database knows it.
    let head = serde_json::from_str(&head).unwrap();
    let opened = Audit::open(&path, vec![Anchor { kept_in: "the database".into(), head }]).unwrap();
    let fault = opened.faults[0].to_string();
    assert_eq!(fault, "line 5: cut_off: entries 5 to 6 are cut off: the database knows them");
    close(opened);

    // A log that is gone begins anew, and that is said.
    log_of(&path, 1).await;
    fs::remove_file(&path).unwrap();
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert_eq!(opened.faults[0].kind, Damage::CutOff);
    assert_eq!(opened.audit.record(entry(json!(null))).await.unwrap(), 1);
    close(opened);
    assert_eq!(damages(&path), []);

    // Another log in its place is noticed by the same number with another hash.
    let mut other = lines;
    other.truncate(2);
    write_lines(&path, &other);
    assert_eq!(damages(&path), [(3, Damage::Replaced)]);
    fs::write(&state_file, "no head").unwrap();
    assert_eq!(damages(&path), [(3, Damage::CutOff)]);
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert!(opened.faults[0].reason.contains("its end is not known"), "{:?}", opened.faults);
    close(opened);
    assert_eq!(damages(&path), [(3, Damage::CutOff)], "until something is written");
    goes_on(&path).await;
    assert_eq!(damages(&path), []);
}

#[tokio::test]
async fn a_number_that_was_changed_hides_nothing_from_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 400).await;
    let mut lines = lines_of(&path);
    lines[9] = lines[9].replace("\"seq\":10,", "\"seq\":390,");
    lines[199] = "garbage".into();
    lines[299] = lines[299].replace("ä", "a");
    write_lines(&path, &lines);
    let opened = Audit::open(&path, Vec::new()).unwrap();
    let expect: Vec<u64> = (1..=400).filter(|seq| ![10, 200].contains(seq)).collect();
    for limit in [7, 1_000] {
        let query = AuditQuery { limit, ..all() };
        assert_eq!(ascending(&opened.audit, 0, &query), expect);
        let reversed: Vec<u64> = expect.iter().rev().copied().collect();
        assert_eq!(descending(&opened.audit, None, &query), reversed);
        let first: Vec<u64> = reversed.iter().copied().filter(|seq| *seq < 50).collect();
        assert_eq!(descending(&opened.audit, Some(50), &query), first);
    }
    let between = AuditQuery { before: Some(12), after: Some(7), ..all() };
    assert_eq!(numbers(&page(&opened.audit, &between)), [8, 9, 11]);
    close(opened);
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_is_moved_replaced_removed_or_cut_is_written_no_further_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("audit.jsonl"), folder.path().join("aside"));
    log_of(&path, 3).await;
    let opened = Audit::open(&path, Vec::new()).unwrap();
    let refused = async |words: &str| {
        let error = opened.audit.record(entry(json!(null))).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        let error = opened.audit.look().await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    fs::rename(&path, &aside).unwrap();
    refused("was moved or removed").await;
    fs::copy(&aside, &path).unwrap();
    refused("was replaced by another file").await;
    fs::rename(&aside, &path).unwrap();
    assert_eq!(opened.audit.record(entry(json!(null))).await.unwrap(), 4);
    opened.audit.look().await.unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    refused("was cut by another program").await;
    fs::write(&path, [&whole[..], b"more\n"].concat()).unwrap();
    refused("was written by another program").await;
    fs::write(&path, &whole).unwrap();
    assert_eq!(opened.audit.record(entry(json!(null))).await.unwrap(), 5);
    close(opened);
    assert_eq!(damages(&path), []);
}

#[cfg(unix)]
#[tokio::test]
async fn a_result_that_cannot_be_written_is_told_and_is_written_once_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("audit.jsonl"), folder.path().join("aside"));
    let opened = Audit::open(&path, Vec::new()).unwrap();
    let correlation = crate::id::random_correlation();
    let intention = opened.audit.intend("call.place", &correlation, json!({ "flowId": "f" })).await.unwrap();
    let given_up = opened.audit.intend("call.hangup", &correlation, json!({})).await.unwrap();
    fs::rename(&path, &aside).unwrap();
    opened.audit.intend("call.place", &correlation, json!({})).await.err().expect("no intention, no act");
    let result = [("callId".to_owned(), json!("c-1"))];
    intention.conclude(AuditOutcome::Ok, result).await.unwrap_err();
    drop(given_up);
    opened.audit.look().await.unwrap_err();
    fs::rename(&aside, &path).unwrap();
    assert_eq!(opened.audit.record(entry(json!(null))).await.unwrap(), 5);
    let entries = page(&opened.audit, &AuditQuery { after: Some(0), ..all() }).entries;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.outcome.name())).collect();
    let expect = [
        ("call.place.intent", "pending"),
        ("call.hangup.intent", "pending"),
        ("call.place", "ok"),
        ("call.hangup", "unknown"),
        ("test", "ok"),
    ];
    assert_eq!(told, expect);
    assert_eq!(entries[2].detail, json!({ "flowId": "f", "callId": "c-1", "intent": 1 }));
    close(opened);
}

#[tokio::test]
async fn an_intention_without_a_result_is_told_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let opened = Audit::open(&path, Vec::new()).unwrap();
    let correlation = crate::id::random_correlation();
    let done = opened.audit.intend("call.place", &correlation, json!({ "flowId": "f" })).await.unwrap();
    let lost = opened.audit.intend("call.place", &correlation, json!({ "flowId": "g" })).await.unwrap();
    done.conclude(AuditOutcome::Ok, []).await.unwrap();
    // As a power cut leaves it.
    std::mem::forget(lost);
    assert_eq!(opened.audit.head().seq, 3);
    let copy = folder.path().join("copy.jsonl");
    fs::copy(&path, &copy).unwrap();
    let again = Audit::open(&copy, Vec::new()).unwrap();
    let [unknown] = &again.unresolved[..] else { panic!("{:?}", again.unresolved) };
    assert_eq!((&*unknown.action, unknown.outcome), ("call.place", AuditOutcome::Unknown));
    assert_eq!(unknown.correlation, correlation);
    assert_eq!((&unknown.detail["flowId"], &unknown.detail["intent"]), (&json!("g"), &json!(2)));
    again.audit.record(unknown.clone()).await.unwrap();
    close(again);
    let again = Audit::open(&copy, Vec::new()).unwrap();
    assert!(again.unresolved.is_empty(), "it is told once");
    close(again);
}

#[tokio::test]
async fn a_page_of_large_entries_is_read_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    log_of(&path, 1).await;
    // As an earlier version wrote them.
    let mut before = serde_json::from_str::<wire::api::AuditEntry>(&lines_of(&path)[0]).unwrap();
    let mut log = fs::read_to_string(&path).unwrap();
    for _ in 0..5 {
        before.seq += 1;
        before.prev = std::mem::take(&mut before.hash);
        before.detail = json!({ "interactionId": "i".repeat(300_000) });
        log.push_str(&crate::audit::chain::seal(&mut before));
    }
    fs::write(&path, log).unwrap();
    let opened = Audit::open(&path, Vec::new()).unwrap();
    assert!(opened.faults.is_empty(), "{:?}", opened.faults);
    let (mut page, mut count, mut largest) = (opened.audit.page(all()), 0, 0);
    while let Some(piece) = page.next_piece().unwrap() {
        (count, largest) = (count + 1, largest.max(piece.len()));
    }
    assert!(page.is_over() && count >= 5, "{count}");
    assert!(largest < 400_000, "{largest}");
    assert_eq!(descending(&opened.audit, None, &all()), (1..=6).rev().collect::<Vec<_>>());
    close(opened);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_is_overwritten_the_other_lines_are_shown_and_no_number_is_given_twice(
        place in any::<prop::sample::Index>(), garbage in prop::collection::vec(any::<u8>(), 1..400),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let mut log = whole_log().to_vec();
        let start = place.index(log.len());
        let end = log.len().min(start + garbage.len());
        log[start..end].copy_from_slice(&garbage[..end - start]);
        let intact: BTreeSet<u64> = (1..).zip(whole_log().split_inclusive(|byte| *byte == b'\n'))
            .scan(0, |offset, (number, line)| {
                let range = *offset..*offset + line.len();
                *offset = range.end;
                Some((number, range))
            })
            // A line is lost with the end of the one before.
            .filter(|(_, range)| range.end <= start || range.start > end)
            .map(|(number, _)| number)
            .collect();
        fs::write(&path, log).unwrap();
        let head = AuditHead { seq: 6, hash: "known".into() };
        let opened = Audit::open(&path, vec![Anchor { kept_in: "a test".into(), head }]).unwrap();
        for shown in [ascending(&opened.audit, 0, &all()), descending(&opened.audit, None, &all())] {
            let shown = shown.into_iter().collect();
            prop_assert!(intact.is_subset(&shown), "{:?} of {:?}", shown, intact);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let next = runtime.block_on(opened.audit.record(entry(json!(null)))).unwrap();
        prop_assert!(next > 6, "{}", next);
        close(opened);
        prop_assert!(!verify(&path).unwrap().faults.is_empty());
    }
}
