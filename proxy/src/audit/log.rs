use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    thread::JoinHandle,
};

use shared::wire::{AuditEntry, AuditPage};
use tokio::sync::{mpsc, oneshot};

use super::{
    chain,
    verify::{Verdict, check_lines},
};
use crate::id::CorrelationId;

/// Entries that wait for the disk; more make their requests wait.
const WAITING: usize = 1_024;
/// Entries that share one fsync.
const GROUP: usize = 256;
/// Where every so many entries begin is kept in memory, so that a page of the trail is found without reading all of it.
const STRIDE: u64 = 128;

/// Something that was done.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) correlation: CorrelationId,
    /// `ok`, `refused` or `failed`.
    pub(crate) outcome: &'static str,
    /// Without secrets.
    pub(crate) detail: serde_json::Value,
}

/// Why the audit log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Reading or writing it failed.
    #[error("audit_log {path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process writes it.
    #[error("audit_log {path} is in use by another dialbench", path = path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// An earlier write failed and could not be undone, or the writer has stopped.
    #[error("the audit log cannot be written any more; what changes something is refused until a restart")]
    Closed,
}

/// The trail, cheap to clone. One thread writes it.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Job>,
    reader: Arc<Reader>,
}

struct Job {
    entry: Entry,
    done: Option<oneshot::Sender<Result<(), Arc<AuditError>>>>,
}

/// A log that was opened.
pub(crate) struct Opened {
    pub(crate) audit: Audit,
    /// Ends once every [`Audit`] is gone and all is written.
    pub(crate) writer: JoinHandle<()>,
    /// A last line that was torn by a crash had so many bytes; they are cut off.
    pub(crate) torn_bytes: u64,
    /// The first line that breaks the chain, where one does.
    pub(crate) broken_at: Option<u64>,
}

impl Audit {
    /// Opens or makes the log, and goes on with its chain.
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
        let torn_bytes = length - scan.end;
        if torn_bytes > 0 {
            file.set_len(scan.end).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        sync_folder(path);
        let reader = Arc::new(Reader {
            path: path.into(),
            state: RwLock::new(Written { seq: scan.seq, end: scan.end, index: scan.index }),
        });
        let (queue, jobs) = mpsc::channel(WAITING);
        let writer = Writer {
            file,
            path: path.into(),
            seq: scan.seq,
            prev: scan.hash,
            end: scan.end,
            reader: Arc::clone(&reader),
            broken: false,
        };
        let writer = std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || writer.run(jobs))
            .map_err(failed)?;
        Ok(Opened { audit: Self { queue, reader }, writer, torn_bytes, broken_at: scan.broken_at })
    }

    /// Records `entry`; returns once it is on disk.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), Arc<AuditError>> {
        let (done, written) = oneshot::channel();
        let job = Job { entry, done: Some(done) };
        self.queue.send(job).await.map_err(|_| Arc::new(AuditError::Closed))?;
        written.await.map_err(|_| Arc::new(AuditError::Closed))?
    }

    /// Records `entry` soon, for what nobody waits on.
    pub(crate) fn note(&self, entry: Entry) {
        let action = entry.action;
        if self.queue.try_send(Job { entry, done: None }).is_err() {
            tracing::error!(action, "the audit log is behind; an entry is lost");
        }
    }

    /// Up to `limit` entries after number `after`. Blocks on the disk.
    pub(crate) fn page(&self, after: u64, limit: usize) -> io::Result<AuditPage> {
        self.reader.page(after, limit)
    }

    /// Checks the chain of all that is on disk. Blocks on the disk.
    pub(crate) fn verify(&self) -> io::Result<Verdict> {
        self.reader.verify()
    }
}

struct Scan {
    seq: u64,
    hash: String,
    end: u64,
    index: Vec<u64>,
    broken_at: Option<u64>,
}

