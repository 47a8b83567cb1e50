//! The runs in the browser's storage: one key each, so that several tabs do not undo each other.

use leptos::prelude::{ArcRwSignal, window};
use web_sys::Storage;

use super::record::{Outcome, Record, Run, RunId};

const PREFIX: &str = "dialbench.flow.run.";
/// More runs than this are not kept: a trace has up to 200 steps, and the storage 5 MB.
const MOST: usize = 200;

/// The runs that were kept, newest first.
pub(in crate::flow) fn load() -> Vec<Run> {
    let Some(storage) = storage() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    let keys = (0..count).filter_map(|index| storage.key(index).ok().flatten());
    let mut ids: Vec<RunId> = keys.filter_map(|key| key.strip_prefix(PREFIX)?.parse().ok()).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    for id in ids.split_off(ids.len().min(MOST)) {
        forget(id);
    }
    ids.into_iter().filter_map(|id| Some(run(id, read(&storage, id)?))).collect()
}

pub(super) fn run(id: RunId, record: Record) -> Run {
    Run { id, record: ArcRwSignal::new(record), progress: ArcRwSignal::new(None) }
}

fn read(storage: &Storage, id: RunId) -> Option<Record> {
    let text = storage.get_item(&format!("{PREFIX}{id}")).ok().flatten()?;
    let mut record: Record = serde_json::from_str(&text).ok()?;
    if record.outcome.is_none() && record.simulation_id.is_none() {
        let detail = "The page was left before CXone had answered.".into();
        record.outcome = Some(Outcome::Unsure { detail });
    }
    Some(record)
}

/// Keeps a run; whether there was room.
pub(super) fn keep(id: RunId, record: &Record) -> bool {
    let text = serde_json::to_string(record).expect("a record has string keys only");
    storage().is_some_and(|storage| storage.set_item(&format!("{PREFIX}{id}"), &text).is_ok())
}

pub(super) fn forget(id: RunId) {
    if let Some(storage) = storage() {
        // What cannot be removed was not kept.
        let _ = storage.remove_item(&format!("{PREFIX}{id}"));
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
