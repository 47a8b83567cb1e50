//! The first look at a log: how it ends, what is damaged, and which intentions have no result.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Seek as _, SeekFrom},
};

use wire::api::{AuditDamage, AuditEntry, AuditHead, AuditOutcome};

use super::{
    anchor::Anchor, chain::Chain, detail::Entry, intention, lines::Line, reader::Index, verify::Fault,
};

/// Maximum number of damages that are remembered; the check of the log names all of them.
const MAX_FAULTS: usize = 16;

/// Findings of a log.
pub(super) struct Scan {
    /// Number of the newest entry, and the hash that the next one has to name.
    pub(super) head: AuditHead,
    /// Length of the whole lines in bytes.
    pub(super) length: u64,
    /// Number of bytes of a last line without an end.
    pub(super) torn_bytes: u64,
    /// True where an anchor knows of an entry behind the last whole line.
    pub(super) is_known_to_have_more: bool,
    pub(super) index: Index,
    /// The first damages.
    pub(super) faults: Vec<Fault>,
    /// Entries that say of an intention that its result is not known.
    pub(super) unresolved: Vec<Entry>,
}

impl Scan {
    /// Reads the whole log. `anchors` say how it ended when it was written last.
    ///
    /// Numbers go on behind the highest one that is known to have been given, so that none is given twice.
    pub(super) fn of(file: &mut File, anchors: &[Anchor]) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut source = BufReader::new(file);
        let (mut chain, mut index, mut faults) = (Chain::new(), Index::default(), Vec::new());
        let mut pending = BTreeMap::new();
        let mut known: Vec<_> = anchors.iter().map(|anchor| (anchor, None)).collect();
        let (mut line, mut number, mut length, mut torn_bytes) = (Line::default(), 0, 0, 0);
        while line.read(&mut source)? {
            number += 1;
            if !line.is_ended {
                torn_bytes = line.length;
                break;
            }
            let taken = chain.take(&line);
            if taken.damage.is_none()
                && let Some(entry) = &taken.entry
            {
                index.note(entry.seq, length);
            }
            if let Some(damage) = taken.damage
                && faults.len() < MAX_FAULTS
            {
                faults.push(Fault::new(number, damage));
            }
            if let Some(entry) = taken.entry.filter(|_| taken.is_sound) {
                for (_, found) in known.iter_mut().filter(|(anchor, _)| anchor.head.seq == entry.seq) {
                    *found = Some(entry.hash.clone());
                }
                follow(&mut pending, entry);
            }
            length += line.length;
        }
        let mut head = chain.head();
        let anchored = anchors.iter().map(|anchor| anchor.head.seq).max().unwrap_or_default();
        let is_known_to_have_more = anchored > head.seq;
        for (anchor, found) in known {
            faults.extend(missed(anchor, found.as_deref(), &head, number + 1));
        }
        // An empty file is another log, which begins with its own first number.
        if length > 0 {
            head.seq = head.seq.max(anchored);
        }
        let unresolved = pending.into_values().map(intention::unresolved).collect();
        Ok(Self { head, length, torn_bytes, is_known_to_have_more, index, faults, unresolved })
    }
}

/// Keeps the intentions that have no result yet.
fn follow(pending: &mut BTreeMap<u64, AuditEntry>, entry: AuditEntry) {
    if entry.outcome == AuditOutcome::Pending {
        pending.insert(entry.seq, entry);
    } else if let Some(intent) = entry.detail.get(intention::INTENT).and_then(serde_json::Value::as_u64) {
        pending.remove(&intent);
    }
}

/// Returns the damage where a log that ends in `head` is not the one that `anchor` was kept of. `found` is the hash of the
/// entry with the anchor's number.
pub(super) fn missed(anchor: &Anchor, found: Option<&str>, head: &AuditHead, line: u64) -> Option<Fault> {
    let AuditHead { seq, hash } = &anchor.head;
    let kept_in = &anchor.kept_in;
    let (kind, reason) = match found {
        Some(found) if found == hash => return None,
        _ if *seq == 0 => return None,
        None if *seq > head.seq => {
            let first = head.seq + 1;
            let reason = format!("entries {first} to {seq} are cut off: {kept_in} knows them");
            (AuditDamage::CutOff, reason)
        }
        Some(_) => (AuditDamage::Replaced, format!("entry {seq} is another one than {kept_in} knows")),
        // The line itself is damaged, and named for that.
        None => return None,
    };
    Some(Fault { line, kind, reason })
}
