//! The chain: a line's hash, and the lines that follow one another.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use wire::api::{AuditDamage, AuditEntry, AuditHead};

use super::lines::Line;

/// Value of `prev` in the first line.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Maximum number of an entry: a larger one is no number of this trail, and could not be counted on from.
const MAX_SEQ: u64 = 1 << 53;

/// Text between a line's content and its hash.
const BEFORE_HASH: &str = r#","hash":""#;
/// Text after a line's hash.
const AFTER_HASH: &str = r#""}"#;
/// Length of a hash in hex digits.
const HASH_DIGITS: usize = 64;

/// Computes `entry.hash` and returns the line, with its `\n`.
pub(super) fn seal(entry: &mut AuditEntry) -> String {
    entry.hash.clear();
    let unsealed = serde_json::to_string(entry).expect("an entry has string keys only");
    let body = unsealed
        .strip_suffix(AFTER_HASH)
        .and_then(|text| text.strip_suffix(BEFORE_HASH))
        .expect("hash is the last field of an entry");
    entry.hash = hash_of(body);
    format!("{body}{BEFORE_HASH}{}{AFTER_HASH}\n", entry.hash)
}

/// Checks that the hash of the entry in `line` is that of the line.
pub(super) fn is_sealed(line: &str) -> bool {
    split(line).is_some_and(|(body, hash)| hash_of(body) == hash)
}

/// Returns a line's content and its hash; `None` where it does not end in one.
fn split(line: &str) -> Option<(&str, &str)> {
    let text = line.strip_suffix(AFTER_HASH)?;
    let at = text.len().checked_sub(HASH_DIGITS).filter(|at| text.is_char_boundary(*at))?;
    let (body, hash) = text.split_at(at);
    Some((body.strip_suffix(BEFORE_HASH)?, hash))
}

fn hash_of(body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(body.as_bytes());
    hasher.update(b"}");
    HEXLOWER.encode(&hasher.finalize())
}

/// A damage, as far as one line shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) kind: AuditDamage,
    pub(super) reason: String,
}

impl Damage {
    pub(super) fn new(kind: AuditDamage, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// Result of a line.
pub(super) struct Taken {
    /// The entry, where the line holds one.
    pub(super) entry: Option<AuditEntry>,
    /// True where the line's hash is that of its content.
    pub(super) is_sound: bool,
    /// The damage that the line shows.
    pub(super) damage: Option<Damage>,
}

/// The last line, as far as the next one has to follow it.
enum Before {
    /// The next line names this hash.
    Sound(String),
    /// The line is damaged. The next one names the hash that was in it, or that of its bytes where it was written after the
    /// damage; where the hash itself is what is damaged, nothing can be said.
    Damaged { stated_hash: Option<String>, stated_seq: Option<u64>, bytes_hash: String },
}

/// Walk along the lines of a log, which names each damage once: what follows a damaged line is checked against it.
pub(super) struct Chain {
    /// Number of the last line; that of its place where it does not say.
    seq: u64,
    /// Highest number that was given.
    highest: u64,
    before: Before,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self { seq: 0, highest: 0, before: Before::Sound(GENESIS.into()) }
    }

    /// Returns the highest number that was given, and the hash that the next line has to name.
    pub(super) fn head(&self) -> AuditHead {
        let (seq, hash) = match &self.before {
            Before::Sound(hash) => (self.highest, hash),
            Before::Damaged { stated_seq, bytes_hash, .. } => {
                (self.highest.max(stated_seq.unwrap_or_default()), bytes_hash)
            }
        };
        AuditHead { seq, hash: hash.clone() }
    }

    /// Takes the next line.
    pub(super) fn take(&mut self, line: &Line) -> Taken {
        if !line.is_ended {
            let damage = Damage::new(AuditDamage::Torn, "it is torn: no line end");
            return self.damaged(line, None, damage);
        }
        if line.is_too_long() {
            let damage =
                Damage::new(AuditDamage::Unreadable, format!("it is too long: {} bytes", line.length));
            return self.damaged(line, None, damage);
        }
        let Ok(text) = str::from_utf8(&line.bytes) else {
            return self.damaged(line, None, Damage::new(AuditDamage::Unreadable, "it is no UTF-8"));
        };
        let entry: AuditEntry = match serde_json::from_str(text) {
            Ok(entry) => entry,
            Err(error) => {
                let damage = Damage::new(AuditDamage::Unreadable, format!("no audit entry: {error}"));
                return self.damaged(line, None, damage);
            }
        };
        match split(text) {
            None => {
                let damage = Damage::new(AuditDamage::Changed, "it does not end in its hash");
                self.damaged(line, Some(entry), damage)
            }
            Some((body, hash)) if hash != hash_of(body) || hash != entry.hash => {
                let damage = Damage::new(AuditDamage::Changed, "its hash is not that of its content");
                self.damaged(line, Some(entry), damage)
            }
            Some(_) if entry.seq > MAX_SEQ => {
                let damage = Damage::new(AuditDamage::Changed, "its number is none of a trail");
                self.damaged(line, Some(entry), damage)
            }
            Some(_) => self.sound(entry),
        }
    }

    fn damaged(&mut self, line: &Line, entry: Option<AuditEntry>, damage: Damage) -> Taken {
        let stated_hash = str::from_utf8(&line.bytes).ok().and_then(split).map(|(_, hash)| hash.to_owned());
        let stated_seq = entry.as_ref().map(|entry| entry.seq).filter(|seq| *seq <= MAX_SEQ);
        let bytes_hash = HEXLOWER.encode(&Sha256::digest(&line.bytes));
        self.seq += 1;
        self.highest = self.highest.max(self.seq);
        self.before = Before::Damaged { stated_hash, stated_seq, bytes_hash };
        Taken { entry, is_sound: false, damage: Some(damage) }
    }

    fn sound(&mut self, entry: AuditEntry) -> Taken {
        let damage = self.check(&entry);
        self.seq = entry.seq;
        self.highest = self.highest.max(entry.seq);
        self.before = Before::Sound(entry.hash.clone());
        Taken { entry: Some(entry), is_sound: true, damage }
    }

    /// Checks that `entry` follows the last line.
    fn check(&self, entry: &AuditEntry) -> Option<Damage> {
        let (is_linked, stated_seq) = match &self.before {
            Before::Sound(hash) => (*hash == entry.prev, None),
            Before::Damaged { stated_hash, stated_seq, bytes_hash } => {
                let is_linked = stated_hash.as_ref() == Some(&entry.prev) || *bytes_hash == entry.prev;
                (is_linked, *stated_seq)
            }
        };
        let next = self.seq + 1;
        let follows_numbers =
            [Some(next), Some(self.highest + 1), stated_seq.map(|seq| seq + 1)].contains(&Some(entry.seq));
        // Numbers go on behind the highest one, whatever was the last line's, where the line was written right after it.
        if entry.seq == next || (is_linked && follows_numbers) {
            let is_detached = !is_linked && matches!(self.before, Before::Sound(_));
            return is_detached
                .then(|| Damage::new(AuditDamage::Detached, "it does not follow the line before"));
        }
        if entry.seq <= self.seq {
            let reason = format!("its number, {}, was given before", entry.seq);
            return Some(Damage::new(AuditDamage::Repeated, reason));
        }
        let reason = match entry.seq - next {
            1 => format!("entry {next} is missing before it"),
            _ => format!("entries {next} to {} are missing before it", entry.seq - 1),
        };
        Some(Damage::new(AuditDamage::Missing, reason))
    }
}
