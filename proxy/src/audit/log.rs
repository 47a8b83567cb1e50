use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use base::ids::CorrelationId;
use tokio::sync::{mpsc, oneshot};
use wire::api::{AuditEntry, AuditHead, AuditOutcome, AuditPage};

use super::{
    chain,
    reader::{AuditQuery, Index, Reader, Written},
    verify::Verdict,
};

/// Maximum number of entries that wait for the disk; further requests wait for room.
const MAX_QUEUED_ENTRIES: usize = 1_024;
/// Maximum number of entries that share one fsync.
const MAX_GROUP_ENTRIES: usize = 256;

/// A change to be recorded.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) correlation: CorrelationId,
    pub(crate) outcome: AuditOutcome,
    /// Everything else that is known of the change, without secrets.
    pub(crate) detail: serde_json::Value,
}

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
    /// An earlier write failed and could not be undone, or the writer has stopped.
    #[error("the audit log cannot be written any more; what changes something is refused until a restart")]
    Closed,
}

/// The audit trail, cheap to clone. One thread writes it.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Job>,
    reader: Arc<Reader>,
}

struct Job {
    entry: Entry,
    done: Option<oneshot::Sender<Result<(), Arc<AuditError>>>>,
}

/// An audit log that was opened.
pub(crate) struct Opened {
    pub(crate) audit: Audit,
    /// Thread that ends once every [`Audit`] is dropped and everything is written.
    pub(crate) writer: JoinHandle<()>,
    /// Number of bytes of a last line that a crash had torn; they are cut off.
    pub(crate) torn_bytes: u64,
    /// First line that breaks the chain, where one does.
    pub(crate) broken_at: Option<u64>,
}

impl Audit {
    /// Opens the log, or makes a new one, and goes on with its chain.
    pub(crate) fn open(path: &Path) -> Result<Opened, AuditError> {
        let failed = |error| AuditError::Io { path: path.into(), error };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AuditError::InUse { path: path.into() }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let scan = scan(&mut file).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let torn_bytes = length - scan.length;
        if torn_bytes > 0 {
            file.set_len(scan.length).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        sync_folder(path);
        let (queue, jobs) = mpsc::channel(MAX_QUEUED_ENTRIES);
        let written = Written { head: scan.head.clone(), length: scan.length, index: scan.index };
        let reader = Arc::new(Reader::new(path.into(), written));
        let writer = Writer {
            file,
            path: path.into(),
            head: scan.head,
            length: scan.length,
            reader: Arc::clone(&reader),
            is_broken: false,
        };
        let writer = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run(jobs))
            .map_err(failed)?;
        Ok(Opened { audit: Self { queue, reader }, writer, torn_bytes, broken_at: scan.broken_at })
    }

    /// Records `entry` and returns once it is on disk.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), Arc<AuditError>> {
        let (done, written) = oneshot::channel();
        let job = Job { entry, done: Some(done) };
        self.queue.send(job).await.map_err(|_| Arc::new(AuditError::Closed))?;
        written.await.map_err(|_| Arc::new(AuditError::Closed))?
    }

    /// Records `entry` soon, without waiting for it.
    pub(crate) fn note(&self, entry: Entry) {
        let action = entry.action;
        if self.queue.try_send(Job { entry, done: None }).is_err() {
            tracing::error!(action, "the audit log is behind; an entry is lost");
        }
    }

    /// Returns the entries that `query` selects. Blocks on the disk.
    pub(crate) fn page(&self, query: &AuditQuery) -> io::Result<AuditPage> {
        self.reader.page(query)
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

struct Scan {
    head: AuditHead,
    length: u64,
    index: Index,
    broken_at: Option<u64>,
}

/// Reads the whole log: its length, the places of its entries, and the first line that breaks the chain.
///
/// After such a line the chain goes on from the entry that the line holds, so that numbers stay unique.
fn scan(file: &mut File) -> io::Result<Scan> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let head = AuditHead { seq: 0, hash: chain::GENESIS.into() };
    let mut scan = Scan { head, length: 0, index: Index::default(), broken_at: None };
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)? as u64;
        number += 1;
        // A last line without an end was torn by a crash.
        let Some(line) = line.strip_suffix(b"\n") else { return Ok(scan) };
        let is_sound = str::from_utf8(line).is_ok_and(|text| scan.take(text));
        if !is_sound {
            scan.broken_at = scan.broken_at.or(Some(number));
        }
        scan.length += read;
    }
}

impl Scan {
    /// Takes a line; returns false where it breaks the chain.
    fn take(&mut self, line: &str) -> bool {
        let Ok(entry) = chain::parse(line) else { return false };
        let checked = chain::check_hash(line, &entry)
            .and_then(|()| chain::follows(&entry, self.head.seq, &self.head.hash));
        self.index.note(entry.seq, self.length);
        self.head = AuditHead { seq: self.head.seq.max(entry.seq), hash: entry.hash };
        checked.is_ok()
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

struct Writer {
    file: File,
    path: PathBuf,
    head: AuditHead,
    length: u64,
    reader: Arc<Reader>,
    /// True after a write that failed and could not be undone.
    is_broken: bool,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(MAX_GROUP_ENTRIES);
        // Everything that waits shares one fsync: under load the disk sets the group's size.
        while jobs.blocking_recv_many(&mut group, MAX_GROUP_ENTRIES) > 0 {
            let (entries, waiting): (Vec<_>, Vec<_>) =
                group.drain(..).map(|job| (job.entry, job.done)).unzip();
            let result = self.write(entries).map_err(Arc::new);
            if let Err(error) = &result {
                tracing::error!(%error, "the audit log");
            }
            for done in waiting.into_iter().flatten() {
                // A request that was given up waits no more.
                let _ = done.send(result.clone());
            }
        }
    }

    fn write(&mut self, entries: Vec<Entry>) -> Result<(), AuditError> {
        if self.is_broken {
            return Err(AuditError::Closed);
        }
        let (mut text, mut places) = (String::new(), Vec::new());
        let mut head = self.head.clone();
        for entry in entries {
            head.seq += 1;
            places.push((head.seq, self.length + text.len() as u64));
            let mut sealed = AuditEntry {
                seq: head.seq,
                timestamp: format!("{:.3}", jiff::Timestamp::now()),
                action: entry.action.into(),
                correlation_id: entry.correlation,
                outcome: entry.outcome,
                detail: entry.detail,
                prev: head.hash,
                hash: String::new(),
            };
            text.push_str(&chain::seal(&mut sealed));
            head.hash = sealed.hash;
        }
        if let Err(error) = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data()) {
            // Half a group on disk would tear the chain; if it cannot be taken back, nothing more is written.
            self.is_broken = self.file.set_len(self.length).and_then(|()| self.file.sync_all()).is_err();
            return Err(AuditError::Io { path: self.path.clone(), error });
        }
        self.head = head;
        self.length += text.len() as u64;
        self.reader.update(|written| {
            written.head = self.head.clone();
            written.length = self.length;
            for (seq, offset) in places {
                written.index.note(seq, offset);
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
