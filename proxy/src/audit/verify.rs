use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use super::chain;

/// What a check of a whole file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Good lines before the first bad one.
    pub lines: u64,
    /// The last good line's hash; `None` where there is none.
    pub last_hash: Option<String>,
    /// The first bad line.
    pub fault: Option<Fault>,
}

/// A line that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Checks every line of the audit log `path`.
pub fn verify(path: &Path) -> io::Result<Verdict> {
    check_lines(BufReader::new(File::open(path)?))
}

/// Checks every line of `log`.
pub(super) fn check_lines(mut log: impl io::BufRead) -> io::Result<Verdict> {
    let mut verdict = Verdict { lines: 0, last_hash: None, fault: None };
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line)? == 0 {
            return Ok(verdict);
        }
        let prev = verdict.last_hash.as_deref().unwrap_or(chain::GENESIS);
        match check(&line, verdict.lines, prev) {
            Ok(hash) => {
                verdict.lines += 1;
                verdict.last_hash = Some(hash);
            }
            Err(reason) => {
                verdict.fault = Some(Fault { line: verdict.lines + 1, reason });
                return Ok(verdict);
            }
        }
    }
}

fn check(line: &[u8], seq: u64, prev: &str) -> Result<String, String> {
    let line = line.strip_suffix(b"\n").ok_or("it is torn: no line end")?;
    let line = str::from_utf8(line).map_err(|_| "it is no UTF-8")?;
    let entry = chain::read(line)?;
    chain::follows(&entry, seq, prev)?;
    Ok(entry.hash)
}
