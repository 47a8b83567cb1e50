//! A stand-in for a QA platform, for setups without one.

use std::{collections::VecDeque, sync::Mutex};

use wire::api::QaExport;

/// The test results that were exported last, oldest first.
#[derive(Debug, Default)]
pub(crate) struct QaExports(Mutex<VecDeque<QaExport>>);

impl QaExports {
    /// Stores an export, in the place of an earlier one of the same test.
    pub(crate) fn store(&self, export: QaExport) {
        /// Maximum number of exports that are stored; the oldest is dropped first.
        const MAX_EXPORTS: usize = 1_000;
        let mut stored = self.0.lock().expect("no holder panics");
        stored.retain(|known| known.test_id != export.test_id);
        stored.push_back(export);
        if stored.len() > MAX_EXPORTS {
            stored.pop_front();
        }
    }

    /// Returns the stored exports, oldest first.
    pub(crate) fn all(&self) -> VecDeque<QaExport> {
        self.0.lock().expect("no holder panics").clone()
    }
}
