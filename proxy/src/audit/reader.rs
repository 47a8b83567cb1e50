use std::{
    fs::File,
    io::{self, BufReader, Read as _},
    path::PathBuf,
    sync::{PoisonError, RwLock},
};

use wire::api::AuditHead;

use super::{
    anchor::Anchor,
    verify::{Verdict, check_lines},
};

/// Distance between entries whose place in the file is kept in memory, so that a page is found without reading all of it.
const MARK_INTERVAL: u64 = 128;

/// Place of an entry in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) seq: u64,
    pub(super) offset: u64,
}

/// Places of some entries in the file, in order.
#[derive(Debug, Default)]
pub(super) struct Index(Vec<Mark>);

impl Index {
    /// Notes that entry `seq`, which follows the line before it, begins at `offset`. Most entries need not be kept.
    pub(super) fn note(&mut self, seq: u64, offset: u64) {
        if self.0.last().is_none_or(|last| seq >= last.seq.saturating_add(MARK_INTERVAL)) {
            self.0.push(Mark { seq, offset });
        }
    }

    /// Returns the last mark of an entry whose number is at most that of the one behind `after`.
    pub(super) fn start_after(&self, after: u64) -> Option<Mark> {
        let count = self.0.partition_point(|mark| mark.seq <= after.saturating_add(1));
        count.checked_sub(1).map(|last| self.0[last])
    }

    /// Returns the first mark of an entry whose number is at least `before`.
    pub(super) fn end_before(&self, before: u64) -> Option<Mark> {
        let first = self.0.partition_point(|mark| mark.seq < before);
        self.0.get(first).copied()
    }
}

/// State of the file, as far as it is on disk for good.
#[derive(Debug)]
pub(super) struct Written {
    /// The newest entry.
    pub(super) head: AuditHead,
    /// Length of the file in bytes.
    pub(super) length: u64,
    /// Places of entries.
    pub(super) index: Index,
}

/// Reader of the trail beside its writer.
pub(super) struct Reader {
    path: PathBuf,
    written: RwLock<Written>,
}

impl Reader {
    pub(super) fn new(path: PathBuf, written: Written) -> Self {
        Self { path, written: RwLock::new(written) }
    }

    /// Checks the chain of all that is on disk.
    pub(super) fn verify(&self) -> io::Result<Verdict> {
        let anchor = Anchor { kept_in: "the running program".into(), head: self.head() };
        // What is being written has no end yet.
        let (file, length) = self.whole()?;
        check_lines(BufReader::new(file.take(length)), Some(&anchor))
    }

    /// Returns the file and the length of what is on disk.
    pub(super) fn whole(&self) -> io::Result<(File, u64)> {
        Ok((self.file()?, self.look(|written| written.length)))
    }

    /// Returns the file, to be read.
    pub(super) fn file(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Reads the state.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Written) -> T) -> T {
        look(&self.written.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state after a write.
    pub(super) fn update(&self, update: impl FnOnce(&mut Written)) {
        update(&mut self.written.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns the newest entry's number and hash.
    pub(super) fn head(&self) -> AuditHead {
        self.look(|written| written.head.clone())
    }
}
