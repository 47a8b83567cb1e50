use std::{fs::File, io::Write as _, path::PathBuf, sync::Arc};

use tokio::sync::{mpsc, oneshot};
use wire::api::{AuditEntry, AuditHead};

use super::{
    anchor::StateFile,
    chain,
    detail::{Entry, bounded},
    log::AuditError,
    place,
    reader::Reader,
};

/// Maximum number of entries that share one fsync.
const MAX_GROUP_ENTRIES: usize = 256;
/// Maximum number of results that wait for a disk that takes them again.
const MAX_UNWRITTEN_RESULTS: usize = 1_024;

/// Request to the writer.
pub(super) enum Job {
    /// To write an entry.
    Write(WriteJob),
    /// To look whether the log is where it was.
    Look(oneshot::Sender<Result<(), Arc<AuditError>>>),
}

pub(super) struct WriteJob {
    pub(super) entry: Entry,
    /// True for a result, which is written later where it cannot be written now.
    pub(super) is_result: bool,
    /// Told the entry's number once it is on disk.
    pub(super) done: Option<oneshot::Sender<Result<u64, Arc<AuditError>>>>,
}

/// The one writer of a log.
pub(super) struct Writer {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) state_file: StateFile,
    pub(super) head: AuditHead,
    pub(super) length: u64,
    pub(super) reader: Arc<Reader>,
    /// True after a write that failed and could not be undone.
    pub(super) is_broken: bool,
    /// Results that could not be written yet, in order.
    pub(super) unwritten: Vec<Entry>,
}

impl Writer {
    /// Writes what comes until every sender is gone.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(MAX_GROUP_ENTRIES);
        // Everything that waits shares one fsync: under load the disk sets the group's size.
        while jobs.blocking_recv_many(&mut group, MAX_GROUP_ENTRIES) > 0 {
            let (mut writes, mut looks) = (Vec::new(), Vec::new());
            for job in group.drain(..) {
                match job {
                    Job::Write(write) => writes.push(write),
                    Job::Look(done) => looks.push(done),
                }
            }
            let looked = if writes.is_empty() { self.look() } else { self.write_group(writes) };
            let looked = looked.map_err(Arc::new);
            for done in looks {
                // Whoever asked may be gone.
                let _ = done.send(looked.clone());
            }
        }
        self.state_file.sync();
    }

    /// Writes a group of entries and tells those who wait.
    fn write_group(&mut self, writes: Vec<WriteJob>) -> Result<(), AuditError> {
        let late = self.unwritten.len();
        let (mut entries, mut waiting) = (std::mem::take(&mut self.unwritten), Vec::new());
        for WriteJob { entry, is_result, done } in writes {
            entries.push(entry);
            waiting.push((is_result, done));
        }
        let first = self.head.seq + 1 + late as u64;
        match self.write(&entries) {
            Ok(()) => {
                for (seq, done) in (first..).zip(waiting.into_iter().map(|(_, done)| done)) {
                    tell(done, Ok(seq));
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the audit log");
                let error = Arc::new(error);
                let told = waiting.into_iter().map(|(is_result, done)| {
                    tell(done, Err(Arc::clone(&error)));
                    is_result
                });
                // Those that waited before are all results.
                let are_kept: Vec<bool> = std::iter::repeat_n(true, late).chain(told).collect();
                for (entry, is_kept) in entries.into_iter().zip(are_kept) {
                    if is_kept && self.unwritten.len() < MAX_UNWRITTEN_RESULTS {
                        self.unwritten.push(entry);
                    } else if is_kept {
                        tracing::error!(action = %entry.action, "a result is lost: too many wait for the audit log");
                    }
                }
                Err(AuditError::Again(error))
            }
        }
    }

    fn look(&self) -> Result<(), AuditError> {
        if self.is_broken {
            return Err(AuditError::Closed);
        }
        place::check(&self.path, &self.file, self.length)
            .map_err(|became| AuditError::Displaced { path: self.path.clone(), became })
    }

    fn write(&mut self, entries: &[Entry]) -> Result<(), AuditError> {
        self.look()?;
        let (mut text, mut places) = (String::new(), Vec::new());
        let mut head = self.head.clone();
        for entry in entries {
            head.seq += 1;
            places.push((head.seq, self.length + text.len() as u64));
            let mut sealed = AuditEntry {
                seq: head.seq,
                timestamp: format!("{:.3}", jiff::Timestamp::now()),
                action: entry.action.clone().into_owned(),
                correlation_id: entry.correlation.clone(),
                outcome: entry.outcome,
                detail: bounded(entry.detail.clone()),
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
        // After the log itself: what is noted outside is never ahead of it.
        self.state_file.write(&self.head);
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

fn tell(done: Option<oneshot::Sender<Result<u64, Arc<AuditError>>>>, result: Result<u64, Arc<AuditError>>) {
    if let Some(done) = done {
        // A request that was given up waits no more.
        let _ = done.send(result);
    }
}
