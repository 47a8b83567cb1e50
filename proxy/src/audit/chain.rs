use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use wire::api::AuditEntry;

/// Value of `prev` in the first line.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

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

/// Reads a line, without its `\n`. An error describes the damage.
pub(super) fn parse(line: &str) -> Result<AuditEntry, String> {
    serde_json::from_str(line).map_err(|error| format!("no audit entry: {error}"))
}

/// Checks that the hash of `entry`, which `line` holds, is that of the line. An error describes the damage.
pub(super) fn check_hash(line: &str, entry: &AuditEntry) -> Result<(), String> {
    let body = line
        .strip_suffix(AFTER_HASH)
        .filter(|text| text.len() > HASH_DIGITS && text.is_char_boundary(text.len() - HASH_DIGITS))
        .and_then(|text| text[..text.len() - HASH_DIGITS].strip_suffix(BEFORE_HASH))
        .ok_or("it does not end in its hash")?;
    if hash_of(body) == entry.hash { Ok(()) } else { Err("its hash is not that of its content".to_owned()) }
}

/// Checks that `entry` follows the entry with the number `seq` and the hash `prev`. An error describes the damage.
pub(super) fn follows(entry: &AuditEntry, seq: u64, prev: &str) -> Result<(), String> {
    if entry.seq != seq + 1 {
        return Err(format!("its number is {}, not {}", entry.seq, seq + 1));
    }
    if entry.prev != prev {
        return Err("it does not follow the line before".to_owned());
    }
    Ok(())
}

fn hash_of(body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(body.as_bytes());
    hasher.update(b"}");
    HEXLOWER.encode(&hasher.finalize())
}
