use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use base::ids::CorrelationId;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use wire::api::AuditHead;

use super::{
    anchor::{Anchor, StateFile},
    detail::Entry,
    intention::Intention,
    page::{AuditQuery, Page},
    reader::{Reader, Written},
    scan::Scan,
    verify::{Fault, Verdict},
    writer::{Job, WriteJob, Writer},
};

/// Maximum number of entries that wait for the disk; further requests wait for room.
const MAX_QUEUED_ENTRIES: usize = 1_024;

/// Failure of the audit log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Reading or writing the file failed.
    #[error("audit_log {path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// Another process writes the file.
    #[error("audit_log {path} is in use by another dialbench", path = path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is not the one that was written.
    #[error(
        "audit_log {path} {became}; what changes something is refused until it is back, or until a restart begins another",
        path = path.display()
    )]
    Displaced {
        /// The file.
        path: PathBuf,
        /// What became of it: "was moved or removed".
        became: String,
    },
    /// An earlier write failed and could not be undone, or the writer has stopped.
    #[error("the audit log cannot be written any more; what changes something is refused until a restart")]
    Closed,
    /// The same failure that somebody else was told.
    #[error(transparent)]
    Again(Arc<AuditError>),
}

/// The audit trail, cheap to clone. One thread writes it.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Job>,
    reader: Arc<Reader>,
}

/// An audit log that was opened.
pub(crate) struct Opened {
    pub(crate) audit: Audit,
    /// Thread that ends once every [`Audit`] is dropped and everything is written.
    pub(crate) writer: JoinHandle<()>,
    /// Number of bytes of a last line that a crash had torn; they are cut off.
    pub(crate) torn_bytes: u64,
    /// The first damages that were found, those of its end among them.
    pub(crate) faults: Vec<Fault>,
    /// Entries that say of intentions of an earlier life of the program that their results are not known.
    pub(crate) unresolved: Vec<Entry>,
}

impl Audit {
    /// Opens the log, or makes a new one, and goes on with its chain. `anchors` are what is known of its end, beside the state
    /// file's.
    pub(crate) fn open(path: &Path, mut anchors: Vec<Anchor>) -> Result<Opened, AuditError> {
        let failed = |error| AuditError::Io { path: path.into(), error };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AuditError::InUse { path: path.into() }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let (state_file, state_fault) = match StateFile::open(path) {
            Ok((state_file, anchor)) => {
                anchors.extend(anchor);
                (state_file, None)
            }
            Err(error) => StateFile::renew(path, error)
                .map_err(|error| AuditError::Io { path: super::anchor::path_beside(path), error })?,
        };
        let mut scan = Scan::of(&mut file, &anchors).map_err(failed)?;
        let mut torn_bytes = scan.torn_bytes;
        if torn_bytes > 0 && scan.is_known_to_have_more {
            // A line that had been on disk whole is a damage, not the rest of a crash: it stays, and is named.
            file.write_all(b"\n").and_then(|()| file.sync_all()).map_err(failed)?;
            scan = Scan::of(&mut file, &anchors).map_err(failed)?;
            torn_bytes = 0;
        } else if torn_bytes > 0 {
            file.set_len(scan.length).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        sync_folder(path);
        scan.faults.extend(state_fault);
        let (queue, jobs) = mpsc::channel(MAX_QUEUED_ENTRIES);
        let written = Written { head: scan.head.clone(), length: scan.length, index: scan.index };
        let reader = Arc::new(Reader::new(path.into(), written));
        let writer = Writer {
            file,
            path: path.into(),
            state_file,
            head: scan.head,
            length: scan.length,
            reader: Arc::clone(&reader),
            is_broken: false,
            unwritten: Vec::new(),
        };
        let writer = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run(jobs))
            .map_err(failed)?;
        let audit = Self { queue, reader };
        Ok(Opened { audit, writer, torn_bytes, faults: scan.faults, unresolved: scan.unresolved })
    }

    /// Records that a change is intended, and returns once that is on disk. `detail` describes the request.
    pub(crate) async fn intend(
        &self,
        action: &'static str,
        correlation: &CorrelationId,
        detail: Value,
    ) -> Result<Intention, Arc<AuditError>> {
        Intention::record(self, action, correlation, detail).await
    }

    /// Records `entry` and returns its number once it is on disk.
    pub(crate) async fn record(&self, entry: Entry) -> Result<u64, Arc<AuditError>> {
        self.write(entry, false).await
    }

    /// Records a result and returns once it is on disk. Where it cannot be written now, it is once that is possible again.
    pub(super) async fn record_result(&self, entry: Entry) -> Result<(), Arc<AuditError>> {
        self.write(entry, true).await.map(drop)
    }

    async fn write(&self, entry: Entry, is_result: bool) -> Result<u64, Arc<AuditError>> {
        let (done, written) = oneshot::channel();
        let job = Job::Write(WriteJob { entry, is_result, done: Some(done) });
        self.queue.send(job).await.map_err(|_| Arc::new(AuditError::Closed))?;
        written.await.map_err(|_| Arc::new(AuditError::Closed))?
    }

    /// Records `entry` soon, without waiting for it.
    pub(crate) fn note(&self, entry: Entry) {
        self.write_soon(entry, false);
    }

    /// Records a result soon, without waiting for it.
    pub(super) fn note_result(&self, entry: Entry) {
        self.write_soon(entry, true);
    }

    fn write_soon(&self, entry: Entry, is_result: bool) {
        let action = entry.action.clone();
        if self.queue.try_send(Job::Write(WriteJob { entry, is_result, done: None })).is_err() {
            tracing::error!(%action, "the audit log is behind; an entry is lost");
        }
    }

    /// Looks whether the log is still the file that is written.
    pub(crate) async fn look(&self) -> Result<(), Arc<AuditError>> {
        let (done, looked) = oneshot::channel();
        self.queue.send(Job::Look(done)).await.map_err(|_| Arc::new(AuditError::Closed))?;
        looked.await.map_err(|_| Arc::new(AuditError::Closed))?
    }

    /// Returns the page of the trail that `query` selects.
    pub(crate) fn page(&self, query: AuditQuery) -> Page {
        Page::new(Arc::clone(&self.reader), query)
    }

    /// Returns the file and the length of what is on disk. Blocks on the disk.
    pub(crate) fn whole(&self) -> io::Result<(File, u64)> {
        self.reader.whole()
    }

    /// Checks the chain of all that is on disk. Blocks on the disk.
    pub(crate) fn verify(&self) -> io::Result<Verdict> {
        self.reader.verify()
    }

    /// Returns the newest entry's number and hash.
    pub(crate) fn head(&self) -> AuditHead {
        self.reader.head()
    }
}

/// Writes the folder of a new file, which is on disk for good only then. Not every system can do that; the data is synced
/// anyway.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod damages;
#[cfg(test)]
mod tests;
