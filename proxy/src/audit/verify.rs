use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use wire::api::AuditEntry;

use super::chain;

/// Result of the check of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Number of lines.
    pub lines: u64,
    /// Hash of the last sound line; `None` where there is none.
    pub last_hash: Option<String>,
    /// The damaged lines, in order.
    pub faults: Vec<Fault>,
}

/// A damaged line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Number of the line, from 1.
    pub line: u64,
    /// Description of the damage.
    pub reason: String,
}

/// Checks every line of the audit log `path`.
pub fn verify(path: &Path) -> io::Result<Verdict> {
    check_lines(BufReader::new(File::open(path)?))
}

/// Checks every line of `log`.
///
/// A line that does not follow the one before is reported once: the lines after it are checked against it.
pub(super) fn check_lines(mut log: impl BufRead) -> io::Result<Verdict> {
    let mut verdict = Verdict { lines: 0, last_hash: None, faults: Vec::new() };
    let mut before = Some((0, chain::GENESIS.to_owned()));
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line)? == 0 {
            return Ok(verdict);
        }
        verdict.lines += 1;
        let entry = match check(&line) {
            Ok(entry) => entry,
            Err(reason) => {
                verdict.faults.push(Fault { line: verdict.lines, reason });
                // What the next line must follow is not known.
                before = None;
                continue;
            }
        };
        if let Some((seq, hash)) = &before
            && let Err(reason) = chain::follows(&entry, *seq, hash)
        {
            verdict.faults.push(Fault { line: verdict.lines, reason });
        }
        verdict.last_hash = Some(entry.hash.clone());
        before = Some((entry.seq, entry.hash));
    }
}

/// Checks a line by itself.
fn check(line: &[u8]) -> Result<AuditEntry, String> {
    let line = line.strip_suffix(b"\n").ok_or("it is torn: no line end")?;
    let line = str::from_utf8(line).map_err(|_| "it is no UTF-8")?;
    let entry = chain::parse(line)?;
    chain::check_hash(line, &entry)?;
    Ok(entry)
}
