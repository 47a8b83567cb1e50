//! The newest entry's number and hash, kept outside the log: lines that are cut off its end are missed by nothing in it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use wire::api::{AuditDamage, AuditHead};

use super::verify::Fault;

/// Length of the state file in bytes. It is written over in place, so that a full disk has room for it.
const STATE_BYTES: usize = 128;

/// The newest entry as it was known outside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// The place where it was kept, in words.
    pub(crate) kept_in: String,
    pub(crate) head: AuditHead,
}

/// Small file beside the log.
#[derive(Debug)]
pub(super) struct StateFile {
    file: File,
    path: PathBuf,
    /// True while it cannot be written; that is said once.
    is_failing: bool,
}

/// Returns the path of the state file of the log `log`.
pub(super) fn path_beside(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".head");
    name.into()
}

impl StateFile {
    /// Opens the state file of the log `log`, or makes a new one, and returns what it holds.
    pub(super) fn open(log: &Path) -> io::Result<(Self, Option<Anchor>)> {
        let path = path_beside(log);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let anchor = read(&path)?;
        Ok((Self { file, path, is_failing: false }, anchor))
    }

    /// Makes the state file of the log `log` anew because the one there cannot be read, for the reason `error`. Returns the
    /// damage.
    pub(super) fn renew(log: &Path, error: io::Error) -> io::Result<(Self, Option<Fault>)> {
        if error.kind() != io::ErrorKind::InvalidData {
            return Err(error);
        }
        let path = path_beside(log);
        let reason = format!("its end is not known: {}: {error}", path.display());
        let file = OpenOptions::new().write(true).open(&path)?;
        // What is written over the rest must be all of it.
        file.set_len(STATE_BYTES as u64)?;
        let fault = Fault { line: 1, kind: AuditDamage::CutOff, reason };
        Ok((Self { file, path, is_failing: false }, Some(fault)))
    }

    /// Notes the newest entry. It is behind the log where it could not be written, which is said; it is never ahead of it.
    pub(super) fn write(&mut self, head: &AuditHead) {
        let mut text = serde_json::to_string(head).expect("a head has string keys only").into_bytes();
        text.resize(STATE_BYTES - 1, b' ');
        text.push(b'\n');
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&text));
        match written {
            Ok(()) => self.is_failing = false,
            Err(error) if !std::mem::replace(&mut self.is_failing, true) => {
                tracing::error!(%error, file = %self.path.display(), "the audit trail's head is not noted beside it");
            }
            Err(_) => {}
        }
    }

    /// Brings what was written to the disk.
    pub(super) fn sync(&self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!(%error, file = %self.path.display(), "the audit trail's head is not on disk yet");
        }
    }
}

/// Returns what the state file at `path` holds; `None` where there is none, or an empty one. A damaged one is an error.
pub(super) fn read(path: &Path) -> io::Result<Option<Anchor>> {
    let mut text = String::new();
    match File::open(path) {
        Ok(file) => file.take(STATE_BYTES as u64 * 2).read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if text.trim().is_empty() {
        return Ok(None);
    }
    let head = serde_json::from_str(&text).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("no head of a trail: {error}"))
    })?;
    Ok(Some(Anchor { kept_in: path.display().to_string(), head }))
}
