//! A QA platform to export to, for where no real one is configured.

use std::{collections::VecDeque, sync::Mutex};

use shared::wire::QaExport;

/// The newest exports, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Qa(Mutex<VecDeque<QaExport>>);

impl Qa {
    /// Keeps an export in the place of an earlier one of the same test.
    pub(crate) fn keep(&self, export: QaExport) {
        /// Maximum number of exports that are kept; the oldest is dropped first.
        const MAX_EXPORTS: usize = 1_000;
        let mut kept = self.0.lock().expect("no holder panics");
        kept.retain(|known| known.test_id != export.test_id);
        kept.push_back(export);
        if kept.len() > MAX_EXPORTS {
            kept.pop_front();
        }
    }

    /// Returns the kept exports, oldest first.
    pub(crate) fn all(&self) -> VecDeque<QaExport> {
        self.0.lock().expect("no holder panics").clone()
    }
}
