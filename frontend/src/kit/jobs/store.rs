//! Jobs in the browser's storage: one key each, so that several tabs do not undo each other.

use super::{
    PanelJob,
    record::{JobEntry, JobId, Record},
};
use crate::js::local_storage;

/// Maximum number of jobs that are kept: a trace has up to 200 steps, and the storage 5 MB.
const MAX_KEPT: usize = 200;
/// End of the key under which it is kept how many jobs run at once.
const MAX_RUNNING_KEY: &str = "at-once";

/// Returns the jobs that were kept, newest first. What waits to be submitted is never left out.
pub(crate) fn load<J: PanelJob>() -> Vec<JobEntry<J>> {
    let Some(storage) = local_storage() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    let keys = (0..count).filter_map(|index| storage.key(index).ok().flatten());
    let mut ids: Vec<JobId> = keys.filter_map(|key| id::<J>(&key)).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let mut jobs = Vec::new();
    for id in ids {
        match read::<J>(id) {
            Some(record) if jobs.len() < MAX_KEPT || record.outcome.is_none() => {
                jobs.push(JobEntry::new(id, record));
            }
            Some(_) => forget::<J>(id),
            None => {}
        }
    }
    jobs
}

/// Returns what is kept of a job.
pub(super) fn read<J: PanelJob>(id: JobId) -> Option<Record<J>> {
    serde_json::from_str(&local_storage()?.get_item(&key::<J>(id)).ok().flatten()?).ok()
}

/// Keeps a job; returns true when there was room.
pub(super) fn keep<J: PanelJob>(id: JobId, record: &Record<J>) -> bool {
    let text = serde_json::to_string(record).expect("a record has string keys only");
    local_storage().is_some_and(|storage| storage.set_item(&key::<J>(id), &text).is_ok())
}

pub(super) fn forget<J: PanelJob>(id: JobId) {
    if let Some(storage) = local_storage() {
        // What cannot be removed was not kept.
        let _ = storage.remove_item(&key::<J>(id));
    }
}

/// Returns the job that is kept under `key`.
pub(super) fn id<J: PanelJob>(key: &str) -> Option<JobId> {
    key.strip_prefix(J::STORAGE_PREFIX)?.parse().ok()
}

/// Returns how many jobs run at once by the user's setting.
pub(super) fn max_running<J: PanelJob>() -> usize {
    let kept = local_storage().and_then(|storage| storage.get_item(&max_running_key::<J>()).ok().flatten());
    kept.and_then(|text| text.parse().ok()).filter(|most| *most > 0).unwrap_or(J::DEFAULT_MAX_RUNNING)
}

pub(super) fn keep_max_running<J: PanelJob>(max_running: usize) {
    if let Some(storage) = local_storage() {
        // Without room it holds for this page.
        let _ = storage.set_item(&max_running_key::<J>(), &max_running.to_string());
    }
}

/// Returns the key under which a job is kept. It is also the name of the lock that the tab holds which sees it through.
pub(super) fn key<J: PanelJob>(id: JobId) -> String {
    format!("{}{id}", J::STORAGE_PREFIX)
}

fn max_running_key<J: PanelJob>() -> String {
    format!("{}{MAX_RUNNING_KEY}", J::STORAGE_PREFIX)
}
