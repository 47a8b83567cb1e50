//! The system's limit on open files, of which every connection is one.

use crate::config::Tuning;

/// Number of descriptors for files, the database, and connections to CXone and the QA platform.
const OWN_DESCRIPTORS: usize = 160;

/// Raises the limit as far as the system lets the process, and returns the number of clients' connections for which there
/// are descriptors beside those of pages, calls and CXone; `None` where the system has no limit.
pub(super) fn room_for_connections(tuning: &Tuning) -> Option<usize> {
    Some(beside_own(usize::try_from(raised_limit()?).ok()?, tuning))
}

fn beside_own(limit: usize, tuning: &Tuning) -> usize {
    // A call has a socket on either side, and one more each where the stand-in is in the same process.
    let kept = tuning.max_pages + 4 * tuning.max_voice + OWN_DESCRIPTORS;
    limit.saturating_sub(kept).max(limit / 4)
}

#[cfg(unix)]
fn raised_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let before = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: before.maximum, ..before }) {
        Ok(()) => before.maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit on open files stays as it is");
            before.current
        }
    }
}

#[cfg(not(unix))]
fn raised_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_calls_and_cxone_keep_their_descriptors() {
        let tuning = Tuning { max_pages: 100, max_voice: 10, ..Tuning::default() };
        assert_eq!(beside_own(1_024, &tuning), 1_024 - 100 - 40 - OWN_DESCRIPTORS);
        assert_eq!(beside_own(200, &tuning), 50, "a small limit is shared");
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be() {
        let Some(limit) = raised_limit() else { return };
        assert_eq!(raised_limit(), Some(limit), "it cannot be raised further");
        assert!(room_for_connections(&Tuning::default()).is_some_and(|room| (room as u64) < limit));
    }
}
