use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use wire::api::AuditDamage;

use super::{
    anchor::{self, Anchor},
    chain::{Chain, Damage},
    lines::Line,
    scan::missed,
};

/// Maximum number of damages that an answer lists.
pub(crate) const MAX_LISTED_FAULTS: usize = 1_000;

/// Result of the check of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Number of lines.
    pub lines: u64,
    /// Hash of the last sound line; `None` where there is none.
    pub last_hash: Option<String>,
    /// The damages, in the order of the lines.
    pub faults: Vec<Fault>,
}

/// A damage of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Number of the line at which it is noticed, from 1.
    pub line: u64,
    /// Kind of the damage.
    pub kind: AuditDamage,
    /// Description of the damage.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.kind.name(), self.reason)
    }
}

impl Fault {
    pub(super) fn new(line: u64, Damage { kind, reason }: Damage) -> Self {
        Self { line, kind, reason }
    }
}

/// Checks every line of the audit log `path`, and its end by the state file beside it, where there is one.
pub fn verify(path: &Path) -> io::Result<Verdict> {
    // Before the log: what is noted outside is never ahead of it.
    let state_file = anchor::path_beside(path);
    let (anchor, unread) = match anchor::read(&state_file) {
        Ok(anchor) => (anchor, None),
        Err(error) => (None, Some(format!("its end is not known: {}: {error}", state_file.display()))),
    };
    let mut verdict = check_lines(BufReader::new(File::open(path)?), anchor.as_ref())?;
    let line = verdict.lines + 1;
    verdict.faults.extend(unread.map(|reason| Fault { line, kind: AuditDamage::CutOff, reason }));
    Ok(verdict)
}

/// Checks every line of `log`, and that it has not lost the end that `anchor` was kept of.
pub(super) fn check_lines(mut log: impl BufRead, anchor: Option<&Anchor>) -> io::Result<Verdict> {
    let mut verdict = Verdict { lines: 0, last_hash: None, faults: Vec::new() };
    let (mut chain, mut line, mut anchored) = (Chain::new(), Line::default(), None);
    while line.read(&mut log)? {
        verdict.lines += 1;
        let taken = chain.take(&line);
        verdict.faults.extend(taken.damage.map(|damage| Fault::new(verdict.lines, damage)));
        let Some(entry) = taken.entry.filter(|_| taken.is_sound) else { continue };
        if anchor.is_some_and(|anchor| anchor.head.seq == entry.seq) {
            anchored = Some(entry.hash.clone());
        }
        verdict.last_hash = Some(entry.hash);
    }
    let end = chain.head();
    verdict
        .faults
        .extend(anchor.and_then(|anchor| missed(anchor, anchored.as_deref(), &end, verdict.lines + 1)));
    Ok(verdict)
}