/// Reads the whole log: where it ends, where its entries are, and whether the chain holds.
fn scan(file: &mut File) -> io::Result<Scan> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let mut scan = Scan { seq: 0, hash: chain::GENESIS.into(), end: 0, index: Vec::new(), broken_at: None };
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(scan);
        }
        number += 1;
        let text = line.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok());
        let Some(text) = text else {
            if line.ends_with(b"\n") {
                scan.broken_at = scan.broken_at.or(Some(number));
                scan.end += read;
                continue;
            }
            return Ok(scan);
        };
        let checked =
            chain::read(text).and_then(|entry| chain::follows(&entry, scan.seq, &scan.hash).map(|()| entry));
        match checked {
            Ok(entry) => {
                if scan.seq.is_multiple_of(STRIDE) {
                    scan.index.push(scan.end);
                }
                scan.seq = entry.seq;
                scan.hash = entry.hash;
            }
            Err(_) => scan.broken_at = scan.broken_at.or(Some(number)),
        }
        scan.end += read;
    }
}

/// A new file is only there for good once its folder is written. Not every system can do that; the data is synced anyway.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

struct Writer {
    file: File,
    path: PathBuf,
    seq: u64,
    prev: String,
    end: u64,
    reader: Arc<Reader>,
    broken: bool,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP);
        // Everything that waits shares one fsync: under load the disk sets the group's size.
        while jobs.blocking_recv_many(&mut group, GROUP) > 0 {
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
        if self.broken {
            return Err(AuditError::Closed);
        }
        let (mut text, mut marks) = (String::new(), Vec::new());
        let (mut seq, mut prev) = (self.seq, self.prev.clone());
        for entry in entries {
            if seq.is_multiple_of(STRIDE) {
                marks.push(self.end + text.len() as u64);
            }
            seq += 1;
            let mut sealed = AuditEntry {
                seq,
                timestamp: format!("{:.3}", jiff::Timestamp::now()),
                action: entry.action.into(),
                correlation_id: entry.correlation.0,
                outcome: entry.outcome.into(),
                detail: entry.detail,
                prev,
                hash: String::new(),
            };
            text.push_str(&chain::seal(&mut sealed));
            prev = sealed.hash;
        }
        if let Err(error) = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data()) {
            // Half a group on disk would tear the chain; if it cannot be taken back, nothing more is written.
            self.broken = self.file.set_len(self.end).and_then(|()| self.file.sync_all()).is_err();
            return Err(AuditError::Io { path: self.path.clone(), error });
        }
        (self.seq, self.prev) = (seq, prev);
        self.end += text.len() as u64;
        let mut written = self.reader.state.write().unwrap_or_else(PoisonError::into_inner);
        written.seq = self.seq;
        written.end = self.end;
        written.index.extend(marks);
        Ok(())
    }
}

struct Reader {
    path: PathBuf,
    state: RwLock<Written>,
}

/// What is on disk for good.
struct Written {
    seq: u64,
    end: u64,
    /// Where entries 1, 1 + STRIDE, 1 + 2 · STRIDE … begin.
    index: Vec<u64>,
}

impl Reader {
    fn verify(&self) -> io::Result<Verdict> {
        // What is being written has no end yet.
        let end = self.state.read().unwrap_or_else(PoisonError::into_inner).end;
        check_lines(BufReader::new(io::Read::take(File::open(&self.path)?, end)))
    }

    fn page(&self, after: u64, limit: usize) -> io::Result<AuditPage> {
        let (last, end, start) = {
            let written = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let slot = usize::try_from(after / STRIDE).unwrap_or(usize::MAX);
            (written.seq, written.end, written.index.get(slot).copied())
        };
        let mut page = AuditPage { entries: Vec::new(), next_after: None, next_before: None };
        let Some(start) = start.filter(|_| after < last) else { return Ok(page) };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        let reader = BufReader::new(io::Read::take(file, end.saturating_sub(start)));
        for line in reader.lines() {
            // A line that somebody broke is `audit verify`'s to report.
            let Ok(entry) = serde_json::from_str::<AuditEntry>(&line?) else { continue };
            if entry.seq <= after {
                continue;
            }
            if page.entries.len() == limit {
                page.next_after = page.entries.last().map(|entry| entry.seq);
                break;
            }
            page.entries.push(entry);
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests;
