//! State that survives a reload: the place in the event stream where this tab began to look, and the call it follows.

use serde::{Deserialize, Serialize};
use web_sys::Storage;

use super::event_clock::EventClock;
use crate::{js::local_storage, lock::Claim};

/// Key under which the tab keeps its history.
const STORAGE_KEY: &str = "dialbench.call";

/// A tab's history, kept in its session storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct History {
    /// The life of the server's ring that the offsets count in.
    pub(super) epoch: Option<String>,
    /// After this offset everything is replayed on a reload, so that page and menu machine are as they were.
    pub(super) since: u64,
    /// The last offset that was seen.
    pub(super) seen: u64,
    /// Up to this offset the log was cleared.
    pub(super) cleared: u64,
    /// The call that is followed.
    pub(super) call: Option<FollowedCall>,
    #[serde(default)]
    pub(super) clock: EventClock,
    /// The flow that was chosen for the next call.
    #[serde(default)]
    pub(super) chosen: Option<String>,
    /// The way to the call, where another tab may follow it.
    #[serde(default)]
    pub(super) claim: Claim,
}

/// A call that a reload comes back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FollowedCall {
    pub(super) interaction: String,
    pub(super) call: String,
    pub(super) flow: String,
    /// Time at which it was first followed, in microseconds of the page's clock.
    pub(super) since: u64,
}

/// An event's relation to those that were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is new.
    New,
    /// It was seen already.
    Seen,
}

impl History {
    pub(super) fn load() -> Self {
        storage().as_ref().and_then(read).unwrap_or_default()
    }

    /// Returns the history of the tab that follows a call.
    pub(super) fn shared() -> Option<Self> {
        read(&local_storage()?)
    }

    /// Lets the other tabs know the history of a call that this one follows, or that it is over.
    pub(super) fn share(history: Option<&Self>) {
        match history {
            Some(history) => history.write(local_storage()),
            // Without storage there is nothing to remove.
            None => {
                let _ = local_storage().map(|storage| storage.remove_item(STORAGE_KEY));
            }
        }
    }

    /// Returns the way to the call, which is good for once.
    pub(super) fn take_claim(&mut self) -> Claim {
        let claim = std::mem::take(&mut self.claim);
        self.save();
        claim
    }

    pub(super) fn save(&self) {
        self.write(storage());
    }

    fn write(&self, storage: Option<Storage>) {
        if let (Some(storage), Ok(text)) = (storage, serde_json::to_string(self)) {
            // Without room or permission a reload starts afresh, which is what it does without storage.
            let _ = storage.set_item(STORAGE_KEY, &text);
        }
    }

    /// Notes an event that came.
    pub(super) fn arrived(&mut self, epoch: &str, offset: u64) -> Arrival {
        if self.epoch.as_deref() != Some(epoch) {
            let before = offset.saturating_sub(1);
            *self = Self {
                epoch: Some(epoch.to_owned()),
                since: before,
                seen: before,
                cleared: 0,
                call: self.call.take(),
                clock: std::mem::take(&mut self.clock),
                chosen: self.chosen.take(),
                claim: self.claim,
            };
        }
        if offset <= self.seen {
            return Arrival::Seen;
        }
        self.seen = offset;
        Arrival::New
    }

    /// Marks everything that was seen as not to be replayed.
    pub(super) fn forget_the_past(&mut self) {
        self.since = self.seen;
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn read(storage: &Storage) -> Option<History> {
    serde_json::from_str(&storage.get_item(STORAGE_KEY).ok()??).ok()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn no_event_counts_twice_and_a_new_epoch_starts_afresh() {
        let mut history = History::default();
        assert_eq!(history.arrived("a", 5), Arrival::New);
        assert_eq!((history.since, history.seen), (4, 5));
        assert_eq!(history.arrived("a", 5), Arrival::Seen);
        assert_eq!(history.arrived("a", 7), Arrival::New);
        history.forget_the_past();
        assert_eq!(history.since, 7);
        assert_eq!(history.arrived("b", 1), Arrival::New);
        assert_eq!((history.epoch.as_deref(), history.since), (Some("b"), 0));
    }
}
